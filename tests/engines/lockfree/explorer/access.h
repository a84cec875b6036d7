// What the instrumented atomics (atomic.h) tell the explorer: each access to shared memory, just before it happens.
#pragma once

#include <cstdint>

namespace dictbench::explorer {

enum class Access : std::uint8_t { read, write, update };  // update: read-modify-write, also one that changes nothing

class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_access(const void* address, Access access) noexcept = 0;
};

// The one who watches now; nobody: accesses are plain. One thread only.
inline Watcher* watcher = nullptr;

inline void watch(const void* address, Access access) noexcept {
  if (watcher != nullptr) watcher->on_access(address, access);
}

}  // namespace dictbench::explorer
