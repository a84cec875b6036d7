#include "harness/check/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <thread>

#include "harness/check/value_text.h"
#include "harness/driver/control_page.h"
#include "workloads/random.h"

namespace dictbench {
namespace {

constexpr std::string_view kKeyPrefix = "check-";

// The end of this process's work, and what its tape shall say.
struct Leave {
  TapeState state;
  std::string why;
};

std::string told(const Error& error) { return fmt::format("{}: {}", to_string(error.code()), error.what()); }

class Recorder {
 public:
  Recorder(const RecordingPlan& plan, Tape tape, std::uint32_t process)
      : plan_(plan),
        tape_(tape),
        process_(process),
        random_(mix64(plan.seed, plan.first_key, process)),
        most_value_(std::min(plan.contract.largest_value, kLongestValueText)),
        dict_(attach()) {
    for (std::uint32_t k = 0; k < plan.keys; ++k) keys_.push_back(check_key(plan.first_key + k));
  }

  void share() {
    while (tape_.count() < plan_.share) random_operation();
    get(0);
  }

  void close() {
    constexpr int kLooks = 3;
    constexpr std::chrono::milliseconds kPause{100};
    // What a killed process had sent to a server may still take effect between two looks.
    std::string wrong;
    for (int look = 0; look < kLooks; ++look) {
      if (look > 0) std::this_thread::sleep_for(kPause);
      if (wrong = compare_listing(); wrong.empty()) break;
    }
    for (std::uint32_t k = 0; k < plan_.keys; ++k) erase(k);
    if (!wrong.empty()) throw Leave{TapeState::mismatch, wrong};
  }

 private:
  std::unique_ptr<Dict> attach() const {
    try {
      return plan_.attach();
    } catch (const Error& error) {
      throw Leave{error.code() == ErrorCode::corrupt ? TapeState::corrupt : TapeState::attach, told(error)};
    }
  }

  bool is_counter(std::uint32_t k) const { return plan_.contract.atomic_add && k % 4 == 3; }

  // Unique in the run, and readable: process 3's 17th is 3,000,000,017.
  std::int64_t next_number() {
    constexpr std::int64_t kPerProcess = 1'000'000'000;
    return process_ * kPerProcess + ++numbers_;
  }

  void random_operation() {
    const auto k = static_cast<std::uint32_t>(random_.below(plan_.keys));
    const std::uint64_t percent = random_.below(100);
    if (is_counter(k)) {
      constexpr std::uint64_t kAdds = 60, kGets = 90, kErases = 97;
      if (percent < kAdds) return add(k);
      if (percent < kGets) return get(k);
      return percent < kErases ? erase(k) : set(k);
    }
    constexpr std::uint64_t kGets = 50, kSets = 85;
    if (percent < kGets) return get(k);
    return percent < kSets ? set(k) : erase(k);
  }

  void get(std::uint32_t k) {
    record(
        k, OperationKind::get, 0,
        [&](Operation& operation) {
          const bool found = dict_->get(keys_[k], value_);
          operation.outcome = found ? Outcome::found : Outcome::missing;
        },
        [&](Operation& operation) {
          if (operation.outcome == Outcome::found) operation.result = number_of(k, value_.view());
        });
  }

  void set(std::uint32_t k) {
    const std::int64_t number = next_number();
    if (is_counter(k))
      text_ = std::to_string(number);
    else
      make_value_text(number, most_value_, text_);
    record(k, OperationKind::set, number, [&](Operation&) { dict_->set(keys_[k], text_); });
  }

  void erase(std::uint32_t k) {
    record(k, OperationKind::erase, 0, [&](Operation& operation) {
      operation.outcome = dict_->erase(keys_[k]) ? Outcome::found : Outcome::missing;
    });
  }

  void add(std::uint32_t k) {
    constexpr std::uint64_t kMostDelta = 1'000'000;  // wide, so that two sums are seldom equal by chance
    constexpr std::uint64_t kNegativeOneIn = 8;
    const auto size = static_cast<std::int64_t>(1 + random_.below(kMostDelta));
    const std::int64_t delta = random_.below(kNegativeOneIn) == 0 ? -size : size;
    record(k, OperationKind::add, delta, [&](Operation& operation) {
      operation.result = dict_->add(keys_[k], delta);
      operation.outcome = Outcome::found;
    });
  }

  std::int64_t number_of(std::uint32_t k, std::string_view text) const {
    return is_counter(k) ? number_of_counter_text(text) : number_of_value_text(text, most_value_);
  }

  // `call` is what is timed; `read` makes its answer a number afterwards.
  template <typename Call, typename Read>
  void record(std::uint32_t k, OperationKind kind, std::int64_t argument, const Call& call, const Read& read) {
    if (tape_.count() == tape_.capacity()) throw Leave{TapeState::refused, "the tape is full"};
    Operation operation;
    operation.process = process_;
    operation.key = plan_.first_key + k;
    operation.kind = kind;
    operation.argument = argument;
    tape_.begin(operation);
    try {
      call(operation);
    } catch (const Error& error) {
      refuse(error);
      return;
    }
    const std::int64_t end_ns = Tape::now();
    read(operation);
    tape_.end(operation.outcome, operation.result, end_ns);
    refusals_ = 0;
  }

