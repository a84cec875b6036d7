// The heap of fibers. A killed fiber never runs again, so what it has allocated would leak: while a fiber runs,
// operator new takes from a region that is emptied as a whole before the next execution (fiber_heap.cc replaces the
// global operator new of the test program). What lives longer is allocated under a Pause.
#pragma once

#include <cstddef>

namespace dictbench::explorer {

class FiberHeap {
 public:
  static void use(bool on) noexcept { on_ = on; }
  static bool in_use() noexcept { return on_; }
  static void clear() noexcept;

  class Pause {
   public:
    Pause() noexcept : before_(on_) { on_ = false; }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() { on_ = before_; }

   private:
    bool before_;
  };

  static void* allocate(std::size_t bytes) noexcept;  // null: full
  static bool owns(const void* memory) noexcept;

 private:
  static inline bool on_ = false;
};

}  // namespace dictbench::explorer
