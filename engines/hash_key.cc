#include "engines/hash_key.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "engines/error.h"

namespace dictbench {

HashKey HashKey::random() {
  HashKey key;
  ssize_t got = 0;
  do {
    got = getrandom(&key, sizeof key, 0);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof key)
    throw Error(ErrorCode::unavailable, std::string("no random numbers from the kernel: ") + std::strerror(errno));
  return key;
}

}  // namespace dictbench
