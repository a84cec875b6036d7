#include "harness/verify/readback.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "workloads/expectation.h"

namespace dictbench {
namespace {

// SplitMix64's finaliser (G. Steele).
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

class Reader {
 public:
  Reader(Dict& dict, const Expectation& expected)
      : dict_(dict), expected_(expected), values_(kBatch), found_(std::make_unique<bool[]>(kBatch)) {}

  // Empty, or what is wrong with one of these keys.
  std::string check(const std::vector<std::uint64_t>& numbers) {
    texts_.clear();
    keys_.clear();
    for (const std::uint64_t number : numbers) texts_.push_back(expected_.key(number));
    keys_.assign(texts_.begin(), texts_.end());
    dict_.get_many(keys_, {values_.data(), keys_.size()}, {found_.get(), keys_.size()});
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const bool wanted = expected_.present(numbers[i]);
      if (wanted && !found_[i]) return fmt::format("key '{}' is lost", texts_[i]);
      if (!wanted && found_[i]) return fmt::format("key '{}' was erased but is there", texts_[i]);
      if (!wanted) continue;
      if (const std::string wrong = expected_.check(numbers[i], values_[i].view()); !wrong.empty())
        return fmt::format("key '{}': {}", texts_[i], wrong);
    }
    return {};
  }

  static constexpr std::size_t kBatch = 32;  // values may have a MiB each

 private:
  Dict& dict_;
  const Expectation& expected_;
  std::vector<std::string> texts_;
  std::vector<std::string_view> keys_;
  std::vector<Value> values_;
  std::unique_ptr<bool[]> found_;
};

}  // namespace

Readback read_back(Dict& dict, const Workload& workload, unsigned processes,
                   const std::vector<std::vector<std::uint64_t>>& executed) {
  const Expectation expected(workload, processes, executed);
  Readback readback{.items = expected.items()};
  try {
    if (const std::uint64_t size = dict.size(); size != expected.items()) {
      readback.wrong = fmt::format("it holds {} keys instead of {}", size, expected.items());
      return readback;
    }
    Reader reader(dict, expected);
    const std::uint64_t step = std::max<std::uint64_t>(1, expected.keys() / kMostKeys);
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t number = 0; number < expected.keys(); number += step) {
      // One of each stretch, not always its first: a fault that strikes every so many keys could hide between.
      numbers.push_back(std::min(number + mixed(number) % step, expected.keys() - 1));
      if (numbers.size() < Reader::kBatch && number + step < expected.keys()) continue;
      readback.wrong = reader.check(numbers);
      if (!readback.wrong.empty()) return readback;
      readback.keys += numbers.size();
      numbers.clear();
    }
  } catch (const Error& error) {
    const bool gone = error.code() == ErrorCode::disconnected || error.code() == ErrorCode::timeout;
    (gone ? readback.not_done : readback.wrong) =
        fmt::format("reading back failed: {}: {}", to_string(error.code()), error.what());
  }
  return readback;
}

}  // namespace dictbench
