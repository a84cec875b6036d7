// A /dev/shm that is full, of our own or of others' doing: an error each time, no signal, and freed room is used again.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "engines/lockfree/create.h"
#include "tests/engines/crash_load.h"
#include "tests/engines/filling.h"

namespace dictbench {
namespace {

const std::string kValue(1'000, 'v'), kLargeValue(10'000, 'w');  // in blocks of 1,024 and of 12,288 bytes

// How many fit until it says `full`; -1 where it says something else.
int fill(Dict& dict, const std::string& value) {
  int stored = 0;
  const auto code = error_code_of([&] {
    for (; stored < 1'000'000; ++stored) dict.set(key_of(static_cast<unsigned>(stored)), value);
  });
  return code == ErrorCode::full ? stored : -1;
}

// The rest of /dev/shm, byte for byte.
void fill_the_rest() {
  std::ofstream file("/dev/shm/other");
  const std::string page(4'096, 'o');
  while (file << page << std::flush) continue;
}

TEST(LockfreeInASmallDevShm, SaysFullAgainAndAgainAndUsesWhatIsFreed) {
  expect_done_in_small_dev_shm("8M", [] {
    const auto engine = make_engine("lockfree?max=1G&partitions=16");
    const auto dict = engine->attach();
    const int stored = fill(*dict, kValue);
    if (stored < 4'000) return 1;
    fill_the_rest();
    for (int i = 0; i < 100; ++i)
      if (error_code_of([&] { dict->set("more" + std::to_string(i), kLargeValue); }) != ErrorCode::full) return 2;
    const auto other = engine->attach();
    if (other->size() != static_cast<std::uint64_t>(stored)) return 3;
    for (int i = 0; i < stored; ++i)
      if (!other->erase(key_of(static_cast<unsigned>(i)))) return 4;
    if (fill(*other, kLargeValue) < stored / 128 * 10 * 9 / 10) return 5;  // a chunk holds 128 of the ones or 10
    for (int i = 0; i < stored; ++i) other->erase(key_of(static_cast<unsigned>(i)));
    if (fill(*dict, kValue) < stored * 9 / 10) return 6;
    unlink("/dev/shm/other");
    return engine->check_integrity() == "" ? 0 : 7;
  });
}

// As if each one who gave a chunk back had been killed before he counted it.
TEST(LockfreeInASmallDevShm, FindsChunksThatNobodyCounted) {
  expect_done_in_small_dev_shm("8M", [] {
    const auto engine = make_engine("lockfree?max=1G&partitions=16");
    const auto dict = engine->attach();
    const int stored = fill(*dict, kValue);
    fill_the_rest();
    for (int i = 0; i < stored; ++i) dict->erase(key_of(static_cast<unsigned>(i)));
    dict->set("large", kLargeValue);  // what is empty has been given back now
    Segment segment = lockfree::open(engine->address());
    lockfree::Space(segment).root().spare.store(0);
    if (fill(*dict, kLargeValue) < stored / 128 * 10 * 9 / 10) return 1;
    unlink("/dev/shm/other");
    return engine->check_integrity() == "" ? 0 : 2;
  });
}

TEST(LockfreeInASmallDevShm, OthersFileInTheWayIsAnErrorFromTheFirstSet) {
  expect_done_in_small_dev_shm("8M", [] {
    const auto engine = make_engine("lockfree?max=1G&partitions=16");
    const auto dict = engine->attach();
    fill_the_rest();
    for (int i = 0; i < 50; ++i)
      if (const auto code =
              error_code_of([&] { dict->set(key_of(static_cast<unsigned>(i)), std::string(200'000, 'x')); });
          code != ErrorCode::full)
        return 1;
    unlink("/dev/shm/other");
    dict->set("now", std::string(200'000, 'x'));
    return engine->check_integrity() == "" ? 0 : 2;
  });
}

}  // namespace
}  // namespace dictbench
