// What is stream-log's own; the conformance suite holds what all engines promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "engines/registry.h"
#include "engines/stream_log/record.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using namespace std::string_literals;

std::unique_ptr<Engine> make(const std::string& spec) {
  const Spec bound = parse_engine_spec(spec);
  return find_engine(bound.name()).create(bound, SizeHint{});
}

std::string get(Dict& dict, const std::string& key) {
  Value out;
  return dict.get(key, out) ? std::string(out.view()) : "(none)";
}

std::uint64_t fact(const Engine& engine, const std::string& name) {
  for (const auto& [fact, value] : engine.facts())
    if (fact == name) return std::stoull(value);
  return UINT64_MAX;
}

void fill(Dict& dict, unsigned keys, const std::string& value) {
  for (unsigned i = 0; i < keys; ++i) dict.set(key_of(i), value);
}

TEST(StreamLog, ReadersFollowTheStreamOverManyRestarts) {
  const auto engine = make("stream-log?buffer=4K");
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

TEST(StreamLog, HasRoomAtTheStartForTheSizeAskedFor) {
  constexpr unsigned kItems = 100'000;  // some 3 MB of records
  const auto dumps = [&](const std::string& spec) {
    const auto engine = make(spec);
    fill(*engine->attach(), kItems, "a value");
    return fact(*engine, "dumps_written");
  };
  EXPECT_EQ(dumps("stream-log?size=8M"), 0u);
  EXPECT_GT(dumps("stream-log"), 0u) << "it grows from a small start";
}

TEST(StreamLog, AnOvertakenReaderLoadsTheDump) {
  const auto engine = make("stream-log?buffer=4K");
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
  const auto engine = make("stream-log?buffer=4K");
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

TEST(StreamLog, ValuesLargerThanTheStreamGoThroughADump) {
  const auto engine = make("stream-log?buffer=4K&max=64M");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  const std::string large(3 << 20, 'x'), larger(5 << 20, 'y');
  writer->set("small", "s");
  EXPECT_EQ(get(*reader, "small"), "s");
  writer->set("large", large);
  EXPECT_EQ(get(*reader, "large"), large);
  EXPECT_EQ(get(*reader, "small"), "s");
  reader->set("large", larger);
  reader->set("after", "a");
  EXPECT_EQ(get(*writer, "large"), larger);
  EXPECT_EQ(get(*writer, "after"), "a");
  EXPECT_EQ(error_code_of([&] { writer->set("largest", std::string(40 << 20, 'z')); }), ErrorCode::full);
  EXPECT_EQ(get(*reader, "large"), larger);
  EXPECT_FALSE(reader->erase("largest"));
  EXPECT_EQ(engine->check_integrity(), "");
}

TEST(StreamLog, KeysLargerThanTheStreamAreErasedThroughADump) {
  const auto engine = make("stream-log?buffer=4K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  const std::string key(100'000, 'k');
  writer->set(key, "v");
  EXPECT_EQ(get(*reader, key), "v");
  EXPECT_TRUE(reader->erase(key));
  EXPECT_EQ(writer->size(), 0u);
  EXPECT_EQ(error_code_of([&] { writer->set(std::string(stream_log::kLargestKey + 1, 'k'), ""); }),
            ErrorCode::too_large);
}

TEST(StreamLog, FullKeepsEverythingAndGoesOn) {
  for (const char* spec : {"stream-log?max=3M", "stream-log?max=3M&buffer=64K"}) {
    SCOPED_TRACE(spec);
    const auto engine = make(spec);
    const auto dict = engine->attach();
    const std::string value(100, 'v');
    unsigned stored = 0;
    EXPECT_EQ(error_code_of([&] {
                for (; stored < 10'000'000; ++stored) dict->set(key_of(stored), value);
              }),
              ErrorCode::full);
    EXPECT_GT(stored, 9'000u);
    EXPECT_LE(engine->storage_bytes().in_use, (3u << 20) + 4096);
    EXPECT_THAT([&] { dict->set("one more", value); }, ThrowsMessage<Error>(HasSubstr("max=")));
    for (unsigned i = 0; i < stored + stored / 4; ++i)
      ASSERT_NO_THROW(dict->set(key_of(i % stored), value)) << "no growth";
    EXPECT_EQ(error_code_of([&] { dict->set(key_of(0), std::string(1 << 20, 'x')); }), ErrorCode::full);
    const auto other = engine->attach();
    EXPECT_EQ(other->size(), stored);
    EXPECT_TRUE(other->erase(key_of(0)));
    dict->set("one more", value);
    EXPECT_EQ(other->size(), stored);
    EXPECT_EQ(engine->check_integrity(), "");
  }
}

TEST(StreamLog, FullWhereDevShmHasNoRoom) {
  expect_done_in_small_dev_shm("6M", [] {
    const auto engine = make("stream-log?buffer=64K&max=1G");
    const auto dict = engine->attach();
    const std::string value(100, 'v');
    unsigned stored = 0;
    const auto code = error_code_of([&] {
      for (; stored < 10'000'000; ++stored) dict->set(key_of(stored), value);
    });
    if (code != ErrorCode::full || stored < 10'000) return 1;
    const auto other = engine->attach();
    if (other->size() != stored) return 2;
    for (unsigned i = 0; i < stored; ++i) dict->set(key_of(i), std::string(100, 'w'));
    for (unsigned i = 0; i < stored; ++i)
      if (get(*other, key_of(i)) != std::string(100, 'w')) return 3;
    return other->erase("0") && engine->check_integrity() == "" ? 0 : 4;
  });
}

TEST(StreamLog, GetsFromInsideAWalkSeeWhatIsNew) {
  const auto engine = make("stream-log?buffer=4K");
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

TEST(StreamLog, DictsBeyondTheSlotsWorkWithoutOne) {
  const auto engine = make("stream-log?buffer=4K&max=16M");  // each maps twice as much
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
  const auto engine = make("stream-log?timeout=50&buffer=4K");
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
  const auto engine = make("stream-log?buffer=8K");
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
  const auto engine = make("stream-log?buffer=4K");
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

TEST(StreamLog, MemoryStaysFlatOverRestartsAndKilledReaders) {
  const auto engine = make("stream-log?buffer=16K");
  const auto dict = engine->attach();
  fill(*dict, 500, std::string(100, 'v'));
  for (int kill = 0; kill < 20; ++kill) {
    const SharedMemory<std::atomic<unsigned>> reads;
    ChildProcess reader([&] {
      const auto own = engine->attach();
      while (true) {
        get(*own, "1");
        ++*reads;
      }
    });
    ASSERT_TRUE(await([&] { return *reads > 10; }));
    fill(*dict, 500, std::string(100, 'v'));
    reader.kill();
    fill(*dict, 500, std::string(100, 'v'));
  }
  // Four areas of 76 KB, of which two have grown by 1 MiB. A generation kept for each kill would be 1.5 MB more.
  EXPECT_LT(engine->storage_bytes().in_use, 3u << 20);
}

TEST(StreamLog, RefusesBuffersThatDoNotFit) {
  EXPECT_THROW(make("stream-log?buffer=2M&max=2M"), SpecError);
  EXPECT_THROW(make("stream-log?buffer=1"), SpecError);
}

}  // namespace
}  // namespace dictbench
