// Engines that are full, and servers that die.
#include <algorithm>
#include <atomic>
#include <csignal>

#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

constexpr std::size_t kEnoughBytes = 64 << 20;  // to fill any engine made small

using Limits = StoringConformance;

TEST_F(Limits, FullLosesNothingAndEraseMakesRoom) {
  const auto small = small_spec();
  if (!small) GTEST_SKIP() << "no option `max`: not filled, it would fill the machine";
  destroy();
  const auto engine = create_engine(parse_engine_spec(*small));
  const auto dict = engine->attach();
  const std::size_t size = std::min<std::size_t>(1000, subject().contract.largest_value);
  const auto value_for = [size](std::size_t i) { return random_bytes(size, i); };

  std::size_t stored = 0;
  bool full = false;
  while (!full && stored * size < kEnoughBytes) {
    try {
      dict->set(key_of("full", stored), value_for(stored));
      ++stored;
    } catch (const Error& error) {
      ASSERT_EQ(to_string(error.code()), "full") << error.what();
      full = true;
    }
  }
  ASSERT_TRUE(full) << "took " << stored << " values of " << size << " bytes as " << *small;
  ASSERT_GT(stored, 100u);

  Value value;
  const auto expect_there = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      ASSERT_TRUE(dict->get(key_of("full", i), value)) << i << " of " << stored << " is gone";
      ASSERT_TRUE(value.view() == value_for(i)) << i;
    }
  };
  expect_there(0, stored);
  EXPECT_EQ(dict->size(), stored);

  const std::size_t erased = stored / 2;
  for (std::size_t i = 0; i < erased; ++i) ASSERT_TRUE(dict->erase(key_of("full", i))) << i;
  EXPECT_EQ(dict->size(), stored - erased);
  const std::size_t again = erased / 2;
  for (std::size_t i = 0; i < again; ++i) ASSERT_NO_THROW(dict->set(key_of("full", i), value_for(i))) << i;
  expect_there(0, again);
  expect_there(erased, stored);
  EXPECT_EQ(dict->size(), stored - erased + again);
  EXPECT_EQ(engine->check_integrity().value_or(""), "");
}

TEST_F(Limits, TakesAsManyKeysAsItSaysAndNoMore) {
  const std::size_t most = contract().most_items;
  if (most == kNoLimit) GTEST_SKIP() << "as many as there is room for";
  constexpr std::size_t kBatch = 128;
  for (std::size_t begin = 0; begin < most; begin += kBatch) {
    std::vector<std::string> keys;
    std::vector<KeyValue> items;
    for (std::size_t i = begin; i < std::min(begin + kBatch, most); ++i) keys.push_back(key_of("many", i));
    for (const std::string& key : keys) items.push_back({key, "value"});
    dict().set_many(items);
  }
  expect_error(ErrorCode::full, [&] { dict().set("one more", "value"); });
  EXPECT_EQ(dict().size(), most);
  EXPECT_EQ(value_of("one more"), "(missing)");
  dict().set(key_of("many", 0), "overwritten");
  EXPECT_TRUE(dict().erase(key_of("many", 1)));
  dict().set("one more", "value");
  EXPECT_EQ(dict().size(), most);
}

TEST_F(Limits, KilledServerIsDisconnectedAndNothingElse) {
  const std::vector<pid_t> servers = engine().server_pids();
  if (servers.empty()) GTEST_SKIP() << "no server of ours";
  struct Page {
    std::atomic<bool> ready = false;
    std::atomic<bool> killed = false;
  };
  const SharedPage<Page> page;
  Children children;
  const auto must_disconnect = [](const char* what, const std::function<void()>& call) {
    // Writes may be on their way: an engine that sends ahead says it a few calls later.
    constexpr int kCallsAhead = 10'000;
    for (int i = 0; i < kCallsAhead; ++i) {
      try {
        call();
      } catch (const Error& error) {
        require(error.code() == ErrorCode::disconnected, std::string(what) + " gave: " + error.what());
        return;
      }
    }
    throw std::runtime_error(std::string(what) + " goes on without a server");
  };
  children.fork([&] {
    const auto reading = engine().attach();
    const auto writing = engine().attach();
    reading->set("key", "value");
    writing->set("other", "value");
    Value value;
    require(reading->get("key", value), "not stored");
    page->ready = true;
    require(await([&] { return page->killed.load(); }), "nobody killed the server");
    must_disconnect("get", [&] { require(!reading->get("key", value) || value.view() == "value", "wrong data"); });
    must_disconnect("set", [&] { writing->set("other", "new"); });
    must_disconnect("get after disconnected", [&] { reading->get("key", value); });
    try {
      const auto late = engine().attach();
      late->size();
      throw std::runtime_error("attached to a dead server");
    } catch (const Error& error) {
      require(error.code() == ErrorCode::disconnected || error.code() == ErrorCode::unavailable, error.what());
    }
  });
  ASSERT_TRUE(await([&] { return page->ready.load(); }));
  for (const pid_t server : servers) kill(server, SIGKILL);
  page->killed = true;
  children.expect_success();
  destroy();
}

}  // namespace
}  // namespace dictbench::conformance
