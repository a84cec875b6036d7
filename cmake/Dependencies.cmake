# The libraries, all from the distribution (packages.txt names them). The first group is needed for
# anything at all; an engine whose library is missing is left out and listed as unavailable.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
add_library(dictbench_tomlplusplus INTERFACE)
target_include_directories(dictbench_tomlplusplus SYSTEM INTERFACE ${TOMLPLUSPLUS_INCLUDE})

find_package(absl QUIET)
find_package(Boost 1.74 QUIET)
find_package(benchmark QUIET)
find_package(GTest QUIET)

# Libraries known by pkg-config become targets dictbench::NAME.
foreach(pair hiredis:hiredis libmemcached:libmemcached sqlite:sqlite3 lmdb:lmdb)
  string(REPLACE ":" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 module)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  if(TARGET PkgConfig::${name})
    add_library(dictbench::${name} ALIAS PkgConfig::${name})
  endif()
endforeach()
