// boost-map between processes that write, read, die and stop, with each of its locks.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engines/boost_map/map.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using namespace std::string_literals;

class BoostMapLocks : public ::testing::TestWithParam<const char*> {};

TEST_P(BoostMapLocks, ProcessesWriteTheSameAndNeighbouringKeys) {
  constexpr unsigned kProcesses = 4, kItems = 3'000;
  const auto engine = make_engine("boost-map?size=64K&lock="s + GetParam());
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (unsigned p = 0; p < kProcesses; ++p)
    children.push_back(std::make_unique<ChildProcess>([&, p] {
      const auto dict = engine->attach();
      Value out;
      for (unsigned i = 0; i < kItems; ++i) {
        dict->set(key_of(i * kProcesses + p), "v");
        dict->add("counter", 1);
        dict->set("same", std::string(1 + i % 50, static_cast<char>('a' + p)));
        if (!dict->get("same", out) || out.view() != std::string(out.size(), out.data()[0])) _exit(1);
      }
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  const auto dict = engine->attach();
  EXPECT_EQ(dict->size(), kProcesses * kItems + 2);
  EXPECT_EQ(count_present(*dict, kProcesses * kItems, "v"), kProcesses * kItems);
  EXPECT_EQ(dict->add("counter", 0), kProcesses * kItems);
}

// Kills writers until both endings have been seen: cut off in mid-change, which everybody is told from then on,
// and at a harmless moment, after which all goes on and nothing acknowledged is missing.
TEST_P(BoostMapLocks, KilledWriterIsHarmlessOrToldToEverybody) {
  constexpr int kMostKills = 500;
  SharedMemory<std::atomic<unsigned>> acknowledged;
  int harmless = 0, corrupt = 0;
  for (int kill = 0; kill < kMostKills && (harmless == 0 || corrupt == 0); ++kill) {
    const auto engine = make_engine("boost-map?size=1M&lock="s + GetParam());
    const auto early = engine->attach();
    *acknowledged = 0;
    ChildProcess writer([&] {
      const auto dict = engine->attach();
      Value out;
      for (unsigned i = 0;; ++i) {
        dict->set(key_of(i), "v");
        ++*acknowledged;
        for (unsigned look = 0; look < 2; ++look) dict->get(key_of(i / 2 + look), out);
      }
    });
    ASSERT_TRUE(await([&] { return *acknowledged > 100u + static_cast<unsigned>(kill); }));
    writer.kill();
    const auto late = engine->attach();
    const auto code = error_code_of([&] { early->set("next", "v"); });
    if (code) {
      ++corrupt;
      EXPECT_EQ(code, ErrorCode::corrupt);
      EXPECT_EQ(error_code_of([&] { early->size(); }), ErrorCode::corrupt);
      EXPECT_EQ(error_code_of([&] { late->set("next", "v"); }), ErrorCode::corrupt);
    } else {
      ++harmless;
      EXPECT_EQ(count_present(*late, *acknowledged, "v"), *acknowledged);
      unsigned walked = 0;
      late->for_each([&](auto, auto) { return ++walked > 0; });
      EXPECT_EQ(walked, late->size());
    }
  }
  EXPECT_GT(harmless, 0);
  EXPECT_GT(corrupt, 0);
}

TEST_P(BoostMapLocks, KilledReaderDoesNoHarm) {
  const auto engine = make_engine("boost-map?lock="s + GetParam());
  const auto dict = engine->attach();
  dict->set("a", "1");
  SharedMemory<std::atomic<bool>> inside;
  ChildProcess reader([&] {
    engine->attach()->for_each([&](auto, auto) {
      *inside = true;
      while (true) pause();
      return true;
    });
  });
  ASSERT_TRUE(await([&] { return inside->load(); }));
  reader.kill();
  dict->set("b", "2");
  EXPECT_EQ(dict->size(), 2u);
}

// Inside an operation it holds writers up, with lock=mutex everybody.
TEST_P(BoostMapLocks, AStoppedProcessIsATimeoutAndThenAllGoesOn) {
  const auto engine = make_engine("boost-map?timeout=50&lock="s + GetParam());
  const auto dict = engine->attach();
  dict->set("a", "1");
  ChildProcess reader([&] {
    engine->attach()->for_each([&](auto, auto) {
      raise(SIGSTOP);
      return true;
    });
  });
  ASSERT_TRUE(await_signal(reader, true));
  Value out;
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(error_code_of([&] { dict->set("b", "2"); }), ErrorCode::timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
  EXPECT_EQ(error_code_of([&] { dict->erase("a"); }), ErrorCode::timeout);
  EXPECT_EQ(error_code_of([&] { dict->add("n", 1); }), ErrorCode::timeout);
  const bool readers_go_on = GetParam() == "rw"s;
  EXPECT_EQ(error_code_of([&] { dict->get("a", out); }),
            readers_go_on ? std::nullopt : std::optional(ErrorCode::timeout));
  const auto late = engine->attach();
  EXPECT_EQ(error_code_of([&] { late->size(); }), readers_go_on ? std::nullopt : std::optional(ErrorCode::timeout));
  EXPECT_EQ(error_code_of([&] { engine->check_integrity(); }),
            readers_go_on ? std::nullopt : std::optional(ErrorCode::timeout));
  kill(reader.pid(), SIGCONT);
  EXPECT_EQ(reader.wait(), 0);
  dict->set("b", "2");
  EXPECT_EQ(late->size(), 2u);
}

// Such a writer, stopped, must not keep others from coming.
TEST_P(BoostMapLocks, AttachingWaitsForNoWriter) {
  const auto engine = make_engine("boost-map?timeout=50&lock="s + GetParam());
  engine->attach()->set("a", "1");
  SharedMemory<std::atomic<bool>> inside;
  ChildProcess writer([&] {
    boost_map::SharedMap map(engine->address());
    map.lock().lock();
    *inside = true;
    while (true) pause();
  });
  ASSERT_TRUE(await([&] { return inside->load(); }));
  const auto dict = engine->attach();
  Value out;
  EXPECT_EQ(error_code_of([&] { dict->get("a", out); }), ErrorCode::timeout);
  EXPECT_EQ(error_code_of([&] { dict->set("a", "2"); }), ErrorCode::timeout);
  writer.kill();
  EXPECT_TRUE(dict->get("a", out));
  dict->set("a", "2");
}

TEST_P(BoostMapLocks, ThreadsEachWithADict) {
  constexpr unsigned kThreads = 4, kItems = 1'000;
  const auto engine = make_engine("boost-map?size=64K&lock="s + GetParam());
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        const auto dict = engine->attach();
        for (unsigned i = 0; i < kItems; ++i) dict->add(key_of(i), 1);
      });
  }
  EXPECT_EQ(count_present(*engine->attach(), kItems, std::to_string(kThreads)), kItems);
}

INSTANTIATE_TEST_SUITE_P(Each, BoostMapLocks, ::testing::Values("rw", "mutex"),
                         [](const auto& lock) { return std::string(lock.param); });

}  // namespace
}  // namespace dictbench
