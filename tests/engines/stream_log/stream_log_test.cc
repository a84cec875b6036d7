// What is stream-log's own; the conformance suite holds what all engines promise. stream_log_sizes_test.cc: large
// values and little memory.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/engines/error_code.h"
#include "tests/engines/shm/child_process.h"
#include "tests/engines/stream_log/dicts.h"

namespace dictbench {
namespace {

TEST(StreamLog, ReadersFollowTheStreamOverManyRestarts) {
  const auto engine = make_engine("stream-log?buffer=4K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  for (unsigned i = 0; i < 5'000; ++i) {
    writer->set(key_of(i % 100), key_of(i));
    if (i % 7 == 0) {
      ASSERT_EQ(get(*reader, key_of(i % 100)), key_of(i));
    }
  }
  EXPECT_GT(fact(*engine, "dumps_written"), 20u);
  EXPECT_LE(fact(*engine, "dumps_loaded"), 2u) << "who keeps up never needs a dump";
}

TEST(StreamLog, AnOvertakenReaderLoadsTheDump) {
  const auto engine = make_engine("stream-log?buffer=4K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  fill(*writer, 2'000, "");
  writer->set("first", "1");
  EXPECT_EQ(get(*reader, "first"), "1");
  const auto loads = fact(*engine, "dumps_loaded");
  for (int round = 0; round < 10; ++round) {
    fill(*writer, 2'000, key_of(round));
    EXPECT_EQ(get(*reader, "1999"), key_of(round));
    EXPECT_EQ(get(*reader, "0"), key_of(round));
    EXPECT_EQ(reader->size(), 2'001u);
  }
  EXPECT_EQ(fact(*engine, "dumps_loaded") - loads, 10u);
}

TEST(StreamLog, ErasuresReachOvertakenReadersToo) {
  const auto engine = make_engine("stream-log?buffer=4K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  fill(*writer, 1'000, "v");
  EXPECT_EQ(reader->size(), 1'000u);
  for (unsigned i = 0; i < 1'000; i += 2) EXPECT_TRUE(writer->erase(key_of(i)));
  EXPECT_EQ(reader->size(), 500u);
  EXPECT_FALSE(reader->erase("0"));
  EXPECT_EQ(get(*reader, "1"), "v");
  EXPECT_EQ(engine->check_integrity(), "");
}

TEST(StreamLog, GetsFromInsideAWalkSeeWhatIsNew) {
  const auto engine = make_engine("stream-log?buffer=4K");
  const auto walker = engine->attach();
  const auto writer = engine->attach();
  fill(*writer, 300, "old");
  std::map<std::string, int> visits;
  walker->for_each([&](std::string_view key, std::string_view value) {
    EXPECT_EQ(value, "old");
    ++visits[std::string(key)];
    writer->set("250", "new" + std::to_string(visits.size()));
    EXPECT_EQ(get(*walker, "250"), "new" + std::to_string(visits.size()));
    return true;
  });
  EXPECT_EQ(visits.size(), 300u);
  EXPECT_EQ(get(*walker, "250"), "new300");
  EXPECT_EQ(walker->size(), 300u);
}

TEST(StreamLog, ReadsFromInsideAWalkLoadNothingWhileNothingIsNew) {
  const auto engine = make_engine("stream-log?buffer=64K");
  const auto walker = engine->attach();
  fill(*walker, 300, "v");
  EXPECT_EQ(walker->size(), 300u);
  const std::uint64_t loads = fact(*engine, "dumps_loaded");
  unsigned visits = 0, inner = 0;
  const std::vector<std::string_view> keys = {"7", "none"};
  std::vector<Value> values(keys.size());
  std::array<bool, 2> found{};
  walker->for_each([&](std::string_view key, std::string_view) {
    ++visits;
    EXPECT_EQ(get(*walker, std::string(key)), "v");
    EXPECT_EQ(walker->size(), 300u);
    EXPECT_EQ(walker->get_many(keys, values, found), 1u);
    if (visits == 5)
      walker->for_each([&](std::string_view, std::string_view) {
        EXPECT_EQ(get(*walker, "7"), "v");
        return ++inner < 100;
      });
    return true;
  });
  EXPECT_EQ(visits, 300u);
  EXPECT_EQ(inner, 100u);
  EXPECT_EQ(get(*walker, "299"), "v");
  EXPECT_EQ(fact(*engine, "dumps_loaded"), loads);
}

// With absl::Hash, whatever its seed, all of them had one hash: the first 8 bytes make a factor of it zero.
TEST(StreamLog, KeysChosenToCollideAreAsQuickAsOthers) {
  constexpr unsigned kItems = 30'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double kMostSeconds = 5;
#else
  constexpr double kMostSeconds = 1;
#endif
  const auto key = [](std::uint64_t i) {
    constexpr std::uint64_t kMakesZero = 0x13198A2E03707344;
    std::string text(32, 't');
    std::memcpy(text.data(), &kMakesZero, sizeof kMakesZero);
    std::memcpy(text.data() + 8, &i, sizeof i);
    return text;
  };
  const auto engine = make_engine("stream-log?max=64M");
  const auto writer = engine->attach(), reader = engine->attach();
  const std::clock_t begin = std::clock();
  for (unsigned i = 0; i < kItems; ++i) writer->set(key(i), "v");
  EXPECT_EQ(reader->size(), kItems);
  Value out;
  for (unsigned i = 0; i < kItems; ++i) ASSERT_TRUE(reader->get(key(i), out));
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, kMostSeconds);
}

TEST(StreamLog, DictsBeyondTheSlotsWorkWithoutOne) {
  const auto engine = make_engine("stream-log?buffer=4K&max=16M");  // each maps twice as much
  std::vector<std::unique_ptr<Dict>> dicts;
  for (int i = 0; i < 131; ++i) dicts.push_back(engine->attach());
  for (int round = 0; round < 3; ++round)
    for (std::size_t i = 0; i < dicts.size(); ++i) {
      dicts[i]->set("key", key_of(static_cast<unsigned>(i)));
      ASSERT_EQ(get(*dicts[dicts.size() - 1 - i], "key"), key_of(static_cast<unsigned>(i)));
    }
  EXPECT_EQ(dicts.back()->add("counter", 5), 5);
}

TEST(StreamLog, WhoWaitsForAStoppedWriterSaysTimeoutAndReadersGoOn) {
  const auto engine = make_engine("stream-log?timeout=50&buffer=4K");
  const auto dict = engine->attach();
  dict->set("key", "value");
  ChildProcess writer([&] {
    const auto own = engine->attach();
    for (unsigned i = 0;; ++i) own->set("key", "value");
  });
  std::optional<ErrorCode> code;
  for (int attempt = 0; attempt < 200 && !code; ++attempt) {
    usleep(1000);
    kill(writer.pid(), SIGSTOP);
    ASSERT_TRUE(await_signal(writer, true));
    code = error_code_of([&] { dict->set("other", "value"); });
    EXPECT_EQ(get(*dict, "key"), "value");
    if (!code) kill(writer.pid(), SIGCONT);
  }
  EXPECT_EQ(code, ErrorCode::timeout) << "it was never stopped inside a write";
  EXPECT_EQ(get(*dict, "key"), "value");
  writer.kill();
  dict->set("other", "value");
}

TEST(StreamLog, ProcessesCountTogetherAndReadTheirOwnWrites) {
  constexpr unsigned kProcesses = 4, kItems = 3'000;
  const auto engine = make_engine("stream-log?buffer=8K");
  std::vector<std::unique_ptr<ChildProcess>> children;
  for (unsigned p = 0; p < kProcesses; ++p)
    children.push_back(std::make_unique<ChildProcess>([&, p] {
      const auto dict = engine->attach();
      for (unsigned i = 0; i < kItems; ++i) {
        dict->set(key_of(i * kProcesses + p), "v");
        dict->add("counter", 1);
        if (get(*dict, key_of(i * kProcesses + p)) != "v") _exit(1);
      }
    }));
  for (auto& child : children) EXPECT_EQ(child->wait(), 0);
  const auto dict = engine->attach();
  EXPECT_EQ(dict->size(), kProcesses * kItems + 1);
  EXPECT_EQ(dict->add("counter", 0), kProcesses * kItems);
  EXPECT_EQ(engine->check_integrity(), "");
}

TEST(StreamLog, ThreadsEachWithADictAndReadersThatAreOvertaken) {
  constexpr unsigned kThreads = 3, kItems = 1'500;
  const auto engine = make_engine("stream-log?buffer=4K");
  std::atomic<bool> done = false;
  std::jthread slow([&] {
    const auto dict = engine->attach();
    while (!done) {
      std::string last;
      dict->for_each([&](auto, auto value) { return value.find('#') != 0; });
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t)
      threads.emplace_back([&] {
        const auto dict = engine->attach();
        for (unsigned i = 0; i < kItems; ++i) dict->add(key_of(i), 1);
      });
  }
  done = true;
  const auto dict = engine->attach();
  for (unsigned i = 0; i < kItems; ++i) ASSERT_EQ(get(*dict, key_of(i)), std::to_string(kThreads));
}

}  // namespace
}  // namespace dictbench
