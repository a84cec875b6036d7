# `cmake --install build --prefix P` and the Debian package (`cpack -G DEB`): the commands, their data, the pages, the
# headers for plugins, completion and the manual page. The installed command finds its data beside itself (harness/installation.h), so the
# prefix may be moved as a whole.
include(GNUInstallDirs)
# Installing takes what is built: tests need not be.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(DATA_FOLDER ${CMAKE_INSTALL_DATADIR}/dictbench)
set(PAGES_FOLDER ${CMAKE_INSTALL_DATADIR}/doc/dictbench)

install(TARGETS dictbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(TARGET dictbench_micro)
  install(TARGETS dictbench_micro RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} OPTIONAL)
endif()
# `dictbench torture` hands over to it; nobody calls it.
install(TARGETS dictbench_crash_points RUNTIME DESTINATION libexec/dictbench)

# What a plugin is compiled against (docs/adding-an-engine.md). It links against nothing, so headers are all there is.
include(CMakePackageConfigHelpers)
file(GLOB INTERFACE_HEADERS RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS engines/*.h engines/shm/*.h)
foreach(header IN LISTS INTERFACE_HEADERS)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dictbench/${folder})
endforeach()
set(PACKAGE_FOLDER ${CMAKE_INSTALL_DATADIR}/cmake/dictbench)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/dictbenchConfig.cmake.in
  ${PROJECT_BINARY_DIR}/generated/dictbenchConfig.cmake INSTALL_DESTINATION ${PACKAGE_FOLDER}
  PATH_VARS CMAKE_INSTALL_BINDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/dictbenchConfigVersion.cmake
  COMPATIBILITY ExactVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/dictbenchConfig.cmake
  ${PROJECT_BINARY_DIR}/generated/dictbenchConfigVersion.cmake DESTINATION ${PACKAGE_FOLDER})

install(DIRECTORY workloads/ DESTINATION ${DATA_FOLDER}/workloads FILES_MATCHING PATTERN "*.toml")
install(DIRECTORY results/published/ DESTINATION ${DATA_FOLDER}/published FILES_MATCHING PATTERN "*.json")
install(DIRECTORY results/hosts/ DESTINATION ${DATA_FOLDER}/hosts FILES_MATCHING PATTERN "*.jsonl")
install(DIRECTORY plots/ DESTINATION ${DATA_FOLDER}/plots
  FILES_MATCHING PATTERN "*.py" PATTERN "*.html" PATTERN "*.css" PATTERN "*.js" PATTERN "__pycache__" EXCLUDE)
install(FILES README.md DESTINATION ${PAGES_FOLDER})
install(DIRECTORY docs/ DESTINATION ${PAGES_FOLDER}/docs)

# Debian's policy asks for both under these names.
install(FILES LICENSE DESTINATION ${PAGES_FOLDER} RENAME copyright)
string(TIMESTAMP TODAY "%a, %d %b %Y 00:00:00 +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${PROJECT_BINARY_DIR}/generated/changelog @ONLY)

# Completion and manual page are printed by the command itself, so that they tell of no option that it does not have.
install(CODE [[
  set(prefix "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
  function(dictbench_print folder file)
    file(MAKE_DIRECTORY "${prefix}/${folder}")
    execute_process(COMMAND "$<TARGET_FILE:dictbench>" ${ARGN} RESULT_VARIABLE result
      OUTPUT_FILE "${prefix}/${folder}/${file}")
    if(result)
      message(FATAL_ERROR "dictbench ${ARGN} ended with ${result}")
    endif()
    message(STATUS "Installing: ${prefix}/${folder}/${file}")
  endfunction()
  dictbench_print(share/bash-completion/completions dictbench completion bash)
  dictbench_print(share/zsh/vendor-completions _dictbench completion zsh)
  dictbench_print(share/fish/vendor_completions.d dictbench.fish completion fish)
  dictbench_print(share/man/man1 dictbench.1 manual)
  file(WRITE "${prefix}/share/man/man1/dictbench_micro.1" ".so man1/dictbench.1\n")
  file(COPY_FILE "$<TARGET_PROPERTY:dictbench,BINARY_DIR>/../generated/changelog" "${prefix}/share/doc/dictbench/changelog")
  execute_process(COMMAND gzip -9nf "${prefix}/share/man/man1/dictbench.1"
    "${prefix}/share/man/man1/dictbench_micro.1" "${prefix}/share/doc/dictbench/changelog"
    COMMAND_ERROR_IS_FATAL ANY)
]])

# The Debian package. Libraries become dependencies by dpkg-shlibdeps; servers are programs that dictbench starts.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dictbench)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "dictbench maintainers <dictbench@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "benchmark of dictionaries shared between processes")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Which shared dictionary should my processes use on this machine? dictbench
puts shared dictionaries behind one interface, lets real processes work on
one of them at once, and reports speed, latency, memory, context switches,
and whether the dictionary was right. One that loses data gets no speed.

It measures tables in shared memory, Boost.Interprocess, Redis, memcached,
SQLite and LMDB, and chooses among them by what is needed.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
  "redis-server | valkey-server, memcached, python3-matplotlib, python3-jinja2")
include(CPack)
