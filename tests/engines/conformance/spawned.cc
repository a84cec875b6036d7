// Processes that are not forked from the engine's owner attach by its address.
#include "tests/engines/conformance/spawned.h"

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>

#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"
#include "tests/engines/conformance/stamped_value.h"

namespace dictbench::conformance {
namespace {

constexpr int kKeys = 20;
constexpr int kAdds = 100;

void check_and_answer(Dict& dict) {
  Value value;
  for (int i = 0; i < kKeys; ++i) {
    require(dict.get(key_of("asked", i), value), "a key that the forked process wrote is missing");
    require(read_stamp(value.view()).sequence == static_cast<std::uint64_t>(i), "another key's value");
    dict.set(key_of("answered", i), value.view());
    require(dict.erase(key_of("asked", i)), "a key that was there could not be erased");
  }
}

void count(Dict& dict) {
  for (int i = 0; i < rounds(kAdds); ++i) dict.add("counter", 1);
}

using Spawned = SharedConformance;

TEST_F(Spawned, UnrelatedProcessReadsWritesAndErases) {
  Children children;
  children.fork([&] {
    const auto forked = engine().attach();
    for (int i = 0; i < kKeys; ++i)
      forked->set(key_of("asked", i), stamped_value({.writer = 1, .sequence = static_cast<std::uint64_t>(i)}));
  });
  children.expect_success();
  children.spawn("answer", engine().address());
  children.expect_success();
  EXPECT_EQ(dict().size(), std::uint64_t{kKeys});
  for (int i = 0; i < kKeys; ++i) EXPECT_NO_THROW(read_stamp(value_of(key_of("answered", i)))) << i;
}

TEST_F(Spawned, ForkedAndUnrelatedProcessesCountTogether) {
  if (!contract().atomic_add) GTEST_SKIP() << "no atomic add";
  Children children;
  constexpr int kEach = 2;
  for (int i = 0; i < kEach; ++i) {
    children.fork([&] { count(*engine().attach()); });
    children.spawn("count", engine().address());
  }
  children.expect_success();
  EXPECT_EQ(value_of("counter"), std::to_string(2 * kEach * rounds(kAdds)));
}

TEST_F(Spawned, WrongAddressIsAnError) {
  const EngineDescription& description = find_engine(subject().spec.name());
  EXPECT_THROW(description.attach(subject().spec, "/nonexistent/dict"), Error);
}

}  // namespace

int run_spawned(const std::string& role, const std::string& address) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    const auto dict = find_engine(subject().spec.name()).attach(subject().spec, address);
    if (role == "answer")
      check_and_answer(*dict);
    else if (role == "count")
      count(*dict);
    else
      throw std::runtime_error("no such role");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "spawned %s: %s\n", role.c_str(), error.what());
    return 1;
  }
}

}  // namespace dictbench::conformance
