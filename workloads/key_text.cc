#include "workloads/key_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "workloads/random.h"

namespace dictbench {
namespace {

constexpr std::size_t kMaxDigits = 20;  // of 2^64 - 1

// "000102...99": divisions by 100 are half as many.
constexpr std::array<char, 200> kDigitPairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

std::size_t digits(std::uint64_t number) noexcept {
  std::size_t count = 1;
  for (; number >= 10; number /= 10) ++count;
  return count;
}

}  // namespace

KeyFormat KeyFormat::parse(std::string_view format) {
  const auto refuse = [&](std::string_view why) {
    return std::invalid_argument(fmt::format(
        "'{}' {}; write text around one {{index}}, or {{index:013}} for 13 digits with leading zeros", format, why));
  };
  const std::size_t open = format.find('{');
  const std::size_t close = format.find('}');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) throw refuse("lacks {index}");
  KeyFormat parsed{std::string(format.substr(0, open)), std::string(format.substr(close + 1))};
  if (parsed.suffix.find_first_of("{}") != std::string::npos) throw refuse("has more than one pair of braces");
  const std::string_view field = format.substr(open + 1, close - open - 1);
  if (field != "index") {
    constexpr std::string_view kPadded = "index:0";
    const std::string_view width = field.substr(std::min(field.size(), kPadded.size()));
    const auto [end, error] = std::from_chars(width.data(), width.data() + width.size(), parsed.width);
    if (!field.starts_with(kPadded) || width.empty() || error != std::errc() || end != width.data() + width.size())
      throw refuse(fmt::format("has the unknown field {{{}}}", field));
  }
  if (parsed.width > kMaxKeyBytes ||
      parsed.prefix.size() + std::max(parsed.width, kMaxDigits) + parsed.suffix.size() > kMaxKeyBytes)
    throw std::invalid_argument(
        fmt::format("makes keys of more than {} bytes; shorten the text or the number of digits", kMaxKeyBytes));
  return parsed;
}

std::size_t KeyFormat::length(std::uint64_t index) const noexcept {
  return prefix.size() + std::max(width, digits(index)) + suffix.size();
}

std::size_t KeyFormat::write(std::uint64_t index, char* out) const noexcept {
  char text[kMaxDigits];
  char* first = text + kMaxDigits;
  for (; index >= 10; index /= 100) {
    first -= 2;
    std::memcpy(first, kDigitPairs.data() + index % 100 * 2, 2);
  }
  if (index > 0 || first == text + kMaxDigits) *--first = static_cast<char>('0' + index);
  const auto written = static_cast<std::size_t>(text + kMaxDigits - first);
  char* position = std::copy(prefix.begin(), prefix.end(), out);
  if (written < width) {
    std::memset(position, '0', width - written);
    position += width - written;
  }
  position = std::copy(first, text + kMaxDigits, position);
  return static_cast<std::size_t>(std::copy(suffix.begin(), suffix.end(), position) - out);
}

KeyTexts::KeyTexts(const KeySpec& keys) : count_(keys.count) {
  const std::uint64_t groups = keys.formats.size();
  for (const std::string& format : keys.formats) formats_.push_back(KeyFormat::parse(format));
  // Group g holds the numbers i with i * groups / count == g, so it begins at g * count / groups, rounded up.
  for (std::uint64_t group = 0; group <= groups; ++group)
    first_.push_back(count_ - part_begin(count_, groups - group, groups));
}

std::uint8_t KeyTexts::group(std::uint64_t number) const noexcept {
  if (number >= count_) return static_cast<std::uint8_t>((number - count_) % formats_.size());
  std::size_t group = 0;
  while (number >= first_[group + 1]) ++group;
  return static_cast<std::uint8_t>(group);
}

std::size_t KeyTexts::longest(std::uint64_t numbers) const noexcept {
  std::size_t most = 0;
  for (std::size_t group = 0; group < formats_.size(); ++group) {
    // Lengths grow with the index; a group's highest is its last own key or one of the inserted ones.
    const bool inserted = numbers > count_ + group;
    const std::uint64_t own = std::max(std::min(numbers, first_[group + 1]), first_[group] + 1) - first_[group];
    if (numbers > first_[group] || inserted)
      most = std::max(most, formats_[group].length(inserted ? numbers - 1 : own - 1));
  }
  return most;
}

std::string KeyTexts::text(std::uint64_t number) const {
  std::string text(longest(number + 1), '\0');
  text.resize(write(number, group(number), text.data()));
  return text;
}

WorkloadKeys::WorkloadKeys(const Workload& workload) : keys_(workload.keys), counter_count_(workload.counters.count) {
  if (counter_count_ > 0) counters_.emplace(workload.counters);
  const auto begins_a_key = [&](char byte) {
    const auto begins = [&](const KeyFormat& format) { return format.prefix.starts_with(byte); };
    return std::ranges::any_of(keys_.formats(), begins) ||
           (counters_ && std::ranges::any_of(counters_->formats(), begins));
  };
  absent_ = '~';
  while (begins_a_key(absent_) || (absent_ >= '0' && absent_ <= '9')) --absent_;
}

std::size_t WorkloadKeys::longest(const Phase& phase, std::uint64_t limit) const noexcept {
  return phase.counters ? counters_->longest(counter_count_) : keys_.longest(limit);
}

std::size_t WorkloadKeys::write(std::uint64_t number, std::uint8_t group, char* out) const noexcept {
  if (number >= kFirstAbsent) {
    const std::size_t length = keys_.write(number - kFirstAbsent, group, out);
    *out = absent_;
    return length;
  }
  return number >= kFirstCounter ? counters_->write(number - kFirstCounter, group, out)
                                 : keys_.write(number, group, out);
}

std::string WorkloadKeys::text(std::uint64_t number) const {
  if (number >= kFirstCounter && number < kFirstAbsent) return counters_->text(number - kFirstCounter);
  std::string text = keys_.text(number >= kFirstAbsent ? number - kFirstAbsent : number);
  if (number >= kFirstAbsent) text.front() = absent_;
  return text;
}

}  // namespace dictbench
