// Threads over two mappings of one segment: what two processes do, where ThreadSanitizer can see it (preset tsan).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/engines/crash_load.h"

namespace dictbench {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr unsigned kRounds = 3'000;
#else
constexpr unsigned kRounds = 30'000;
#endif

// A value that tells by itself whether it is whole.
std::string stamped(unsigned stamp) { return std::string(1 + stamp % 90, static_cast<char>('a' + stamp % 26)); }
bool is_whole(std::string_view value) { return !value.empty() && value.find_first_not_of(value.front()) == value.npos; }

void run_together(Engine& engine, const std::vector<std::function<void(Dict&)>>& bodies) {
  std::vector<std::thread> threads;
  for (const auto& body : bodies)
    threads.emplace_back([&] {
      const auto dict = engine.attach();  // its own mapping
      body(*dict);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(engine.check_integrity().value_or("no check"), "");
}

TEST(TwoMappings, ReadersSeeWholeValuesWhileTheTableGrows) {
  const auto engine = make_engine("lockfree?partitions=1");
  std::atomic<bool> ended = false;
  const auto write = [&](Dict& dict) {
    for (unsigned i = 0; i < kRounds; ++i) {
      dict.set(std::to_string(i % 500), stamped(i));
      if (i % 5 == 0) dict.erase(std::to_string(i * 7 % 500));
    }
    ended = true;
  };
  const auto read = [&](Dict& dict) {
    Value out;
    for (unsigned i = 0; !ended; ++i)
      if (dict.get(std::to_string(i % 500), out)) {
        ASSERT_TRUE(is_whole(out.view())) << out.view();
      }
  };
  run_together(*engine, {write, read});
}

TEST(TwoMappings, CountersLoseNothing) {
  const auto engine = make_engine("lockfree?partitions=1");
  const auto add = [&](Dict& dict) {
    for (unsigned i = 0; i < kRounds; ++i) dict.add(fmt::format("c{}", i % 3), 1);
  };
  run_together(*engine, {add, add});
  const auto dict = engine->attach();
  std::int64_t sum = 0;
  for (int i = 0; i < 3; ++i) sum += dict->add(fmt::format("c{}", i), 0);
  EXPECT_EQ(sum, 2 * kRounds);
}

TEST(TwoMappings, EveryInsertIsThereOnce) {
  const auto engine = make_engine("lockfree?partitions=2");
  const auto insert = [&](Dict& dict) {
    for (unsigned i = 0; i < kRounds / 10; ++i) dict.set(std::to_string(i), stamped(i));
  };
  run_together(*engine, {insert, insert});
  EXPECT_EQ(engine->attach()->size(), kRounds / 10);
}

TEST(TwoMappings, InsertsAndErasesOfOneKey) {
  const auto engine = make_engine("lockfree?partitions=1");
  std::atomic<std::int64_t> erased = 0;
  const auto fight = [&](Dict& dict) {
    Value out;
    for (unsigned i = 0; i < kRounds; ++i) {
      dict.set("key", stamped(i));
      erased += dict.erase("key");
      if (dict.get("key", out)) {
        ASSERT_TRUE(is_whole(out.view()));
      }
    }
  };
  run_together(*engine, {fight, fight});
  EXPECT_LE(erased.load(), 2 * kRounds);
  EXPECT_LE(engine->attach()->size(), 1u);
}

}  // namespace
}  // namespace dictbench
