#include "harness/verify/readback.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "harness/verify/walk_check.h"
#include "workloads/expectation.h"
#include "workloads/random.h"

namespace dictbench {
namespace {

// A last character that no key of the workload has.
char foreign_ending(const Workload& workload) {
  for (const char ending : std::string_view("~!#%+=@^_"))
    if (std::ranges::none_of(workload.keys.formats, [&](const auto& format) { return format.ends_with(ending); }))
      return ending;
  return '~';
}

// Reads batches in which one key never was, and one key of each once more by itself.
class Reader {
 public:
  Reader(Dict& dict, const Workload& workload, const Expectation& expected)
      : dict_(dict),
        expected_(expected),
        seed_(workload.seed),
        ending_(foreign_ending(workload)),
        values_(kBatch + 1),
        found_(std::make_unique<bool[]>(kBatch + 1)) {}

  // Empty, or what is wrong with one of these keys.
  std::string check(std::vector<std::uint64_t>& numbers) {
    texts_.clear();
    keys_.clear();
    const std::size_t foreign = mix64(seed_, numbers[0]) % numbers.size();
    numbers.insert(numbers.begin() + static_cast<std::ptrdiff_t>(foreign), kForeign);
    for (const std::uint64_t number : numbers) texts_.push_back(number == kForeign ? "" : expected_.key(number));
    texts_[foreign] = texts_[foreign + 1];
    texts_[foreign].back() = ending_;
    keys_.assign(texts_.begin(), texts_.end());
    const std::size_t told = dict_.get_many(keys_, {values_.data(), keys_.size()}, {found_.get(), keys_.size()});
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (std::string wrong = check_one(numbers[i], texts_[i], found_[i], values_[i].view()); !wrong.empty())
        return wrong;
    const auto hits = static_cast<std::size_t>(std::count(found_.get(), found_.get() + keys_.size(), true));
    if (told != hits) return fmt::format("get_many() says that it found {} keys where it found {}", told, hits);
    for (const std::size_t single : {foreign, mix64(seed_, numbers.back()) % numbers.size()}) {
      const bool found = dict_.get(texts_[single], value_);
      std::string wrong = check_one(numbers[single], texts_[single], found, value_.view());
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  static constexpr std::size_t kBatch = 32;  // values may have a MiB each

 private:
  static constexpr std::uint64_t kForeign = UINT64_MAX;

  std::string check_one(std::uint64_t number, const std::string& text, bool found, std::string_view value) const {
    if (number == kForeign) return found ? fmt::format("key '{}' is there, which nobody wrote", text) : std::string();
    const bool wanted = expected_.present(number);
    if (wanted && !found) return fmt::format("key '{}' is lost", text);
    if (!wanted && found) return fmt::format("key '{}' was erased but is there", text);
    if (!wanted) return {};
    const std::string wrong = expected_.check(number, value);
    return wrong.empty() ? wrong : fmt::format("key '{}': {}", text, wrong);
  }

  Dict& dict_;
  const Expectation& expected_;
  std::uint64_t seed_;
  char ending_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> keys_;
  std::vector<Value> values_;
  std::unique_ptr<bool[]> found_;
  Value value_;
};

std::string check_size(Dict& dict, std::uint64_t items) {
  const std::uint64_t size = dict.size();
  return size == items ? std::string() : fmt::format("it holds {} keys instead of {}", size, items);
}

std::string check_keys(Dict& dict, const Contract& contract, const Workload& workload, const Expectation& expected,
                       std::uint64_t& read) {
  Reader reader(dict, workload, expected);
  const std::uint64_t step =
      contract.needs_server ? std::max<std::uint64_t>(1, expected.keys() / kMostKeys) : std::uint64_t{1};
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t number = 0; number < expected.keys(); number += step) {
    // One of each stretch, not always its first: a fault that strikes every so many keys could hide between.
    numbers.push_back(std::min(number + mix64(workload.seed, number) % step, expected.keys() - 1));
    if (numbers.size() < Reader::kBatch && number + step < expected.keys()) continue;
    read += numbers.size();
    if (std::string wrong = reader.check(numbers); !wrong.empty()) return wrong;
    numbers.clear();
  }
  return {};
}

// Errors of the dict become part of the result.
template <typename Read>
void guarded(Readback& readback, Read read) {
  try {
    readback.wrong = read();
  } catch (const Error& error) {
    const bool gone = error.code() == ErrorCode::disconnected || error.code() == ErrorCode::timeout;
    (gone ? readback.not_done : readback.wrong) =
        fmt::format("reading back failed: {}: {}", to_string(error.code()), error.what());
  }
}

}  // namespace

Readback read_back(Dict& dict, const Contract& contract, const Workload& workload, unsigned processes,
                   const std::vector<std::vector<std::uint64_t>>& executed) {
  const Expectation expected(workload, processes, executed);
  Readback readback{.items = expected.items()};
  guarded(readback, [&] {
    std::string wrong = check_size(dict, expected.items());
    if (wrong.empty()) wrong = check_keys(dict, contract, workload, expected, readback.keys);
    const bool walks = contract.lists && (!contract.needs_server || expected.items() <= kMostKeys);
    if (wrong.empty() && walks) wrong = check_walk(dict, expected, contract.ordered);
    const bool scans =
        contract.ordered && std::ranges::any_of(workload.phases, [](const Phase& phase) { return phase.mix.scan > 0; });
    return wrong.empty() && scans ? check_scans(dict, expected, workload.seed) : wrong;
  });
  return readback;
}

Readback recount(Dict& dict, std::uint64_t items) {
  Readback readback{.items = items};
  guarded(readback, [&] { return check_size(dict, items); });
  return readback;
}

}  // namespace dictbench
