# `dictbench_options`: warnings and sanitizers for our own code, as an interface library.
option(DICTBENCH_WERROR "Treat warnings as errors (CI does)" OFF)
set(DICTBENCH_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them: address,undefined or thread")

option(DICTBENCH_FUZZ "Build the fuzz targets (clang only)" OFF)
if(DICTBENCH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_library(dictbench_options INTERFACE)
target_compile_options(dictbench_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
# hiredis asks for this of who uses it; precompiled headers want all to agree. On 64-bit machines it changes nothing.
target_compile_definitions(dictbench_options INTERFACE _FILE_OFFSET_BITS=64)
if(DICTBENCH_WERROR)
  target_compile_options(dictbench_options INTERFACE -Werror)
endif()
if(DICTBENCH_SANITIZE)
  # Undefined behaviour ends the program, so that its test fails.
  add_compile_options(-fsanitize=${DICTBENCH_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DICTBENCH_SANITIZE})
  # Abseil from 2023 on lays its tables out differently in translation units with AddressSanitizer; the
  # distribution's library was built without. This keeps ours as it is there.
  add_compile_definitions(NDEBUG_SANITIZER)
endif()
