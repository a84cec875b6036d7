#include "harness/cases/cases.h"

#include <fmt/format.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <random>

#include "engines/registry.h"
#include "harness/meters/histogram.h"
#include "harness/meters/latency_summary.h"
#include "harness/torture/child.h"

namespace dictbench {
namespace {

using torture::Child;
using torture::ChildEnd;
using torture::SharedPage;

constexpr const char* kWorkload = "ultra-cases";
constexpr const char* kVersion = "cases-1";  // in place of a workload file's hash: another number, another measurement
constexpr std::uint64_t kMostReads = 2'000;
constexpr std::size_t kValueBytes = 10;
constexpr torture::milliseconds kPatience{300'000};

// What an engine counts and tells among its facts.
struct Counters {
  static constexpr std::array kNames = {"dumps_loaded", "dumps_written"};
  std::array<std::uint64_t, kNames.size()> counts{};
  std::array<bool, kNames.size()> known{};

  static Counters of(const Engine& engine) {
    Counters counters;
    for (const auto& [name, value] : engine.facts())
      for (std::size_t i = 0; i < kNames.size(); ++i)
        if (name == kNames[i]) {
          counters.counts[i] = std::stoull(value);
          counters.known[i] = true;
        }
    return counters;
  }
};

// Writer and reader take turns: even numbers are the writer's.
struct Page {
  std::atomic<std::uint64_t> turn = 0;
  std::atomic<bool> done = false;
  std::uint64_t key = 0, value = 0;  // what the reader is to find; written in the writer's turn
  std::uint64_t reads = 0;
  double read_ns = 0, written_ns = 0;
  Counters first, last;  // after the first read, which has loaded what was there, and after the last
  Histogram latency;
};

std::string key_text(std::uint64_t number) { return fmt::format("key{:013}", number); }
std::string value_text(std::uint64_t number) { return fmt::format("{:0{}}", number, kValueBytes); }

// False: the other has ended it.
bool await_turn(const Page& page, std::uint64_t turn) {
  while (page.turn.load(std::memory_order_acquire) < turn) {
    if (page.done.load(std::memory_order_acquire)) return false;
    sched_yield();
  }
  return true;
}

std::string write_rounds(Dict& dict, const Case& what, Page& page, const TickClock& clock) {
  std::mt19937_64 random(what.updates + 1);
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < what.items; ++i) keys.push_back(key_text(i));
  for (const std::string& key : keys) dict.set(key, value_text(0));
  Value ignored;
  dict.get(keys.front(), ignored);  // so that the writer has loaded what it needs before anything is counted
  std::uint64_t sequence = 0;
  for (std::uint64_t round = 0; await_turn(page, 2 * round); ++round) {
    page.key = random() % what.items;
    if (what.updates == 0) page.key = 0;  // never written again: its value stays that of the preload
    const std::uint64_t begin = clock.now();
    for (std::uint64_t i = 0; i < what.updates; ++i) {
      const std::uint64_t key = i + 1 == what.updates ? page.key : random() % what.items;
      dict.set(keys[key], value_text(++sequence));
    }
    if (round > 0) page.written_ns += clock.to_ns(clock.now() - begin);
    page.value = sequence;
    page.turn.store(2 * round + 1, std::memory_order_release);
  }
  return {};
}

// What was wrong, or empty.
std::string read_rounds(const Engine& engine, Dict& dict, double seconds, Page& page, const TickClock& clock) {
  Value value;
  const std::int64_t deadline = monotonic_ns() + static_cast<std::int64_t>(seconds * 1e9);
  for (std::uint64_t round = 0; await_turn(page, 2 * round + 1); ++round) {
    const std::string key = key_text(page.key);
    const std::uint64_t before = clock.now_in_order();
    const bool found = dict.get(key, value);
    const double ns = clock.to_ns(clock.now_in_order() - before);
    if (!found || value.view() != value_text(page.value))
      return fmt::format("read {} for {}, {} was set before", found ? value.view() : "nothing", key,
                         value_text(page.value));
    if (round == 0) {
      page.first = Counters::of(engine);
    } else {
      page.latency.record(static_cast<std::uint64_t>(ns));
      page.read_ns += ns;
      ++page.reads;
    }
    if (page.reads >= kMostReads || (page.reads >= kLeastReads && monotonic_ns() > deadline)) break;
    page.turn.store(2 * round + 2, std::memory_order_release);
  }
  page.last = Counters::of(engine);
  return {};
}

CellRecord blank(const Case& what, const std::string& run_id) {
  CellRecord record;
  record.run_id = run_id;
  record.engine = parse_engine_spec(what.engine).text();
  record.workload = kWorkload;
  record.workload_hash = kVersion;
  record.phase = fmt::format("{} items, {} updates", what.items, what.updates);
  record.processes = 2;
  record.repetition = what.repetition;
  record.verified = "not done: the run did not end";
  record.status = "invalid: the run did not end";
  record.engine_facts = {{"items", std::to_string(what.items)}, {"updates", std::to_string(what.updates)}};
  return record;
}

void run_rounds(Engine& engine, const Case& what, const CasesOptions& options, const TickClock& clock,
                CellRecord& record) {
  const SharedPage<Page> page;
  Child writer([&] {
    const auto dict = engine.attach();
    return write_rounds(*dict, what, *page, clock);
  });
  Child reader([&] {
    if (!await_turn(*page, 1)) return std::string();
    const auto dict = engine.attach();
    std::string wrong = read_rounds(engine, *dict, options.seconds, *page, clock);
    page->done.store(true, std::memory_order_release);
    return wrong;
  });
  const ChildEnd read = reader.finish(kPatience);
  page->done.store(true, std::memory_order_release);
  const ChildEnd written = writer.finish(kPatience);
  if (!read.ok() || !written.ok()) {
    record.status = read.ok() ? fmt::format("invalid: the writer {}", written.trouble)
                              : fmt::format("invalid: the reader {}", read.trouble);
    return;
  }
  if (!read.text.empty()) {
    record.verified = fmt::format("failed: {}", read.text);
    record.status = "invalid: verification failed";
    return;
  }
  record.ops = page->reads;
  record.elapsed_s = page->read_ns * 1e-9;
  record.ops_per_s = static_cast<double>(page->reads) / record.elapsed_s;
  record.latency_ns = latency_summary(page->latency, 1);
  for (std::size_t i = 0; i < Counters::kNames.size(); ++i)
    if (page->last.known[i])
      record.engine_facts.emplace_back(Counters::kNames[i],
                                       std::to_string(page->last.counts[i] - page->first.counts[i]));
  record.engine_facts.emplace_back("written_ns", fmt::format("{:.0f}", page->written_ns));
  const StorageBytes storage = engine.storage_bytes();
  record.memory.items = what.items;
  record.memory.storage_bytes = storage.in_use;
  record.memory.storage_length_bytes = storage.length;
  record.verified_keys = page->reads;
  record.verified = "ok";
  record.status = "ok";
}

}  // namespace

CellRecord measure_case(const Case& what, const CasesOptions& options, const std::string& run_id,
                        const TickClock& clock) {
  CellRecord record = blank(what, run_id);
  const Spec spec = parse_engine_spec(what.engine);
  const EngineDescription& description = find_engine(spec.name());
  const Contract contract = description.contract(spec);
  if (description.missing != nullptr)
    if (const auto reason = description.missing(spec)) record.status = fmt::format("unavailable: {}", *reason);
  if (!contract.stores || !contract.shared_between_processes || contract.consistency != Consistency::linearizable)
    record.status = "unavailable: its processes need not see what others have written";
  if (record.status.starts_with("unavailable")) return record;
  try {
    const auto engine = description.create(spec, {.key_bytes = key_text(0).size(), .value_bytes = kValueBytes});
    run_rounds(*engine, what, options, clock, record);
  } catch (const Error& error) {
    record.status = fmt::format("invalid: {}: {}", to_string(error.code()), error.what());
  }
  return record;
}

}  // namespace dictbench
