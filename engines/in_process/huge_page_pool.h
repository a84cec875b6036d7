// Memory in 2 MB pages for the tables in a process's own memory, whatever /sys/kernel/mm/transparent_hugepage/enabled
// says: what engines in shared memory get for theirs, so that tables are compared and not page sizes.
//
// Blocks of up to 4 MB are carved out of 2 MB pages in size classes (at most 12.5 % larger than asked for), and a block
// given back serves its class again. Each thread keeps some free blocks of its own, so the common case takes no lock.
// Larger arrays have a mapping of their own, which goes back to the system. Any thread. A forked child has a copy.
#pragma once

#include <cstddef>

namespace dictbench {

// Throws std::bad_alloc. Blocks are aligned to 16 bytes; those of a multiple of 64 bytes, up to 1 KiB, to 64.
void* take_pooled(std::size_t bytes);
void give_pooled(void* block, std::size_t bytes) noexcept;

// The engine fact `pages` of who lives in private memory: "2 MB", or "4 KB" and why. Tried once a process.
const char* private_pages();

// The allocator of containers and strings that live there.
template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as allocators do

  T* allocate(std::size_t count) { return static_cast<T*>(take_pooled(count * sizeof(T))); }
  void deallocate(T* array, std::size_t count) noexcept { give_pooled(array, count * sizeof(T)); }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static_assert(alignof(T) <= 16 || (alignof(T) == 64 && sizeof(T) % 64 == 0));
};

}  // namespace dictbench
