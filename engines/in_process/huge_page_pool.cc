#include "engines/in_process/huge_page_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1
#endif

namespace dictbench {
namespace {

constexpr std::size_t kHugePageBytes = 2 << 20;
constexpr std::size_t kStep = 16, kSmall = 1024;  // classes of every 16 bytes up to here, then eight to a doubling
constexpr std::size_t kLargest = 4 << 20;
constexpr unsigned kSmallClasses = kSmall / kStep;
constexpr unsigned kClasses = kSmallClasses + 1 + 12 * 8;  // 1 KiB to 4 MiB are twelve doublings
constexpr std::size_t kSpan = 32 << 10;                    // carved at once, or one block where that is more
constexpr std::size_t kRegion = 64 << 20;                  // of address space

unsigned class_of(std::size_t bytes) {
  if (bytes <= kSmall) return static_cast<unsigned>((std::max<std::size_t>(bytes, 1) + kStep - 1) / kStep);
  const auto doubling = static_cast<unsigned>(std::bit_width(bytes - 1)) - 11;  // 0: (1 KiB, 2 KiB]
  const std::size_t base = kSmall << doubling, step = base / 8;
  return kSmallClasses + doubling * 8 + static_cast<unsigned>((bytes - base + step - 1) / step);
}

std::size_t bytes_of(unsigned number) {
  if (number <= kSmallClasses) return number * kStep;
  const unsigned beyond = number - kSmallClasses - 1;
  const std::size_t base = kSmall << beyond / 8;
  return base + (beyond % 8 + 1) * (base / 8);
}

struct Block {
  Block* next;
};

// The touch brings a 2 MB page at once where the system gives them on request; else it is what there is to collapse.
bool make_private_huge_page(char* at) noexcept {
  madvise(at, kHugePageBytes, MADV_HUGEPAGE);
  *static_cast<volatile char*>(at) = 0;
  return madvise(at, kHugePageBytes, MADV_COLLAPSE) == 0;
}

// So many bytes on a 2 MB boundary, or null.
char* map_aligned(std::size_t bytes) noexcept {
  const std::size_t room = bytes + kHugePageBytes;
  void* const space = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return nullptr;
  const auto begin = reinterpret_cast<std::uintptr_t>(space);
  const std::uintptr_t aligned = (begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  if (aligned > begin) munmap(space, aligned - begin);
  munmap(reinterpret_cast<void*>(aligned + bytes), begin + room - (aligned + bytes));
  return reinterpret_cast<char*>(aligned);
}

std::size_t small_pages(std::size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

class Pool {
 public:
  // A chain of blocks: those of one span, or all that threads have left.
  Block* refill(unsigned number) {
    const std::lock_guard guard(mutex_);
    if (Block* const left = std::exchange(left_[number], nullptr); left != nullptr) return left;
    const std::size_t size = bytes_of(number), count = std::max<std::size_t>(kSpan / size, 1);
    char* const span = carve((count * size + 63) / 64 * 64);
    Block* chain = nullptr;
    for (std::size_t i = count; i-- > 0;) chain = new (span + i * size) Block{chain};
    return chain;
  }

  void leave(unsigned number, Block* chain) noexcept {
    if (chain == nullptr) return;
    const std::lock_guard guard(mutex_);
    Block* last = chain;
    while (last->next != nullptr) last = last->next;
    last->next = left_[number];
    left_[number] = chain;
  }

 private:
  char* carve(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(end_ - next_)) {
      next_ = map_aligned(kRegion);
      if (next_ == nullptr) {
        end_ = nullptr;
        throw std::bad_alloc();
      }
      end_ = next_ + kRegion;
      huge_until_ = next_;
    }
    char* const span = next_;
    next_ += bytes;
    for (; huge_until_ < next_; huge_until_ += kHugePageBytes) make_private_huge_page(huge_until_);
    return span;
  }

  std::mutex mutex_;
  char *next_ = nullptr, *end_ = nullptr, *huge_until_ = nullptr;
  std::array<Block*, kClasses> left_{};
};

// Never destroyed: tables of static life may outlast it.
Pool& pool() {
  static Pool* const only = new Pool;
  return *only;
}

thread_local bool thread_is_ending = false;

struct ThreadBlocks {
  std::array<Block*, kClasses> free{};
  ~ThreadBlocks() {
    thread_is_ending = true;
    for (unsigned i = 0; i < kClasses; ++i) pool().leave(i, free[i]);
  }
};
thread_local ThreadBlocks thread_blocks;

}  // namespace

void* take_pooled(std::size_t bytes) {
  if (bytes > kLargest) {
    char* const array = map_aligned(small_pages(bytes));
    if (array == nullptr) throw std::bad_alloc();
    // Not the rest behind the last whole page, which would take 2 MB.
    for (std::size_t at = 0; at + kHugePageBytes <= bytes; at += kHugePageBytes) make_private_huge_page(array + at);
    return array;
  }
  const unsigned number = class_of(bytes);
  if (thread_is_ending) [[unlikely]] {
    Block* const chain = pool().refill(number);
    pool().leave(number, chain->next);
    return chain;
  }
  Block*& free = thread_blocks.free[number];
  if (free == nullptr) [[unlikely]]
    free = pool().refill(number);
  return std::exchange(free, free->next);
}

void give_pooled(void* block, std::size_t bytes) noexcept {
  if (bytes > kLargest) {
    munmap(block, small_pages(bytes));
    return;
  }
  const unsigned number = class_of(bytes);
  if (thread_is_ending) [[unlikely]] {
    pool().leave(number, new (block) Block{nullptr});
    return;
  }
  Block*& free = thread_blocks.free[number];
  free = new (block) Block{free};
}

const char* private_pages() {
  static const bool granted = [] {
    char* const page = map_aligned(kHugePageBytes);
    const bool made = page != nullptr && make_private_huge_page(page);
    if (page != nullptr) munmap(page, kHugePageBytes);
    return made;
  }();
  return granted ? "2 MB" : "4 KB: no 2 MB page was granted";
}

}  // namespace dictbench
