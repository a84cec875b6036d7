// What is boost-map's own; the conformance suite holds what all engines promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "engines/boost_map/map.h"
#include "engines/registry.h"
#include "tests/engines/error_code.h"
#include "tests/engines/filling.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using namespace std::string_literals;

TEST(BoostMap, GrowsInPlaceForEveryAttachedDict) {
  constexpr unsigned kItems = 60'000;
  const auto engine = make_engine("boost-map?size=64K");
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
  const auto engine = make_engine("boost-map?size=64K&max=6M");
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
    const auto engine = make_engine("boost-map?size=64K&max=1G");
    const auto dict = engine->attach();
    const unsigned stored = fill_up(*dict, value);
    const bool whole = stored > 15'000 && dict->size() == stored && count_present(*dict, stored, value) == stored;
    return whole && dict->erase(key_of(0)) ? 0 : 1;
  });
}

TEST(BoostMap, ShorterValueGivesItsRoomBack) {
  const std::string large(1 << 20, 'x');
  const auto dict_of = make_engine("boost-map?size=64K&max=8M");
  const auto dict = dict_of->attach();
  for (unsigned i = 0; i < 100; ++i) {
    dict->set(key_of(i), large);
    dict->set(key_of(i), "short");
  }
  EXPECT_EQ(count_present(*dict, 100, "short"), 100u);
}

TEST(BoostMap, RefusesWhatIsTooLarge) {
  const auto engine = make_engine("boost-map");
  const auto dict = engine->attach();
  const std::string key(boost_map::kLargestKey, 'k');
  Value out;
  dict->set(key, "v");
  EXPECT_TRUE(dict->get(key, out));
  EXPECT_EQ(error_code_of([&] { dict->set(key + "k", "v"); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([&] { dict->add(key + "k", 1); }), ErrorCode::too_large);
  EXPECT_FALSE(dict->get(key + "k", out));
  EXPECT_THROW(make_engine("boost-map?size=2M&max=1M"), SpecError);
}

TEST(BoostMap, WalksInByteOrder) {
  const auto engine = make_engine("boost-map");
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
    EXPECT_EQ(error_code_of([&] { make_engine(spec); }), ErrorCode::unavailable) << spec;
}

// Joining 16 MB to pages of 2 MB takes milliseconds, in which the segment has its name and no map yet.
TEST(BoostMap, NobodySeesItHalfMade) {
  struct Page {
    std::atomic<bool> stop = false;
    std::atomic<unsigned> next = 0, opened = 0;
  };
  const SharedMemory<Page> page;
  const std::string first = make_engine("boost-map")->address();
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
    const auto engine = make_engine("boost-map?size=16M");
    ASSERT_EQ(engine->address(), stem + std::to_string(page->next));
    const unsigned opened = page->opened;
    EXPECT_TRUE(await([&] { return page->opened > opened || state_of(opener.pid()) == 'Z'; }));
    ++page->next;
  }
  page->stop = true;
  EXPECT_EQ(opener.wait(), 0);
}

TEST(BoostMap, AttachesByAddressFromOutside) {
  const auto engine = make_engine("boost-map");
  engine->attach()->set("a", "1");
  const Spec spec = parse_engine_spec("boost-map");
  ChildProcess stranger([&] {
    Value out;
    if (!find_engine("boost-map").attach(spec, engine->address())->get("a", out)) _exit(1);
  });
  EXPECT_EQ(stranger.wait(), 0);
  EXPECT_EQ(error_code_of([&] { find_engine("boost-map").attach(spec, "/nosuch"); }), ErrorCode::unavailable);
}

}  // namespace
}  // namespace dictbench
