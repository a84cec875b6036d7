# Copies SOURCE to OUTPUT with the text FIND, which must be there once, replaced by REPLACE.
file(READ "${SOURCE}" text)
string(FIND "${text}" "${FIND}" first)
string(FIND "${text}" "${FIND}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
  message(FATAL_ERROR "${SOURCE}: not there once: ${FIND}\nThe mutant (tests/engines/lockfree/explorer/CMakeLists.txt) must follow the source")
endif()
string(REPLACE "${FIND}" "${REPLACE}" text "${text}")
file(WRITE "${OUTPUT}" "${text}")
