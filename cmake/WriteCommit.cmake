# Run at every build: writes ${OUTPUT} with the checkout's commit, only when it changed.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
execute_process(COMMAND git status --porcelain --untracked-files=no WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE changes ERROR_QUIET)
if(failed)
  set(commit "unknown")
endif()
if(changes)
  set(dirty true)
else()
  set(dirty false)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "// Generated at every build.
#pragma once
inline constexpr char kCommit[] = \"@commit@\";
inline constexpr bool kDirty = @dirty@;
" @ONLY)
