// What an engine says of itself: that it is whole, what it holds; and that a stopped process holds nobody up.
#include <atomic>
#include <csignal>
#include <map>
#include <random>

#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/stamped_value.h"

namespace dictbench::conformance {
namespace {

using Trust = Conformance;
using SharedTrust = SharedConformance;

TEST_F(Trust, WholeEngineSaysThatItIsWhole) {
  const auto says = [&] { return engine().check_integrity().value_or(""); };
  EXPECT_EQ(says(), "");
  const int keys = rounds(2000);
  for (int i = 0; i < keys; ++i)
    dict().set(key_of("key", i), stamped_value({.writer = 0, .sequence = static_cast<std::uint64_t>(i)}));
  EXPECT_EQ(says(), "");
  for (int i = 0; i < keys; i += 2) dict().erase(key_of("key", i));
  EXPECT_EQ(says(), "");
  detach();
  EXPECT_EQ(says(), "");
}

TEST_F(SharedTrust, WhatIsHeldStaysFlatOverKilledProcesses) {
  constexpr int kFirst = 3;  // the first kills may leave what later processes take up
  constexpr int kKills = 15;
  const SharedPage<std::atomic<int>> operations;
  const auto held = [&] {
    std::map<std::string, std::uint64_t> all;
    for (const auto& [name, count] : engine().held()) all[name] = count;
    return all;
  };
  std::map<std::string, std::uint64_t> most;
  for (int round = 0; round < kKills; ++round) {
    *operations = 0;
    Children children;
    const pid_t victim = children.fork([&] {
      const auto dict = engine().attach();
      Value value;
      for (std::uint64_t i = 0;; ++i) {
        if (contract().survives_killed_writer)
          dict->set(key_of("key", i % 8), stamped_value({.writer = 0, .sequence = i}));
        else
          dict->get(key_of("key", i % 8), value);
        ++*operations;
      }
    });
    ASSERT_TRUE(await([&] { return *operations > round; }));
    children.kill(victim);
    if (round < kFirst) {
      for (const auto& [name, count] : held()) most[name] = std::max(most[name], count);
      continue;
    }
    // A server notices a death a moment later.
    const bool flat = await(
        [&] {
          for (const auto& [name, count] : held())
            if (count > most[name]) return false;
          return true;
        },
        std::chrono::seconds(2));
    ASSERT_TRUE(flat) << "after " << round + 1 << " kills";
  }
}

// Stopped at random moments of a tight loop of sets.
TEST_F(Trust, StoppedProcessHoldsNobodyUp) {
  if (!contract().survives_stopped_process) GTEST_SKIP() << "the contract does not promise it";
  constexpr int kStops = 20;
  constexpr std::uint64_t kEnough = 20;
  struct Page {
    std::atomic<std::uint64_t> stopped = 0, other = 0;  // operations done
  };
  const SharedPage<Page> page;
  Children children;
  const auto set_forever = [&](std::uint64_t writer, std::atomic<std::uint64_t>& done) {
    return children.fork([this, writer, &done] {
      const auto dict = engine().attach();
      for (std::uint64_t i = 0;; ++i) {
        dict->set(key_of("key", i % 8), stamped_value({.writer = writer, .sequence = i}));
        ++done;
      }
    });
  };
  const pid_t stopped = set_forever(1, page->stopped);
  set_forever(2, page->other);
  std::mt19937_64 random(1);
  for (int round = 0; round < kStops; ++round) {
    const std::uint64_t until = page->stopped + 1 + random() % 50;
    ASSERT_TRUE(await([&] { return page->stopped >= until; }));
    kill(stopped, SIGSTOP);
    const std::uint64_t before = page->other;
    EXPECT_TRUE(await([&] { return page->other > before + kEnough; }, std::chrono::seconds(1))) << "round " << round;
    kill(stopped, SIGCONT);
  }
}

}  // namespace
}  // namespace dictbench::conformance