  template <typename Call>
  void record(std::uint32_t k, OperationKind kind, std::int64_t argument, const Call& call) {
    record(k, kind, argument, call, [](Operation&) {});
  }

  // A refused operation took no effect. After the other errors nobody knows: it stays open.
  void refuse(const Error& error) {
    constexpr unsigned kMostInARow = 1000;
    switch (error.code()) {
      case ErrorCode::full:
      case ErrorCode::too_large:
      case ErrorCode::unsupported:
        tape_.take_back();
        if (++refusals_ == kMostInARow) throw Leave{TapeState::refused, told(error)};
        return;
      case ErrorCode::disconnected:
      case ErrorCode::timeout: throw Leave{TapeState::attach, told(error)};
      case ErrorCode::corrupt: throw Leave{TapeState::corrupt, told(error)};
      case ErrorCode::unavailable: throw Leave{TapeState::refused, told(error)};
    }
  }

  // Empty, or how size() and for_each() contradict the gets.
  std::string compare_listing() {
    std::map<std::uint32_t, std::optional<std::int64_t>> read;
    std::uint64_t there = 0;
    for (std::uint32_t k = 0; k < plan_.keys; ++k) {
      get(k);
      const Operation& answer = tape_.operations().back();
      if (answer.outcome == Outcome::found) read[k] = answer.result;
      there += answer.outcome == Outcome::found;
    }
    const std::uint64_t size = dict_->size();
    if (!plan_.contract.lists)
      return size == there ? "" : fmt::format("size() says {} keys, but gets find {}", size, there);
    std::uint64_t visits = 0;
    std::string wrong;
    std::map<std::uint32_t, bool> seen;
    dict_->for_each([&](std::string_view key, std::string_view value) {
      ++visits;
      const auto k = own_key(key);
      if (!k) return true;  // of an earlier round, whose killed process's set came late
      if (std::exchange(seen[*k], true))
        wrong = fmt::format("for_each() visits key '{}' twice", key);
      else if (!read.contains(*k))
        wrong = fmt::format("for_each() visits key '{}', which get does not find", key);
      else if (read[*k] != number_of(*k, value))
        wrong = fmt::format("for_each() shows another value of key '{}' than get", key);
      return wrong.empty();
    });
    if (!wrong.empty()) return wrong;
    for (const auto& [k, number] : read)
      if (!seen.contains(k)) return fmt::format("for_each() leaves out key '{}', which get finds", keys_[k]);
    return size == visits ? "" : fmt::format("size() says {} keys, but for_each() visits {}", size, visits);
  }

  std::optional<std::uint32_t> own_key(std::string_view key) const {
    std::uint32_t number = 0;
    if (!key.starts_with(kKeyPrefix)) return std::nullopt;
    const auto [end, error] = std::from_chars(key.data() + kKeyPrefix.size(), key.data() + key.size(), number);
    if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
    if (number < plan_.first_key || number - plan_.first_key >= plan_.keys) return std::nullopt;
    return number - plan_.first_key;
  }

  const RecordingPlan& plan_;
  Tape tape_;
  std::uint32_t process_;
  Random random_;
  std::size_t most_value_;
  std::unique_ptr<Dict> dict_;
  std::vector<std::string> keys_;
  Value value_;
  std::string text_;
  std::int64_t numbers_ = 0;
  unsigned refusals_ = 0;
};

template <typename Body>
int leave_with(Tape tape, const Body& body) {
  try {
    body();
    tape.leave(TapeState::done, "");
    return 0;
  } catch (const Leave& leave) {
    tape.leave(leave.state, leave.why);
  } catch (const std::exception& error) {  // of size(), for_each(), or the end of the dict
    tape.leave(TapeState::refused, error.what());
  }
  return 1;
}

}  // namespace

std::string check_key(std::uint32_t key) { return fmt::format("{}{}", kKeyPrefix, key); }

int record_share(const RecordingPlan& plan, Tape tape, TapeMemory::Signals& signals, std::uint32_t process) {
  return leave_with(tape, [&] {
    Recorder recorder(plan, tape, process);
    signals.ready.fetch_add(1, std::memory_order_release);
    while (signals.go.load(std::memory_order_acquire) == 0) futex_wait(signals.go, 0, 100);
    recorder.share();
    if (!plan.contract.shared_between_processes) recorder.close();
  });
}

int record_closing(const RecordingPlan& plan, Tape tape, std::uint32_t process) {
  return leave_with(tape, [&] { Recorder(plan, tape, process).close(); });
}

}  // namespace dictbench
