// What is boost-map's own; the conformance suite holds what all engines promise.
#include <gmock/gmock.h>
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
#include "engines/registry.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using namespace std::string_literals;

std::unique_ptr<Engine> make(const std::string& spec) {
  const Spec bound = parse_engine_spec(spec);
  return find_engine(bound.name()).create(bound, SizeHint{});
}

TEST(BoostMap, GrowsInPlaceForEveryAttachedDict) {
  constexpr unsigned kItems = 60'000;
  const auto engine = make("boost-map?size=64K");
  const auto writer = engine->attach();
  const auto reader = engine->attach();
  EXPECT_LT(engine->storage_bytes().in_use, 256u << 10);
  for (unsigned i = 0; i < kItems; ++i) writer->set(key_of(i), "a value longer than what a string holds in itself");
  EXPECT_EQ(reader->size(), kItems);
  EXPECT_EQ(count_present(*reader, kItems, "a value longer than what a string holds in itself"), kItems);
  EXPECT_GT(engine->storage_bytes().in_use, 8u << 20);
  reader->set("after", "growth by the other");
  EXPECT_EQ(writer->size(), kItems + 1);
}

TEST(BoostMap, FullAtItsMaximumKeepsEverythingAndGoesOn) {
  const std::string value(100, 'v');
  const auto engine = make("boost-map?size=64K&max=6M");
  const auto dict = engine->attach();
  const unsigned stored = fill_up(*dict, value);
  EXPECT_GT(stored, 15'000u);
  EXPECT_LE(engine->storage_bytes().in_use, (6u << 20) + 4096);
  EXPECT_EQ(count_present(*dict, stored, value), stored);
  EXPECT_EQ(dict->size(), stored);
  EXPECT_THAT([&] { dict->set("one more", value); }, ThrowsMessage<Error>(HasSubstr("max=")));
  EXPECT_EQ(error_code_of([&] { dict->set(key_of(0), std::string(100'000, 'x')); }), ErrorCode::full);
  EXPECT_EQ(count_present(*dict, stored, value), stored) << "a failed overwrite must leave the old value";
  EXPECT_TRUE(dict->erase(key_of(0)));
  dict->set("one more", value);
  EXPECT_EQ(dict->size(), stored);
}

TEST(BoostMap, FullWhereDevShmHasNoRoom) {
  expect_done_in_small_dev_shm("6M", [] {
    const std::string value(100, 'v');
    const auto engine = make("boost-map?size=64K&max=1G");
    const auto dict = engine->attach();
    const unsigned stored = fill_up(*dict, value);
    const bool whole = stored > 15'000 && dict->size() == stored && count_present(*dict, stored, value) == stored;
    return whole && dict->erase(key_of(0)) ? 0 : 1;
  });
}

TEST(BoostMap, ShorterValueGivesItsRoomBack) {
  const std::string large(1 << 20, 'x');
  const auto dict_of = make("boost-map?size=64K&max=8M");
  const auto dict = dict_of->attach();
  for (unsigned i = 0; i < 100; ++i) {
    dict->set(key_of(i), large);
    dict->set(key_of(i), "short");
  }
  EXPECT_EQ(count_present(*dict, 100, "short"), 100u);
}

TEST(BoostMap, RefusesWhatIsTooLarge) {
  const auto engine = make("boost-map");
  const auto dict = engine->attach();
  const std::string key(boost_map::kLargestKey, 'k');
  Value out;
  dict->set(key, "v");
  EXPECT_TRUE(dict->get(key, out));
  EXPECT_EQ(error_code_of([&] { dict->set(key + "k", "v"); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([&] { dict->add(key + "k", 1); }), ErrorCode::too_large);
  EXPECT_FALSE(dict->get(key + "k", out));
  EXPECT_THROW(make("boost-map?size=2M&max=1M"), SpecError);
}

TEST(BoostMap, WalksInByteOrder) {
  const auto engine = make("boost-map");
  const auto dict = engine->attach();
  for (const std::string& key : {"b"s, "\xff"s, ""s, "a\0b"s, "a"s, "ab"s}) dict->set(key, "v" + key);
  std::vector<std::string> seen;
  dict->for_each([&](std::string_view key, std::string_view value) {
    seen.emplace_back(key);
    Value out;
    EXPECT_TRUE(dict->get(key, out)) << "reading from inside a walk";
    EXPECT_EQ(out.view(), value);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("", "a", "a\0b"s, "ab", "b", "\xff"));
  seen.clear();
  const auto note = [&](std::string_view key, std::string_view) {
    seen.emplace_back(key);
    return true;
  };
  EXPECT_EQ(dict->scan("a\0"s, 3, note), 3u);
  EXPECT_THAT(seen, ElementsAre("a\0b"s, "ab", "b"));
}

// A number that wraps would be a dict of a megabyte.
TEST(BoostMap, RefusesToBeLargerThanAnyMachine) {
  for (const char* spec : {"boost-map?max=18446744073709551615", "boost-map?size=18446744073709551615"})
    EXPECT_EQ(error_code_of([&] { make(spec); }), ErrorCode::unavailable) << spec;
}

// Joining 16 MB to pages of 2 MB takes milliseconds, in which the segment has its name and no map yet.
TEST(BoostMap, NobodySeesItHalfMade) {
  struct Page {
    std::atomic<bool> stop = false;
    std::atomic<unsigned> next = 0, opened = 0;
  };
  const SharedMemory<Page> page;
  const std::string first = make("boost-map")->address();
  const auto number = first.rfind(".s") + 2;
  const std::string stem = first.substr(0, number);
  page->next = static_cast<unsigned>(std::stoul(first.substr(number))) + 1;
  ChildProcess opener([&] {
    const Spec spec = parse_engine_spec("boost-map");
    while (!page->stop) {
      const auto code = error_code_of([&] {
        const auto dict = find_engine("boost-map").attach(spec, stem + std::to_string(page->next));
        Value out;
        if (dict->size() != 0 || dict->get("a", out)) _exit(1);
        ++page->opened;
      });
      if (code && code != ErrorCode::unavailable) _exit(2);
    }
  });
  for (int i = 0; i < 10; ++i) {
    const auto engine = make("boost-map?size=16M");
    ASSERT_EQ(engine->address(), stem + std::to_string(page->next));
    const unsigned opened = page->opened;
    EXPECT_TRUE(await([&] { return page->opened > opened || state_of(opener.pid()) == 'Z'; }));
    ++page->next;
  }
  page->stop = true;
  EXPECT_EQ(opener.wait(), 0);
}

TEST(BoostMap, AttachesByAddressFromOutside) {
  const auto engine = make("boost-map");
  engine->attach()->set("a", "1");
  const Spec spec = parse_engine_spec("boost-map");
  ChildProcess stranger([&] {
    Value out;
    if (!find_engine("boost-map").attach(spec, engine->address())->get("a", out)) _exit(1);
  });
  EXPECT_EQ(stranger.wait(), 0);
  EXPECT_EQ(error_code_of([&] { find_engine("boost-map").attach(spec, "/nosuch"); }), ErrorCode::unavailable);
}

class BoostMapLocks : public ::testing::TestWithParam<const char*> {};

TEST_P(BoostMapLocks, ProcessesWriteTheSameAndNeighbouringKeys) {
  constexpr unsigned kProcesses = 4, kItems = 3'000;
  const auto engine = make("boost-map?size=64K&lock="s + GetParam());
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
    const auto engine = make("boost-map?size=1M&lock="s + GetParam());
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
  const auto engine = make("boost-map?lock="s + GetParam());
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
  const auto engine = make("boost-map?timeout=50&lock="s + GetParam());
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
  const auto engine = make("boost-map?timeout=50&lock="s + GetParam());
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
  const auto engine = make("boost-map?size=64K&lock="s + GetParam());
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
