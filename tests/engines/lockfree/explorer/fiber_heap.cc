#include "tests/engines/lockfree/explorer/fiber_heap.h"

#include <cstdlib>
#include <new>

namespace dictbench::explorer {
namespace {

constexpr std::size_t kBytes = 16 << 20;
alignas(64) char region[kBytes];
std::size_t used = 0;

}  // namespace

void FiberHeap::clear() noexcept { used = 0; }

void* FiberHeap::allocate(std::size_t bytes) noexcept {
  const std::size_t rounded = (bytes + 15) / 16 * 16;
  if (rounded > kBytes - used) return nullptr;
  void* const memory = region + used;
  used += rounded;
  return memory;
}

bool FiberHeap::owns(const void* memory) noexcept { return memory >= region && memory < region + kBytes; }

}  // namespace dictbench::explorer

using dictbench::explorer::FiberHeap;

void* operator new(std::size_t bytes) {
  void* const memory = FiberHeap::in_use() ? FiberHeap::allocate(bytes) : std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept {
  if (!FiberHeap::owns(memory)) std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
