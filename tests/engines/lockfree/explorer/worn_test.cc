// Programs on a variant in which versions and sequence numbers wear out after three changes, and a retired table's
// memory is used again after one further retirement: what takes thousands of operations else.
#include "tests/engines/lockfree/explorer/expect.h"

namespace dictbench::explorer {
namespace {

TEST(ExplorerWorn, ReaderAgainstWornVersions) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1)},
                .fibers = {{{get(0), get(0)}}, {{set(0, 2), set(0, 3), set(0, 4), set(0, 5), set(0, 6)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWorn, WriterAgainstWornVersions) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1), set(0, 2)},
                .fibers = {{{set(0, 3), set(0, 4)}}, {{set(0, 5), set(0, 6)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWorn, AddAgainstWornVersions) {
  expect_right({.keys = {"k"},
                .before = {set(0, 1), set(0, 2)},
                .fibers = {{{add(0, 3)}}, {{add(0, 5), add(0, 7)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWorn, InsertsAndErasesAgainstWornSequence) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), erase(0), set(0, 1), erase(0)},
                .fibers = {{{set(0, 2), erase(0), set(0, 3)}}, {{set(1, 4), erase(1)}}},
                .bounds = {.preemptions = 2}});
}

// The table that the reader looks at is retired, and its memory becomes a table again, twice.
TEST(ExplorerWorn, TableReusedUnderASlowReader) {
  Program program{
      .keys = keys_in_bucket(0, 2), .before = {set(0, 1), set(1, 1)}, .fibers = {}, .bounds = {.preemptions = 2}};
  program.fibers = {{{get(0), get(1)}}, {}};
  for (unsigned i = 0; i < 14; ++i) program.fibers[1].steps.push_back(set(0, 2 + i % 8));
  expect_right(program);
}

// As before; the writer's hazard keeps the table.
TEST(ExplorerWorn, TableKeptForASlowWriter) {
  Program program{
      .keys = keys_in_bucket(0, 2), .before = {set(0, 1), set(1, 1)}, .fibers = {}, .bounds = {.preemptions = 2}};
  program.fibers = {{{set(1, 9)}}, {}};
  for (unsigned i = 0; i < 12; ++i) program.fibers[1].steps.push_back(set(0, 2 + i % 7));
  expect_right(program);
}

TEST(ExplorerWorn, TableKeptForASlowInsert) {
  Program program{.keys = keys_in_bucket(0, 2), .before = {set(0, 1)}, .fibers = {}, .bounds = {.preemptions = 2}};
  program.fibers = {{{set(1, 9)}}, {}};
  for (unsigned i = 0; i < 12; ++i) program.fibers[1].steps.push_back(set(0, 2 + i % 7));
  expect_right(program);
}

}  // namespace
}  // namespace dictbench::explorer
