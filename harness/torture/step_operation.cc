#include "harness/torture/step_operation.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dictbench::torture {
namespace {

using Keys = std::array<std::string, kOwnKeys>;

// What a walk is shown, kept as it comes: whether it is right is looked at behind the operation.
class Walk {
 public:
  // Only addresses: what is not used costs no memory.
  Walk() {
    bytes_.reserve(kMostBytes);
    sizes_.reserve(kMostItems);
  }

  bool visit(std::string_view key, std::string_view value) {
    if (sizes_.size() == kMostItems || bytes_.size() + key.size() + value.size() > kMostBytes) return false;
    bytes_.insert(bytes_.end(), key.begin(), key.end());
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    sizes_.emplace_back(key.size(), value.size());
    return true;
  }

  void clear() {
    bytes_.clear();
    sizes_.clear();
  }

  template <typename Take>
  void each(const Take& take) const {
    std::string_view rest(bytes_.data(), bytes_.size());
    for (const auto& [key, value] : sizes_) {
      take(rest.substr(0, key), rest.substr(key, value));
      rest.remove_prefix(key + value);
    }
  }

 private:
  static constexpr std::size_t kMostBytes = 64 << 20, kMostItems = 1 << 16;

  std::vector<char> bytes_;
  std::vector<std::pair<std::size_t, std::size_t>> sizes_;
};

class Performer {
 public:
  Performer(Dict& dict, const Trial& trial) : dict_(dict), trial_(trial) {}

  // The next one will be on these keys.
  void aim(const Keys& keys, std::string value) {
    keys_ = keys;
    for (unsigned own = 0; own < kOwnKeys; ++own) views_[own] = keys_[own];
    value_ = std::move(value);
    walk_.clear();
  }

  void perform() {
    switch (trial_.operation) {
      case Operation::get: found_[0] = dict_.get(views_[0], values_[0]); break;
      case Operation::overwrite:
      case Operation::insert: dict_.set(views_[0], value_); break;
      case Operation::erase: number_ = dict_.erase(views_[0]) ? 1 : 0; break;
      case Operation::add: number_ = dict_.add(views_[0], kOwnDelta); break;
      case Operation::size: number_ = static_cast<std::int64_t>(dict_.size()); break;
      case Operation::for_each: dict_.for_each(visitor_); break;
      case Operation::get_many: number_ = static_cast<std::int64_t>(dict_.get_many(views_, values_, found_)); break;
    }
  }

  void tell(Answer& answer) const {
    for (unsigned own = 0; own < kOwnKeys; ++own)
      if (found_[own]) answer.states[own] = trial_.state_of(own, values_[own].view());
    if (trial_.operation == Operation::erase || trial_.operation == Operation::add) answer.states[0] = number_;
    answer.number = static_cast<std::uint64_t>(number_);
    walk_.each([&](std::string_view key, std::string_view value) { see(key, value, answer); });
  }

 private:
  void see(std::string_view key, std::string_view value, Answer& answer) const {
    const unsigned tracked = trial_.tracked_of(key);
    if (tracked == kTracked) {
      // One of the new keys, whose values tell whose they are.
      if (value.starts_with(key)) return;
      const std::string text = fmt::format("{} bytes as the value of '{}'", value.size(), key.substr(0, 40));
      answer.strange[text.copy(answer.strange.data(), answer.strange.size() - 1)] = '\0';
      return;
    }
    Seen& seen = answer.seen[tracked];
    if (seen.times < seen.states.size()) seen.states[seen.times] = trial_.state_of(tracked, value);
    ++seen.times;
  }

  Dict& dict_;
  const Trial& trial_;
  Keys keys_;
  std::array<std::string_view, kOwnKeys> views_;
  std::string value_;
  std::array<Value, kOwnKeys> values_;
  std::array<bool, kOwnKeys> found_{};
  std::int64_t number_ = 0;
  Walk walk_;
  const Visitor visitor_ = [this](std::string_view key, std::string_view value) { return walk_.visit(key, value); };
};

}  // namespace

void make_operation(Dict& dict, StepPage& page, SteppedProcess::Marks& marks) {
  const Trial& trial = page.trial;
  Keys keys;
  for (unsigned own = 0; own < kOwnKeys; ++own) keys[own] = trial.key(own);
  Keys warm = keys;
  warm[0] = trial.spare_key();
  Performer performer(dict, trial);

  constexpr const char* kNumber = "1";  // any value may be this, a counter must be a number
  dict.set(warm[0], kNumber);
  performer.aim(warm, kNumber);
  performer.perform();
  dict.erase(warm[0]);

  performer.aim(keys, trial.text_of(0, kOwnVersion));
  std::optional<Error> refused;
  marks.begin();
  try {
    performer.perform();
  } catch (const Error& error) {
    refused = error;
  }
  marks.end();
  page.answer.calls_before = page.begun.load();
  page.answer.new_before = page.new_begun.load();
  if (refused)
    page.answer.refusal.put(*refused);
  else
    performer.tell(page.answer);
}

}  // namespace dictbench::torture
