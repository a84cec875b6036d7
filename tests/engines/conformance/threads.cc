// Several threads of this process on one table, each with a dict of its own: for tables that processes cannot share.
// What processes must see of each other (concurrency.cc), threads must see here.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <barrier>
#include <exception>
#include <thread>
#include <vector>

#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/stamped_value.h"

namespace dictbench::conformance {
namespace {

constexpr unsigned kThreads = 4;

class Threads : public StoringConformance {
 protected:
  void SetUp() override {
    if (!contract().shared_between_threads) GTEST_SKIP() << "the contract says nothing about threads";
    StoringConformance::SetUp();
  }

  // Runs body(dict, number) in kThreads threads, each with a dict of its own, at once; what they throw fails the test.
  template <typename Body>
  void in_threads(const Body& body) {
    std::barrier start(kThreads);
    std::array<std::exception_ptr, kThreads> thrown;
    {
      std::vector<std::jthread> threads;
      for (unsigned number = 0; number < kThreads; ++number)
        threads.emplace_back([&, number] {
          const auto dict = engine().attach();
          start.arrive_and_wait();
          try {
            body(*dict, number);
          } catch (...) {
            thrown[number] = std::current_exception();
          }
        });
    }
    for (const std::exception_ptr& error : thrown)
      if (error) std::rethrow_exception(error);
  }

  static std::string own_key(unsigned thread, int number) { return fmt::format("t{}-{}", thread, number); }
};

TEST_F(Threads, DisjointKeysAreAllThere) {
  constexpr int kKeys = 5000;
  const auto erased = [](int i) { return i % 5 == 0; };
  in_threads([&](Dict& dict, unsigned self) {
    Value value;
    for (int i = 0; i < kKeys; ++i) {
      dict.set(own_key(self, i), stamped_value({.writer = self, .sequence = static_cast<std::uint64_t>(i)}));
      if (erased(i)) require(dict.erase(own_key(self, i)), "own key is gone");
      require(dict.get(own_key(self, i / 2), value) == !erased(i / 2), "own key is wrong");
    }
  });
  Value value;
  for (unsigned thread = 0; thread < kThreads; ++thread)
    for (int i = 0; i < kKeys; ++i) {
      ASSERT_EQ(dict().get(own_key(thread, i), value), !erased(i)) << own_key(thread, i);
      if (erased(i)) continue;
      const Stamp stamp = read_stamp(value.view());
      ASSERT_EQ(stamp.writer, thread);
      ASSERT_EQ(stamp.sequence, static_cast<std::uint64_t>(i));
    }
  EXPECT_EQ(dict().size(), kThreads * kKeys * 4u / 5);
}

TEST_F(Threads, CountersAreExactAndEachSumIsGivenOnce) {
  constexpr int kAdds = 5000;
  std::vector<std::atomic<int>> given(kThreads * kAdds + 1);
  in_threads([&](Dict& dict, unsigned) {
    for (int i = 0; i < kAdds; ++i) ++given.at(static_cast<std::size_t>(dict.add("counter", 1)));
  });
  EXPECT_EQ(value_of("counter"), std::to_string(kThreads * kAdds));
  for (std::size_t sum = 1; sum < given.size(); ++sum) ASSERT_EQ(given[sum], 1) << "sum " << sum;
}

TEST_F(Threads, EachKeyIsErasedByOneThreadOnly) {
  constexpr int kKeys = 2000;
  std::vector<std::atomic<int>> erased(kKeys);
  for (int i = 0; i < kKeys; ++i) dict().set(key_of("erase", i), "value");
  in_threads([&](Dict& dict, unsigned) {
    for (int i = 0; i < kKeys; ++i) erased[static_cast<std::size_t>(i)] += dict.erase(key_of("erase", i));
  });
  for (int i = 0; i < kKeys; ++i) ASSERT_EQ(erased[static_cast<std::size_t>(i)], 1) << "key " << i;
  EXPECT_EQ(dict().size(), 0u);
}

// The table grows meanwhile: thread 1 sets new keys.
TEST_F(Threads, ReadersSeeWholeValuesThatNeverGoBack) {
  constexpr std::uint64_t kKeys = 4, kWrites = 20'000;
  std::atomic<bool> done = false;
  in_threads([&](Dict& dict, unsigned self) {
    if (self == 0) {
      for (std::uint64_t i = 0; i < kWrites; ++i)
        dict.set(key_of("read", i % kKeys), stamped_value({.writer = 0, .sequence = i}));
      done = true;
      return;
    }
    std::array<std::uint64_t, kKeys> newest{};
    Value value;
    for (std::uint64_t i = 0; !done; ++i) {
      if (self == 1) dict.set(key_of("new", i), "value");
      const std::uint64_t key = i % kKeys;
      if (!dict.get(key_of("read", key), value)) {
        require(newest[key] == 0, "a key that was there is gone");
        continue;
      }
      const std::uint64_t sequence = read_stamp(value.view()).sequence;
      require(sequence % kKeys == key, "another key's value");
      require(sequence >= newest[key], "an older value after a newer one");
      newest[key] = sequence;
    }
  });
}

TEST_F(Threads, ADictOutlivesTheOthers) {
  const auto first = engine().attach();
  auto second = engine().attach();
  second->set("a", "1");
  second.reset();
  Value value;
  ASSERT_TRUE(first->get("a", value));
  EXPECT_EQ(value.view(), "1");
}

}  // namespace
}  // namespace dictbench::conformance
