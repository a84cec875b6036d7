// An allocator whose arrays of several megabytes lie in 2 MB pages where the system gives them on request
// (/sys/kernel/mm/transparent_hugepage/enabled: madvise or always).
//
// For tables of hash maps: of two random accesses in 128 MB of 4 KB pages, one is for the address translation, and
// filling them takes a page fault for every 4 KB. Smaller arrays come from operator new. Any thread.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace dictbench {

template <typename T>
class HugePageAllocator {
 public:
  using value_type = T;

  HugePageAllocator() = default;
  template <typename U>
  HugePageAllocator(const HugePageAllocator<U>&) noexcept {}  // NOLINT(google-explicit-constructor): as allocators do

  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLeast) return static_cast<T*>(::operator new(bytes));
    const std::size_t room = bytes + kPage;
    void* const space = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (space == MAP_FAILED) throw std::bad_alloc();
    // Given back around the aligned part: deallocate() knows its beginning and length only.
    const auto begin = reinterpret_cast<std::uintptr_t>(space);
    const std::uintptr_t aligned = (begin + kPage - 1) / kPage * kPage, end = small_pages(aligned + bytes);
    if (aligned > begin) munmap(space, aligned - begin);
    if (begin + room > end) munmap(reinterpret_cast<void*>(end), begin + room - end);
    // Not the rest behind the last whole page, which would take 2 MB.
    madvise(reinterpret_cast<void*>(aligned), bytes / kPage * kPage, MADV_HUGEPAGE);
    return reinterpret_cast<T*>(aligned);
  }

  void deallocate(T* array, std::size_t count) noexcept {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kLeast)
      ::operator delete(array);
    else
      munmap(array, small_pages(bytes));
  }

  friend bool operator==(const HugePageAllocator&, const HugePageAllocator&) { return true; }

 private:
  static constexpr std::size_t kPage = 2 << 20, kLeast = 2 * kPage;
  static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);

  static std::size_t small_pages(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }
};

}  // namespace dictbench
