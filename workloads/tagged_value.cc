#include "workloads/tagged_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace dictbench {
namespace {

constexpr std::size_t kBlock = 256;  // compared at once; divides every stamp distance

// A whole tagged value, of which it makes one block after the other.
struct ExpectedValue {
  std::uint8_t writer, variant;
  StampBytes head;
  std::size_t distance, size;

  // Bytes [begin, end); begin is a multiple of kBlock and end - begin at most that.
  void block(std::size_t begin, std::size_t end, char* out) const {
    for (std::size_t byte = begin; byte < end; byte += sizeof(std::uint64_t)) {
      const std::uint64_t word = pattern_word(writer, variant, byte / sizeof(std::uint64_t));
      std::memcpy(out + (byte - begin), &word, std::min(sizeof(word), end - byte));
    }
    if (begin % distance == 0 && begin + kStampBytes <= size)
      std::memcpy(out, &head, std::min(sizeof(head), end - begin));
    if (size < kTwoStampBytes) return;
    const std::size_t last = size - kStampBytes;
    for (std::size_t byte = std::max(begin, last); byte < end; ++byte)
      out[byte - begin] = reinterpret_cast<const char*>(&head)[byte - last];
  }
};

}  // namespace

TaggedStamp read_stamp(const char* value) noexcept {
  std::uint64_t low = 0, high = 0;
  std::memcpy(&low, value, sizeof(low));
  std::memcpy(&high, value + sizeof(low), kStampBytes - sizeof(low));
  const Stamp stamp{static_cast<std::uint8_t>(low >> 32), low >> 40 | high << 24};
  return {stamp, static_cast<std::uint32_t>(low ^ stamp_mix(stamp.writer, stamp.sequence) >> 32)};
}

std::string compare_tagged(std::uint32_t tag, Stamp stamp, const SizeChooser& sizes, std::string_view value) {
  const auto variant = varied(sizes.least()) ? static_cast<std::uint8_t>(value[kStampBytes]) : std::uint8_t{0};
  const ExpectedValue right{stamp.writer, variant, stamp_bytes(tag, stamp.writer, stamp.sequence, variant),
                            stamp_distance(sizes.most()), value.size()};
  alignas(16) char expected[kBlock];
  for (std::size_t begin = 0; begin < value.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, value.size());
    right.block(begin, end, expected);
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
