#include "tests/engines/lockfree/explorer/memory.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tests/engines/lockfree/explorer/fiber_heap.h"

namespace dictbench::explorer {

Memory::Memory(char* base, std::uint64_t bytes, std::uint64_t used)
    : base_(base), lines_(bytes / kLine), words_(bytes / 8), start_(base, used) {
  saved_.reserve(4096);
}

void Memory::save(std::uint64_t line) {
  const FiberHeap::Pause pause;
  lines_[line] = execution_;
  Saved& saved = saved_.emplace_back();
  saved.line = line;
  std::memcpy(saved.bytes, base_ + line * kLine, kLine);
}

void Memory::found(std::uint64_t word) {
  const FiberHeap::Pause pause;
  found_.push_back(word);
}

void Memory::restore() noexcept {
  for (const Saved& saved : saved_) std::memcpy(base_ + saved.line * kLine, saved.bytes, kLine);
  saved_.clear();
  ++execution_;
}

bool Memory::is_restored() const noexcept { return std::memcmp(base_, start_.data(), start_.size()) == 0; }

std::uint64_t Memory::hash_of_changes() const noexcept {
  std::uint64_t hash = 0;
  for (const Saved& saved : saved_) {
    const char* const now = base_ + saved.line * kLine;
    if (std::memcmp(now, saved.bytes, kLine) != 0) hash += XXH3_64bits_withSeed(now, kLine, saved.line);
  }
  return hash;
}

bool Memory::learn() {
  bool any = false;
  for (const std::uint64_t word : found_) {
    if (words_[word].shared) continue;
    words_[word].shared = true;
    shared_.push_back(word);
    any = true;
  }
  found_.clear();
  return any;
}

}  // namespace dictbench::explorer
