# What keeps a build from nothing short: it is most of what CI waits for.

# The headers that nearly every file includes, compiled once for libraries and once, with GoogleTest, for tests. They are a
# third of a file's compile time. A compiler cache cannot see into them, so with one they are left out.
set(DICTBENCH_PRECOMPILE ON)
if(CMAKE_CXX_COMPILER_LAUNCHER OR DICTBENCH_SANITIZE OR DICTBENCH_FUZZ)
  set(DICTBENCH_PRECOMPILE OFF)
endif()
set(COMMON_HEADERS <fmt/format.h> <algorithm> <array> <atomic> <chrono> <cstring> <filesystem> <fstream> <functional> <map>
    <memory> <optional> <random> <span> <stdexcept> <string> <string_view> <thread> <unordered_map> <utility> <vector>)

# dictbench_precompiled_headers(NAME LIBRARIES ... HEADERS ...): the target whose headers others reuse.
function(dictbench_precompiled_headers name)
  cmake_parse_arguments(HEADERS "" "" "LIBRARIES;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc CONTENT "// Only its headers matter.\n")
  add_library(${name} STATIC ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE ${HEADERS_LIBRARIES})
  target_precompile_headers(${name} PRIVATE ${HEADERS_HEADERS})
endfunction()

if(DICTBENCH_PRECOMPILE)
  dictbench_precompiled_headers(dictbench_library_headers LIBRARIES dictbench_options fmt::fmt Threads::Threads HEADERS ${COMMON_HEADERS})
  dictbench_precompiled_headers(dictbench_json_headers LIBRARIES dictbench_options fmt::fmt nlohmann_json::nlohmann_json
    HEADERS ${COMMON_HEADERS} <nlohmann/json.hpp>)
  if(TARGET GTest::gmock)
    dictbench_precompiled_headers(dictbench_test_headers LIBRARIES dictbench_options fmt::fmt GTest::gmock
      HEADERS ${COMMON_HEADERS} <gtest/gtest.h> <gmock/gmock.h>)
    # As executables are compiled; headers must be compiled alike.
    set_target_properties(dictbench_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(dictbench_test_headers PRIVATE -fPIE)
  endif()
endif()

# dictbench_reuse_headers(TARGET NAME): compile TARGET with the headers of NAME.
function(dictbench_reuse_headers target name)
  if(DICTBENCH_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

# dictbench_unmeasured(TARGET): no clock runs in this code, and half of its compile time was -O3. With -O1, g++ 12 takes an
# empty std::optional for an uninitialised one.
function(dictbench_unmeasured target)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${target} PRIVATE -O1 -Wno-maybe-uninitialized)
  endif()
endfunction()
