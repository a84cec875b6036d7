// Many processes on one dict. What must hold under any schedule is checked, not one outcome.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <random>

#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/stamped_value.h"

namespace dictbench::conformance {
namespace {

constexpr unsigned kProcesses = 4;

class Concurrency : public SharedConformance {
 protected:
  // Runs body(dict, number) in kProcesses processes, each with a dict attached after the fork, at once.
  template <typename Body>
  void in_processes(const Body& body) {
    const SharedPage<ProcessBarrier> start;
    start->init(kProcesses);
    Children children;
    for (unsigned number = 0; number < kProcesses; ++number)
      children.fork([&] {
        const auto dict = engine().attach();
        start->wait();
        body(*dict, number);
      });
    children.expect_success();
  }

  std::string own_key(unsigned process, int number) { return fmt::format("p{}-{}", process, number); }
};

TEST_F(Concurrency, DisjointKeysAreAllThere) {
  const int keys = rounds(1500);
  const auto erased = [](int i) { return i % 5 == 0; };
  in_processes([&](Dict& dict, unsigned self) {
    Value value;
    for (int i = 0; i < keys; ++i) {
      const Stamp stamp{.writer = self, .sequence = static_cast<std::uint64_t>(i)};
      dict.set(own_key(self, i), stamped_value(stamp));
      if (erased(i)) require(dict.erase(own_key(self, i)), "own key is gone");
      require(dict.get(own_key(self, i / 2), value) == !erased(i / 2), "own key is wrong");
    }
  });
  std::uint64_t expected = 0;
  Value value;
  for (unsigned process = 0; process < kProcesses; ++process) {
    for (int i = 0; i < keys; ++i) {
      ASSERT_EQ(dict().get(own_key(process, i), value), !erased(i)) << own_key(process, i);
      if (erased(i)) continue;
      ++expected;
      const Stamp stamp = read_stamp(value.view());
      ASSERT_EQ(stamp.writer, process);
      ASSERT_EQ(stamp.sequence, static_cast<std::uint64_t>(i));
    }
  }
  EXPECT_EQ(dict().size(), expected);
  if (contract().lists) {
    EXPECT_EQ(listed().size(), expected);
  }
}

TEST_F(Concurrency, SameKeysEndWithSomebodysLastWrite) {
  constexpr int kKeys = 8;
  const int writes = rounds(2000);
  in_processes([&](Dict& dict, unsigned self) {
    Value value;
    for (int i = 0; i < writes; ++i) {
      dict.set(key_of("same", i % kKeys), stamped_value({.writer = self, .sequence = static_cast<std::uint64_t>(i)}));
      if (dict.get(key_of("same", (i + self) % kKeys), value)) read_stamp(value.view());
    }
  });
  for (int key = 0; key < kKeys && key < writes; ++key) {
    const Stamp stamp = read_stamp(value_of(key_of("same", key)));
    EXPECT_LT(stamp.writer, kProcesses);
    const int last = key + (writes - 1 - key) / kKeys * kKeys;
    EXPECT_EQ(stamp.sequence, static_cast<std::uint64_t>(last)) << "an older write won for key " << key;
  }
  EXPECT_EQ(dict().size(), static_cast<std::uint64_t>(std::min(kKeys, writes)));
}

TEST_F(Concurrency, CountersAreExact) {
  if (!contract().atomic_add) GTEST_SKIP() << "no atomic add";
  constexpr int kMostAdds = 2000;
  const int adds = rounds(kMostAdds);
  struct Page {
    std::array<std::atomic<int>, kProcesses * kMostAdds + 1> given{};
  };
  const SharedPage<Page> page;
  in_processes([&](Dict& dict, unsigned) {
    for (int i = 0; i < adds; ++i) {
      const std::int64_t sum = dict.add("counter", 1);
      require(sum >= 1 && sum <= std::int64_t{kProcesses} * adds, "a sum that cannot be");
      ++page->given[static_cast<std::size_t>(sum)];
      dict.add("even", i % 2 == 0 ? 3 : -3);
    }
  });
  const int total = static_cast<int>(kProcesses) * adds;
  EXPECT_EQ(value_of("counter"), std::to_string(total));
  EXPECT_EQ(value_of("even"), std::to_string(adds % 2 == 0 ? 0 : 3 * static_cast<int>(kProcesses)));
  for (int sum = 1; sum <= total; ++sum) ASSERT_EQ(page->given[sum], 1) << "sum " << sum << " was not given once";
}

TEST_F(Concurrency, EachKeyIsErasedByOneProcessOnly) {
  if (!linearizable()) GTEST_SKIP() << "the contract promises no order across processes";
  constexpr int kMostKeys = 300;
  constexpr int kRounds = 5;
  const int keys = rounds(kMostKeys);
  struct Page {
    ProcessBarrier barrier;
    std::array<std::array<std::atomic<int>, kMostKeys>, kRounds> erased{};
  };
  const SharedPage<Page> page;
  page->barrier.init(kProcesses);
  in_processes([&](Dict& dict, unsigned self) {
    for (int round = 0; round < kRounds; ++round) {
      for (int i = static_cast<int>(self); i < keys; i += kProcesses) dict.set(key_of("erase", i), "value");
      page->barrier.wait();
      for (int i = 0; i < keys; ++i) page->erased[round][i] += dict.erase(key_of("erase", i));
      page->barrier.wait();
      require(dict.size() == 0, "a key outlived its erasure");
      page->barrier.wait();
    }
  });
  for (int round = 0; round < kRounds; ++round)
    for (int i = 0; i < keys; ++i) ASSERT_EQ(page->erased[round][i], 1) << "key " << i << " in round " << round;
}

TEST_F(Concurrency, ChurnOnSharedKeysKeepsTheCount) {
  constexpr int kKeys = 64;
  const int operations = rounds(2000);
  in_processes([&](Dict& dict, unsigned self) {
    std::mt19937_64 random(self);
    Value value;
    for (int i = 0; i < operations; ++i) {
      const std::string key = key_of("churn", random() % kKeys);
      if (random() % 2 == 0)
        dict.erase(key);
      else
        dict.set(key, stamped_value({.writer = self, .sequence = static_cast<std::uint64_t>(i)}));
      if (dict.get(key_of("churn", random() % kKeys), value)) read_stamp(value.view());
    }
  });
  std::uint64_t there = 0;
  Value value;
  for (int key = 0; key < kKeys; ++key)
    if (dict().get(key_of("churn", key), value)) {
      read_stamp(value.view());
      ++there;
    }
  EXPECT_EQ(dict().size(), there);
  if (contract().lists) {
    EXPECT_EQ(listed().size(), there);
  }
}

TEST_F(Concurrency, ReadersSeeWholeValuesThatNeverGoBack) {
  constexpr int kKeys = 4;
  const int writes = rounds(3000);
  const SharedPage<std::atomic<bool>> done;
  in_processes([&](Dict& dict, unsigned self) {
    if (self == 0) {
      for (int i = 0; i < writes; ++i)
        dict.set(key_of("read", i % kKeys), stamped_value({.writer = 0, .sequence = static_cast<std::uint64_t>(i)}));
      *done = true;
      return;
    }
    std::array<std::uint64_t, kKeys> newest{};
    std::array<bool, kKeys> seen{};
    std::array<std::string, kKeys> names;
    for (int key = 0; key < kKeys; ++key) names[key] = key_of("read", key);
    const std::vector<std::string_view> keys(names.begin(), names.end());
    std::vector<Value> values(kKeys);
    std::array<bool, kKeys> found{};
    while (!*done) {
      if (self == 1)
        dict.get_many(keys, values, found);
      else
        for (int key = 0; key < kKeys; ++key) found[key] = dict.get(keys[key], values[key]);
      for (int key = 0; key < kKeys; ++key) {
        if (linearizable()) require(found[key] || !seen[key], "a key that was there is gone");
        if (!found[key]) continue;
        const std::uint64_t sequence = read_stamp(values[key].view()).sequence;
        require(sequence % kKeys == static_cast<std::uint64_t>(key), "another key's value");
        if (linearizable()) require(sequence >= newest[key], "an older value after a newer one");
        newest[key] = sequence;
        seen[key] = true;
      }
    }
  });
}

TEST_F(Concurrency, DictAttachedEarlySeesWhatALaterOneWrites) {
  if (!linearizable()) GTEST_SKIP() << "the contract promises no order across processes";
  struct Page {
    std::atomic<bool> attached = false;
    std::atomic<bool> written = false;
    std::atomic<bool> seen = false;
  };
  const SharedPage<Page> page;
  Children children;
  children.fork([&] {
    const auto early = engine().attach();
    Value value;
    require(!early->get("key", value), "the dict is not new");
    page->attached = true;
    require(await([&] { return page->written.load(); }), "nobody wrote");
    require(early->get("key", value), "the later dict's write is not seen");
    require(read_stamp(value.view()).sequence == 7, "wrong value");
    require(early->size() == 1, "wrong size");
    page->seen = true;
  });
  children.fork([&] {
    require(await([&] { return page->attached.load(); }), "nobody attached");
    const auto late = engine().attach();
    late->set("key", stamped_value({.writer = 1, .sequence = 7}));
    page->written = true;
    // Stays attached: closing must not be what makes it visible.
    require(await([&] { return page->seen.load(); }), "the early dict did not see it");
  });
  children.expect_success();
}

TEST_F(Concurrency, TwoDictsOfOneProcessShare) {
  const auto first = engine().attach();
  auto second = engine().attach();
  first->set("a", "1");
  if (linearizable()) {
    Value value;
    ASSERT_TRUE(second->get("a", value));
    EXPECT_EQ(value.view(), "1");
  }
  second->set("b", "2");
  second.reset();  // closing one must not hurt the other
  first->set("c", "3");
  EXPECT_EQ(value_of("b"), "2");
  EXPECT_EQ(first->size(), 3u);
}

TEST_F(Concurrency, SurvivesKilledWriters) {
  if (!contract().survives_killed_writer) GTEST_SKIP() << "the contract does not promise it";
  constexpr int kKeys = 8;
  constexpr int kKills = 10;
  struct Page {
    std::atomic<std::uint64_t> acknowledged = 0;  // sequence of the last set that returned, plus 1
  };
  const SharedPage<Page> page;
  std::mt19937_64 random(1);
  std::uint64_t first = 0;
  for (int round = 0; round < kKills; ++round) {
    Children children;
    const pid_t writer = children.fork([&] {
      const auto dict = engine().attach();
      for (std::uint64_t i = first;; ++i) {
        dict->set(key_of("key", i % kKeys), stamped_value({.writer = 1, .sequence = i}));
        page->acknowledged = i + 1;
      }
    });
    const std::uint64_t enough = first + 1 + random() % static_cast<unsigned>(rounds(500));
    ASSERT_TRUE(await([&] { return page->acknowledged >= enough; }));
    children.kill(writer);
    const std::uint64_t end = page->acknowledged;
    children.fork([&] {
      const auto dict = engine().attach();
      Value value;
      for (std::uint64_t key = 0; key < kKeys; ++key) {
        if (!dict->get(key_of("key", key), value)) {
          require(!linearizable() || end <= key, "an acknowledged write is gone");
          continue;
        }
        const std::uint64_t sequence = read_stamp(value.view()).sequence;
        require(sequence % kKeys == key, "another key's value");
        require(sequence <= end, "a value that nobody wrote");
        require(!linearizable() || sequence + kKeys >= end, "an acknowledged write is gone");
      }
      dict->set("probe", "works");
      require(dict->get("probe", value) && value.view() == "works", "not usable after the kill");
      require(dict->erase("probe"), "not usable after the kill");
      require(dict->size() <= kKeys, "wrong size");
    });
    children.expect_success();
    if (HasFailure()) return;
    first = end + 1;
  }
}

}  // namespace
}  // namespace dictbench::conformance
