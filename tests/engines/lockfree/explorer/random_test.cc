// Programs that are drawn, one after the other, as long as the time lasts. Each is explored within bounds of its own.
#include <fmt/format.h>

#include <cstdlib>

#include "tests/engines/lockfree/explorer/expect.h"
#include "tests/engines/lockfree/explorer/random_program.h"

namespace dictbench::explorer {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// EXPLORER_RANDOM: the suite, one a variant of the engine. DICTBENCH_EXPLORER_SEED and
// DICTBENCH_EXPLORER_RANDOM_SECONDS choose the programs and how long they go on. The first failure ends it.
TEST(EXPLORER_RANDOM, Programs) {
  const char* const seconds_wanted = std::getenv("DICTBENCH_EXPLORER_RANDOM_SECONDS");
  const char* const seed_wanted = std::getenv("DICTBENCH_EXPLORER_SEED");
  const double seconds = seconds_wanted != nullptr ? std::strtod(seconds_wanted, nullptr) : 5;
  const std::uint64_t seed = seed_wanted != nullptr ? std::strtoull(seed_wanted, nullptr, 10) : 1;
  std::uint64_t programs = 0, finished = 0, executions = 0;
  for (const auto start = std::chrono::steady_clock::now(); seconds_since(start) < seconds && !HasFailure();) {
    Program program = random_program(seed << 32 | programs);
    program.bounds.seconds = seconds - seconds_since(start);
    const Exploration result = explore(program);
    ++programs;
    finished += result.finished;
    executions += result.abandoned;
    for (const std::uint64_t count : result.executions) executions += count;
    if (result.failure)
      ADD_FAILURE() << fmt::format("program {} of seed {}:\n{}{}", programs, seed,
                                   source_of(program, "ExplorerFound, SomeName"), report(program, *result.failure));
  }
  std::printf("             %llu programs of seed %llu, %llu of them to the end, %llu executions\n",
              static_cast<unsigned long long>(programs), static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(finished), static_cast<unsigned long long>(executions));
}

// What failed can be pasted among the other programs.
TEST(EXPLORER_RANDOM, SourceOfAProgram) {
  const Program program{.keys = {"k", std::string(40, 'l')},
                        .before = {set(0, 5), freeze()},
                        .fibers = {{{set(0, 7), for_each()}, true}, {{adopt(0), add(1, -3)}, false, Stock::none}, {{}}},
                        .bounds = {.preemptions = 1, .kills = 2},
                        .chunks = 0};
  EXPECT_EQ(source_of(program, "ExplorerFound, SomeName"),
            R"(TEST(ExplorerFound, SomeName) {
  expect_right({.keys = {"k", std::string(40, 'l')},
                .before = {set(0, 5), freeze()},
                .fibers = {{{set(0, 7), for_each()}, true}, {{adopt(0), add(1, -3)}, false, Stock::none}, {{}}},
                .bounds = {.preemptions = 1, .kills = 2},
                .chunks = 0});
}
)");
}

TEST(EXPLORER_RANDOM, OneSeedIsOneProgram) {
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    EXPECT_EQ(source_of(random_program(seed), "A, B"), source_of(random_program(seed), "A, B"));
}

}  // namespace
}  // namespace dictbench::explorer
