// A load that visits the crash points of an engine, and what must hold after a process died at one.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "engines/shm/crash_point.h"
#include "tests/engines/make_engine.h"
#include "tests/engines/shm/child_process.h"

namespace dictbench {

inline std::vector<std::string> crash_points_of(const std::string& part) {
  std::vector<std::string> names = crash_point_names();
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with(part + "."); });
  EXPECT_FALSE(names.empty()) << part;
  return names;
}

// What the process that does the load has begun, and what was acknowledged to it. In SharedMemory.
struct CrashLedger {
  std::atomic<unsigned> sets_begun = 0, sets = 0;      // of key "i" to crash_value(i); set twice, long first
  std::atomic<unsigned> erased_begun = 0, erased = 0;  // keys below it
  std::atomic<unsigned> adds_begun = 0, adds = 0;
};

// Of many lengths, so that overwriting finds the old one too long, or too short.
inline std::string crash_value(unsigned i) { return std::string(1 + i * 37 % 900, static_cast<char>('a' + i % 26)); }

// What a load does besides in its `round`, to keys of its own.
using CrashExtra = std::function<void(Dict& dict, unsigned round)>;

// Inserts, overwrites, adds, erases, in batches too, until a crash point ends it.
[[noreturn]] inline void do_crash_load(Engine& engine, CrashLedger& ledger, const CrashExtra& extra = {}) {
  const auto dict = engine.attach();
  Value out;
  for (unsigned i = 0;; ++i) {
    ++ledger.sets_begun;
    const std::string key = std::to_string(i);
    dict->set(key, std::string(2000, 'x'));
    dict->set(key, crash_value(i));
    ++ledger.sets;
    ++ledger.adds_begun;
    dict->add("counter", 1);
    ++ledger.adds;
    dict->get(key, out);
    const std::vector<KeyValue> batch = {{"batch", "b"}};
    dict->set_many(batch);
    if (extra) extra(*dict, i);
    if (i % 4 == 3) {
      ++ledger.erased_begun;
      dict->erase(std::to_string(ledger.erased));
      ++ledger.erased;
    }
  }
}

// Every acknowledged operation is there, what was begun is there wholly or not at all, and nothing else but perhaps
// `others`.
inline void expect_whole(Engine& engine, const CrashLedger& ledger,
                         const std::vector<std::string>& others = {"batch"}) {
  const auto broken = engine.check_integrity();
  EXPECT_EQ(broken.value_or("no check"), "");
  const auto dict = engine.attach();
  Value out;
  std::uint64_t there = 0;
  for (unsigned i = 0; i < ledger.sets_begun; ++i) {
    const bool found = dict->get(std::to_string(i), out);
    there += found;
    if (i >= ledger.sets) {
      EXPECT_TRUE(!found || out.view() == crash_value(i) || out.view() == std::string(2000, 'x')) << i;
    } else {
      EXPECT_TRUE(found || i < ledger.erased_begun) << i;
      EXPECT_FALSE(found && i < ledger.erased) << i;
      EXPECT_TRUE(!found || out.view() == crash_value(i)) << i;
    }
  }
  if (dict->get("counter", out)) {
    const unsigned counted = static_cast<unsigned>(std::stoul(std::string(out.view())));
    EXPECT_GE(counted, ledger.adds);
    EXPECT_LE(counted, ledger.adds_begun);
    ++there;
  } else {
    EXPECT_EQ(ledger.adds, 0u);
  }
  for (const std::string& other : others) there += dict->get(other, out);
  EXPECT_EQ(dict->size(), there);
}

// A process that was stopped at the point, and one that ran into it meanwhile, both go on once it is continued.
inline void expect_goes_on_after_stop(Engine& engine, const std::string& point) {
  const SharedMemory<CrashLedger> ledger;
  const SharedMemory<std::atomic<unsigned>> others;
  ChildProcess stopped([&] {
    arm_crash_point(point, 1, CrashAction::stop);
    do_crash_load(engine, *ledger);
  });
  ASSERT_TRUE(await_signal(stopped, true)) << "never visited";
  ChildProcess other([&] {
    const auto dict = engine.attach();
    while (true) {
      dict->add("others", 1);
      ++*others;
    }
  });
  usleep(2'000);  // for the other to run into it
  kill(stopped.pid(), SIGCONT);
  const unsigned sets = ledger->sets, adds = *others;
  EXPECT_TRUE(await([&] { return ledger->sets > sets + 2 && *others > adds + 2; }));
}

}  // namespace dictbench
