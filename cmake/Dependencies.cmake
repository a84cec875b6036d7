# The libraries, all from the distribution (packages.txt names them). Without one of the first group nothing
# can be built, and all that are missing are told at once; an engine whose library is missing is left out and
# listed as unavailable.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
find_package(fmt QUIET)
find_package(nlohmann_json QUIET)
find_package(CLI11 QUIET)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h)

set(missing_packages "")
foreach(pair PKG_CONFIG_FOUND:pkgconf fmt_FOUND:libfmt-dev nlohmann_json_FOUND:nlohmann-json3-dev CLI11_FOUND:libcli11-dev
        TOMLPLUSPLUS_INCLUDE:libtomlplusplus-dev)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 found)
  list(GET pair 1 package)
  if(NOT ${found})
    string(APPEND missing_packages " ${package}")
  endif()
endforeach()
if(missing_packages)
  message(FATAL_ERROR "Libraries are missing; this installs them: apt-get install${missing_packages}")
endif()

add_library(dictbench_tomlplusplus INTERFACE)
target_include_directories(dictbench_tomlplusplus SYSTEM INTERFACE ${TOMLPLUSPLUS_INCLUDE})

find_package(absl QUIET)
# CONFIG: Boost's own description; CMake's module for Boost is gone from 3.30 on.
find_package(Boost 1.74 QUIET CONFIG)
find_package(libcuckoo QUIET CONFIG)
find_package(TBB QUIET CONFIG)
find_package(benchmark QUIET)
find_package(GTest QUIET)

# Libraries known by pkg-config become targets dictbench::NAME.
foreach(pair hiredis:hiredis libmemcached:libmemcached sqlite:sqlite3 lmdb:lmdb xxhash:libxxhash)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 module)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  if(TARGET PkgConfig::${name})
    add_library(dictbench::${name} ALIAS PkgConfig::${name})
  endif()
endforeach()
