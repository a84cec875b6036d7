// Programs on a variant in which a retired table's memory is used again after two further retirements, and versions
// wear out after three changes. With a grace of one (worn_test.cc) whatever happens to a reader's table ends its grace;
// here a table may have been replaced once while its readers still believe what they read.
#include "tests/engines/lockfree/explorer/expect.h"
#include "tests/engines/lockfree/explorer/worn.h"

namespace dictbench::explorer {
namespace {

// Somebody has frozen the table and gone no further. The reader has copied one half of the value there; then the table
// is replaced, and the value's block becomes another key's. The reader copies the other half, is still in grace, and
// stops. Now the table's memory becomes a table again, and the directory names it as before.
TEST(ExplorerGrace, FrozenTableComesBackUnderASlowReader) {
  Program program{
      .keys = keys_in_bucket(0, 2), .before = {set(0, 1), freeze()}, .fibers = {}, .bounds = {.preemptions = 2}};
  std::vector<Step> steps = {set(0, 2), set(1, 3), rest()};
  for (const Step& step : wear_out(2)) steps.push_back(step);
  for (const Step& step : {sweep(), set(0, 4), set(0, 6), set(0, 7)}) steps.push_back(step);
  program.fibers = {{steps}, {{get(0)}}};
  expect_right(program);
}

TEST(ExplorerGrace, TableReusedUnderASlowReader) {
  expect_right({.keys = keys_in_bucket(0, 2),
                .before = {set(0, 1), set(1, 1)},
                .fibers = {{wear_out(4)}, {{get(0), get(1)}}},
                .bounds = {.preemptions = 2}});
}

}  // namespace
}  // namespace dictbench::explorer
