// Programs on a variant in which versions and sequence numbers wear out after three changes, and a retired table's
// memory is used again after one further retirement: what takes thousands of operations else.
#include "tests/engines/lockfree/explorer/worn.h"

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

// The table that the reader looks at is retired, and its memory becomes a table again, as does that of the next.
TEST(ExplorerWorn, TableReusedUnderASlowReader) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{wear_out(4)}, {{get(0), get(1)}}},
                .bounds = {.preemptions = 2}});
}

// As before; the writer's hazard keeps the table.
TEST(ExplorerWorn, TableKeptForASlowWriter) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{wear_out(4)}, {{set(1, 9)}}},
                .bounds = {.preemptions = 2}});
}

TEST(ExplorerWorn, TableKeptForASlowInsert) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1)},
                .fibers = {{wear_out(4)}, {{set(1, 9)}}},
                .bounds = {.preemptions = 2}});
}

}  // namespace
}  // namespace dictbench::explorer
