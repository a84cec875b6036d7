#include "workloads/tagged_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace dictbench {
namespace {

// Bytes [begin, end) of a tagged value of `size` bytes, for begin a multiple of kStampEvery and end - begin at most
// that.
void expected_block(std::uint32_t tag, Stamp stamp, std::size_t size, std::size_t begin, std::size_t end, char* out) {
  const StampBytes head = stamp_bytes(tag, stamp.writer, stamp.sequence);
  const std::size_t place = begin + variant(stamp.sequence) * kStampEvery;
  for (std::size_t byte = 0; byte < end - begin; byte += sizeof(std::uint64_t)) {
    const std::uint64_t word = pattern_word(stamp.writer, (place + byte) / sizeof(std::uint64_t));
    std::memcpy(out + byte, &word, std::min(sizeof(word), end - begin - byte));
  }
  if (begin + kStampBytes <= size) std::memcpy(out, &head, std::min(sizeof(head), end - begin));
  if (size < kTwoStampBytes) return;
  for (std::size_t byte = std::max(begin, size - kStampBytes); byte < end; ++byte)
    out[byte - begin] = reinterpret_cast<const char*>(&head)[byte - (size - kStampBytes)];
}

}  // namespace

TaggedStamp read_stamp(const char* value) noexcept {
  std::uint64_t low = 0, high = 0;
  std::memcpy(&low, value, sizeof(low));
  std::memcpy(&high, value + sizeof(low), kStampBytes - sizeof(low));
  const Stamp stamp{static_cast<std::uint8_t>(low >> 32), low >> 40 | high << 24};
  return {stamp, static_cast<std::uint32_t>(low ^ stamp_mix(stamp.writer, stamp.sequence) >> 32)};
}

std::string compare_tagged(std::uint32_t tag, Stamp stamp, std::string_view value) {
  alignas(16) char expected[kStampEvery];
  for (std::size_t begin = 0; begin < value.size(); begin += kStampEvery) {
    const std::size_t end = std::min(begin + kStampEvery, value.size());
    expected_block(tag, stamp, value.size(), begin, end, expected);
    if (std::memcmp(expected, value.data() + begin, end - begin) == 0) continue;
    const auto differs = std::mismatch(expected, expected + (end - begin), value.data() + begin).first;
    return fmt::format("torn at byte {}", begin + static_cast<std::size_t>(differs - expected));
  }
  return {};
}

SizeChooser::SizeChooser(const ValueSpec& values, std::uint64_t seed) : seed_(mix64(seed, 0x73697a65)) {
  double sum = 0;
  for (const SizeChoice& choice : values.sizes) sum += choice.weight;
  double reached = 0;
  for (const SizeChoice& choice : values.sizes) {
    reached += choice.weight;
    if (choice.weight > 0) choices_.push_back({static_cast<std::uint64_t>(reached / sum * 0x1p53), choice.bytes});
  }
  const auto by_bytes = [](const Choice& a, const Choice& b) { return a.bytes < b.bytes; };
  const auto [least, most] = std::minmax_element(choices_.begin(), choices_.end(), by_bytes);
  least_ = least->bytes;
  most_ = most->bytes;
}

bool SizeChooser::possible(std::size_t bytes) const noexcept {
  return std::any_of(choices_.begin(), choices_.end(), [&](const Choice& choice) { return choice.bytes == bytes; });
}

std::size_t SizeChooser::choose(std::uint8_t writer, std::uint64_t sequence) const noexcept {
  if (fixed()) return least_;
  const std::uint64_t hash = mix64(seed_ ^ (sequence << 8 | writer)) >> 11;
  const auto above = [](std::uint64_t value, const Choice& choice) { return value < choice.limit; };
  return std::upper_bound(choices_.begin(), choices_.end(), hash, above)->bytes;
}

std::string SizeChooser::text() const {
  if (fixed()) return fmt::format("{}", least_);
  if (choices_.size() == 2) return fmt::format("{} or {}", least_, most_);
  return fmt::format("one of {} lengths from {} to {}", choices_.size(), least_, most_);
}

}  // namespace dictbench
