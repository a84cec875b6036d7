// A process without memory for its own lists: the n-th `operator new` of what it does throws, for each n. It
// keeps no arena that it cannot use, and loses no chunk.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "engines/error.h"
#include "tests/engines/lockfree/table_on_segment.h"
#include "tests/engines/make_engine.h"

namespace {

thread_local long calls_until_failure = 0;  // 0: none fails

void* take(std::size_t bytes) {
  if (calls_until_failure > 0 && --calls_until_failure == 0) throw std::bad_alloc();
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// Not inlined: g++ would miss the one half of a pair where it has inlined the other.
[[gnu::noinline]] void* operator new(std::size_t bytes) { return take(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return take(bytes); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace dictbench::lockfree {
namespace {

// Does something in which the n-th allocation fails. False when it made fewer.
template <class Call>
bool fails(long nth, const Call& call) {
  calls_until_failure = nth;
  try {
    call();
  } catch (const std::exception&) {
  }
  return std::exchange(calls_until_failure, 0) == 0;
}

TEST(LockfreeNoMemory, AnAttachThatFailsKeepsNoArena) {
  const auto engine = make_engine("lockfree?max=16M&partitions=4&pages=4k");
  engine->attach()->set("key", "value");
  const auto held = engine->held();
  long nth = 1;
  while (fails(nth, [&] { engine->attach(); })) {
    EXPECT_EQ(engine->held(), held) << "allocation " << nth;
    ++nth;
  }
  EXPECT_GT(nth, 2) << "none failed";
}

TEST(LockfreeNoMemory, AnOperationThatFailsLosesNoChunk) {
  constexpr std::uint64_t kBytes = 1'000;
  std::vector<Block> taken;
  taken.reserve(100'000);
  const auto take_all = [&](Participant& who) {
    while (true) {
      taken.push_back(who.blocks().take(kBytes));
      who.blocks().published();
    }
  };
  bool failed = true;
  for (long nth = 1; failed; ++nth) {
    const Segment segment = create({.max = 8 << 20, .partitions = 1, .huge_pages = false});
    Participant living(segment.name());
    taken.clear();
    {
      Participant gone(segment.name());  // leaves, and nobody comes for its arena
      fails(0, [&] { take_all(gone); });
      for (const Block block : taken) gone.blocks().free(block, kBytes);
    }
    const std::size_t all = taken.size();
    taken.clear();
    failed = fails(nth, [&] { take_all(living); });
    fails(0, [&] { take_all(living); });
    EXPECT_GE(taken.size(), all * 98 / 100) << "allocation " << nth;
  }
}

}  // namespace
}  // namespace dictbench::lockfree
