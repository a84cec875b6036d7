#include "tests/engines/lockfree/explorer/running.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "engines/counter.h"
#include "engines/error.h"
#include "engines/lockfree/audit.h"

namespace dictbench::explorer {
namespace {

std::vector<Stock> stocks_of(const Program& program) {
  std::vector<Stock> stocks;
  for (const Fiber& fiber : program.fibers) stocks.push_back(fiber.stock);
  return stocks;
}

std::int64_t number_of(std::string_view text) {
  try {
    return counter_value(text);
  } catch (const std::exception&) {
    return kUnreadable;
  }
}

}  // namespace

Running::Running(const Program& program)
    : program_(program),
      table_(stocks_of(program)),
      values_(program.fibers.size() + 1),
      histories_(program.fibers.size()),
      history_check_(program) {
  for (const Fiber& fiber : program.fibers) {
    std::size_t operations = 0, counts = 0;
    for (const Step& step : fiber.steps) {
      operations += step.what == Step::What::for_each ? program.keys.size() : 1;
      counts += step.what == Step::What::size;
    }
    if (operations > kMostOperations || counts > kMostCounts) throw std::length_error("a fiber of too many steps");
  }
  for (const Step& step : program.before) {
    if (step.what == Step::What::sweep)
      table_.sweep(0);
    else if (step.what == Step::What::freeze)
      table_.freeze(0);
    else
      do_step(0, step, values_.back());
  }
  if (program.chunks) table_.limit(*program.chunks);
  for (History& history : histories_) history.shown.resize(program.keys.size());
  memory_.emplace(table_.base(), table_.bytes() / Memory::kLine * Memory::kLine, table_.used());
  scheduler_.emplace(*this, *memory_);
  owners = this;
}

Running::~Running() { owners = nullptr; }

Exploration Running::explore(const Bounds& bounds) {
  Exploration result = scheduler_->explore(bounds);
  if (!result.failure && !memory_->is_restored())
    result.failure = Failure{.what = "the explorer has not put all memory back", .schedule = {}};
  return result;
}

std::optional<Failure> Running::replay(const Schedule& schedule, Scheduler::Trace trace) {
  scheduler_->replay(schedule, program_.bounds, {});
  memory_->learn();
  return scheduler_->replay(schedule, program_.bounds, std::move(trace));
}

void Running::begin() {
  table_.attach_all();
  // What is written without the watcher's knowledge.
  lockfree::Space& space = table_.space();
  keep_table(lockfree::Space::block_of_table(space.directory(0).load()));
  for (std::uint32_t arena = 0; arena < space.root().arenas.load(); ++arena)
    for (auto at = static_cast<lockfree::Block>(space.arena(arena).retired.load()); at != 0;
         at = static_cast<lockfree::Block>(space.table_head(at).retired_next))
      keep_table(at);
  for (History& history : histories_) history.operation_count = history.count_count = history.step = 0;
}

void Running::keep_table(lockfree::Block block) { memory_->keep(memory_->word_of(table_.space().block(block))); }

// In an execution one that has ended without detaching is as dead as one that was killed. Afterwards it is left alone:
// it must have left everything in order.
bool Running::is_dead(unsigned fiber) const {
  if (fiber >= fibers() || !may_die(fiber)) return false;
  return scheduler_->was_killed(fiber) || (scheduler_->current() < fibers() && scheduler_->has_ended(fiber));
}

// --- what a fiber does ---

void Running::run(unsigned fiber) {
  for (const Step& step : program_.fibers[fiber].steps) {
    switch (step.what) {
      case Step::What::size: count(fiber); break;
      case Step::What::for_each: walk(fiber); break;
      case Step::What::sweep: table_.sweep(fiber); break;
      case Step::What::freeze: table_.freeze(fiber); break;
      case Step::What::rest: scheduler_->rest(); break;
      case Step::What::wait:
      case Step::What::attach:
      case Step::What::adopt: take_over(fiber, step); break;
      default: operate(fiber, step);
    }
    ++histories_[fiber].step;
  }
}

void Running::operate(unsigned fiber, const Step& step) {
  History& history = histories_[fiber];
  Operation& operation = history.operations[history.operation_count++];
  operation = {.begin_ns = kNotBegun, .argument = step.number, .process = fiber, .key = step.key};
  operation.kind = kind_of(step);
  scheduler_->operation_begins(&operation.begin_ns);
  Reply reply;
  const bool done = try_step(fiber, step, reply);
  const std::int64_t end = scheduler_->operation_ends();
  if (!done) {
    --history.operation_count;
    return;
  }
  answer(operation, reply);
  operation.end_ns = end;
}

// False: the segment is full, as it may be.
bool Running::try_step(unsigned fiber, const Step& step, Reply& reply) {
  try {
    reply = do_step(fiber, step, values_[fiber]);
  } catch (const Error& error) {
    if (!program_.chunks || error.code() != ErrorCode::full || step.what == Step::What::get) throw;
    return false;
  }
  return true;
}

Running::Reply Running::do_step(unsigned handle, const Step& step, Value& out) {
  lockfree::Index& index = table_.index(handle);
  const std::string& key = program_.keys[step.key];
  switch (step.what) {
    case Step::What::get:
      if (!index.get(key, out)) return {};
      return {.found = true, .number = number_of(out.view())};
    case Step::What::set: index.set(key, CounterText(step.number).view()); return {};
    case Step::What::erase: return {.found = index.erase(key)};
    case Step::What::add: {
      std::int64_t sum = 0;
      CounterText text(0);
      index.update(key, [&](std::optional<std::string_view> old) {
        sum = (old ? number_of(*old) : 0) + step.number;
        text = CounterText(sum);
        return text.view();
      });
      return {.found = true, .number = sum};
    }
    default: return {};
  }
}

void Running::answer(Operation& operation, const Reply& reply) {
  if (operation.kind == OperationKind::set) return;
  operation.outcome = reply.found ? Outcome::found : Outcome::missing;
  operation.result = reply.number;
}

void Running::count(unsigned fiber) {
  History& history = histories_[fiber];
  Count& count = history.counts[history.count_count++];
  count = {.begin = kNotBegun};
  scheduler_->operation_begins(&count.begin);
  count.items = table_.index(fiber).size();
  count.end = scheduler_->operation_ends();
}

// Every key is answered, present or missing, as by a get of the whole time that the walk took. That no key is shown
// twice follows from the map.
void Running::walk(unsigned fiber) {
  History& history = histories_[fiber];
  std::ranges::fill(history.shown, Reply{});
  history.walk_begin = kNotBegun;
  scheduler_->operation_begins(&history.walk_begin);
  const lockfree::Index::Items items = table_.index(fiber).items_of(0);
  const std::int64_t end = scheduler_->operation_ends();
  for (const auto& [key, text] : items) {
    const auto at = std::ranges::find(program_.keys, key);
    if (at == program_.keys.end()) throw std::runtime_error("for_each shows a key that nobody has set");
    history.shown[static_cast<std::size_t>(at - program_.keys.begin())] = {.found = true, .number = number_of(text)};
  }
  for (std::uint32_t key = 0; key < history.shown.size(); ++key) {
    Operation& operation = history.operations[history.operation_count++];
    operation = {.begin_ns = history.walk_begin, .end_ns = end, .process = fiber, .key = key};
    answer(operation, history.shown[key]);
  }
}

void Running::take_over(unsigned fiber, const Step& step) {
  const auto dead = static_cast<unsigned>(step.number);
  scheduler_->wait_for_end(dead);
  if (step.what == Step::What::attach && table_.attach_to(dead)) table_.attach(fiber, dead);
  const std::uint32_t own = table_.arena_of(fiber);
  if (step.what == Step::What::adopt && table_.adopt(own)) table_.attach(fiber, own);
}

// --- what is looked at afterwards ---

// Equal memory has equal faults, and a look at it takes a hundred times as long as most executions.
std::string Running::check() {
  std::uint64_t killed = 0;
  for (unsigned fiber = 0; fiber < fibers(); ++fiber) killed |= std::uint64_t{scheduler_->was_killed(fiber)} << fiber;
  const std::uint64_t hash = memory_->hash_of_changes() + killed * 0x9e3779b97f4a7c15;
  auto known = left_.find(hash);
  if (known == left_.end()) known = left_.emplace(hash, look(killed != 0)).first;
  const Left& left = known->second;
  if (left.settled == nullptr) return left.fault;
  return left.settled->fault.empty() ? history_fault(left.settled->held) : left.settled->fault;
}

// Before anybody puts in order what the dead left, intents may name blocks that are anything. All else must hold: to
// put a block in order that is in two hands could hide it.
Running::Left Running::look(bool after_kills) {
  if (!after_kills) return {.settled = &look_at_settled()};
  const std::string fault = lockfree::broken(table_.space());
  if (!fault.empty()) return {.fault = fault + ", before anybody has put in order what the dead left"};
  table_.adopt(table_.arena_of_checker());
  return {.settled = &look_at_settled()};
}

const Running::Settled& Running::look_at_settled() {
  const std::uint64_t hash = memory_->hash_of_changes();
  if (const auto known = settled_.find(hash); known != settled_.end()) return known->second;
  Settled settled;
  settled.fault = fault();
  for (unsigned key = 0; settled.fault.empty() && key < program_.keys.size(); ++key)
    settled.held.push_back(do_step(0, get(key), values_.back()));
  return settled_.emplace(hash, std::move(settled)).first->second;  // last: a look that does not end is none
}

std::string Running::fault() {
  lockfree::Space& space = table_.space();
  for (std::uint32_t arena = 0; arena < space.root().arenas.load(); ++arena) {
    const lockfree::Arena& mine = space.arena(arena);
    if (mine.fresh.load() != 0 || mine.stale.load() != 0 || mine.table.load() != 0 || mine.stale_table.load() != 0)
      return fmt::format("arena {} has an intent when all is over", arena);
    if (mine.hazard.load() != 0) return fmt::format("arena {} has a hazard when all is over", arena);
  }
  return lockfree::broken(space);
}

std::string Running::history_fault(const std::vector<Reply>& held) {
  operations_.clear();
  counts_.clear();
  for (const History& history : histories_) {
    for (std::size_t i = 0; i < history.operation_count; ++i) {
      operations_.push_back(history.operations[i]);
      if (operations_.back().begin_ns == kNotBegun) operations_.back().begin_ns = scheduler_->now();
    }
    for (std::size_t i = 0; i < history.count_count; ++i)
      if (history.counts[i].end != Operation::kOpen) counts_.push_back(history.counts[i]);
  }
  const std::int64_t end = scheduler_->now();
  for (std::uint32_t key = 0; key < held.size(); ++key) {
    operations_.push_back({.begin_ns = end, .end_ns = end + 1, .process = fibers(), .key = key});
    answer(operations_.back(), held[key]);
  }
  return history_check_.fault(operations_, counts_);
}

}  // namespace dictbench::explorer
