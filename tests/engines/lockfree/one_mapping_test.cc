// Threads over one mapping: ThreadSanitizer compares accesses by their addresses, so only here does it see every pair.
// (two_mappings_test.cc is the same as processes do it.)
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "engines/lockfree/audit.h"
#include "engines/lockfree/create.h"
#include "engines/lockfree/index.h"
#include "engines/lockfree/owner.h"
#include "tests/engines/lockfree/table_on_segment.h"

namespace dictbench::lockfree {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr unsigned kRounds = 4'000;
#else
constexpr unsigned kRounds = 40'000;
#endif
constexpr unsigned kThreads = 3, kKeys = 300;

std::string key(unsigned i) { return "key" + std::to_string(i % kKeys); }
std::string value(unsigned i) { return std::string(1 + i * 13 % 700, static_cast<char>('a' + i % 26)); }

void work(Segment& segment, unsigned seed) {
  Space space(segment);
  Blocks blocks(space, claim_arena(space));
  {
    Index index(space, blocks);
    Value out;
    for (unsigned i = seed; i < kRounds; ++i) {
      const unsigned pick = i * 2'654'435'761u >> 7;
      index.set(key(pick), value(i));
      if (pick % 3 == 0) index.erase(key(pick >> 5));
      if (pick % 5 == 0) index.update("counter", [](std::optional<std::string_view> old) { return old.value_or("1"); });
      if (pick % 1'000 == 0) index.size();
      if (!index.get(key(pick >> 3), out)) continue;
      const std::string_view found = out.view();
      ASSERT_FALSE(found.empty());
      ASSERT_EQ(found.find_first_not_of(found.front()), found.npos) << "two values in one";
    }
  }
  release_arena(space, blocks.arena());
}

TEST(OneMapping, SetEraseUpdateAndGetWhileTheTableGrows) {
  Segment segment = create(small_sizes(1));
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) threads.emplace_back(work, std::ref(segment), i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(broken(Space(segment)), "");
}

}  // namespace
}  // namespace dictbench::lockfree
