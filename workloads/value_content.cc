#include "workloads/value_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <new>

#include "workloads/key_text.h"

namespace dictbench {
namespace {

constexpr std::size_t kAlignment = 64;

// Before each slot of values with filler.
struct alignas(kAlignment) SlotHead {
  StampBytes under = {};  // what stood where the stamp at the end is now
  std::size_t end = 0;    // where that is; 0: nowhere
  std::uint8_t variant = 0;
};

// More buffers make more variants of the filler; large ones would push the engine's data out of the caches.
constexpr std::size_t kRingBytes = std::size_t{16} << 10;
constexpr std::size_t kLeastSlots = 2, kWantedSlots = 8;

constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) noexcept {
  return (bytes + unit - 1) / unit * unit;
}

std::string repeated(std::string_view text, std::size_t bytes) {
  std::string result;
  while (result.size() < bytes) result += text;
  result.resize(bytes);
  return result;
}

std::vector<std::string> group_texts(const ValueSpec& values, std::size_t bytes) {
  std::vector<std::string> texts;
  if (values.content == ContentKind::repeat)
    for (const std::string& text : values.texts) texts.push_back(repeated(text, bytes));
  return texts;
}

bool has_add(const Workload& workload) noexcept {
  return std::any_of(workload.phases.begin(), workload.phases.end(),
                     [](const Phase& phase) { return phase.mix.add > 0 && !phase.counters; });
}

std::string wrong_length(std::size_t bytes, std::string_view right) {
  return fmt::format("{} bytes instead of {}", bytes, right);
}

}  // namespace

void ValueWriter::Free::operator()(char* storage) const noexcept { std::free(storage); }

ValueWriter::ValueWriter(const Workload& workload, const Phase& phase, std::uint8_t writer, std::uint32_t alive)
    : writer_(writer), content_(phase.values.content), sizes_(phase.values, workload.seed) {
  distance_ = stamp_distance(sizes_.most());
  fixed_bytes_ = sizes_.fixed() ? sizes_.most() : 0;
  fixed_tagged_ = content_ == ContentKind::tagged && sizes_.fixed();
  only_stamp_ = fixed_tagged_ && fixed_bytes_ <= sizeof(StampBytes);
  texts_ = group_texts(phase.values, sizes_.most() + sizeof(StampBytes));  // with the padding
  // `repeat` hands out its texts and a counter is made by nobody.
  if (content_ == ContentKind::repeat || has_add(workload)) return;

  const bool filled = content_ == ContentKind::tagged && !only_stamp_;
  const std::size_t bytes = round_up(sizes_.most() + sizeof(StampBytes), sizeof(StampBytes));
  if (only_stamp_)
    slot_stride_ = sizeof(StampBytes);
  else
    slot_stride_ = filled ? round_up(sizeof(SlotHead) + bytes, kAlignment) : bytes;
  std::size_t slots = std::size_t{std::max(phase.batch, alive)} + 1;
  if (filled) slots = std::max(slots, std::clamp(kRingBytes / slot_stride_, kLeastSlots, kWantedSlots));
  storage_.reset(static_cast<char*>(std::aligned_alloc(kAlignment, round_up(slots * slot_stride_, kAlignment))));
  if (!storage_) throw std::bad_alloc();
  first_slot_ = slot_ = storage_.get();
  last_slot_ = first_slot_ + (slots - 1) * slot_stride_;
  std::memset(first_slot_, '0', slots * slot_stride_);
  if (!filled) return;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    char* const place = first_slot_ + slot * slot_stride_;
    const auto variant = static_cast<std::uint8_t>(varied(sizes_.least()) ? slot : 0);
    new (place) SlotHead{{}, 0, variant};
    for (std::size_t byte = 0; byte < bytes; byte += sizeof(std::uint64_t)) {
      const std::uint64_t word = pattern_word(writer, variant, byte / sizeof(std::uint64_t));
      std::memcpy(place + sizeof(SlotHead) + byte, &word, sizeof(word));
    }
  }
}

std::string_view ValueWriter::make_other(const Operation& operation, std::uint64_t sequence) noexcept {
  const std::size_t bytes = sizes_.choose(writer_, sequence);
  switch (content_) {
    case ContentKind::tagged: return make_tagged(operation.key_tag, sequence, bytes);
    case ContentKind::key: return make_key(operation.key(), bytes);
    case ContentKind::repeat: return std::string_view(texts_[operation.group]).substr(0, bytes);
  }
  __builtin_unreachable();
}

std::string_view ValueWriter::make_tagged(std::uint32_t tag, std::uint64_t sequence, std::size_t bytes) noexcept {
  char* const slot = next_slot();
  SlotHead& head = *std::launder(reinterpret_cast<SlotHead*>(slot));
  char* const value = slot + sizeof(SlotHead);
  const std::size_t end = bytes >= kTwoStampBytes ? bytes - kStampBytes : 0;
  if (end != head.end) {
    // Put back what the last end covered, keep what this one does. The other stamps are always at the same
    // places: where one is left from a longer value it is overwritten before it is in a value again.
    if (head.end != 0) std::memcpy(value + head.end, &head.under, sizeof(head.under));
    if (end != 0) std::memcpy(&head.under, value + end, sizeof(head.under));
    head.end = end;
  }
  const StampBytes stamp = stamp_bytes(tag, writer_, sequence, head.variant);
  for (std::size_t place = 0; place + kStampBytes <= bytes; place += distance_)
    std::memcpy(value + place, &stamp, sizeof(stamp));
  if (end != 0) std::memcpy(value + end, &stamp, sizeof(stamp));
  return {value, bytes};
}

std::string_view ValueWriter::make_key(std::string_view key, std::size_t bytes) noexcept {
  char* const slot = next_slot();
  const std::size_t copied = std::min(bytes, key.size());
  std::memcpy(slot, key.data(), copied);
  // A longer key may have been here before: at most its length is to be padded again.
  if (copied < bytes) std::memset(slot + copied, '0', bytes - copied);
  return {slot, bytes};
}

ValueChecker::ValueChecker(const Workload& workload, const Phase& phase)
    : content_(phase.values.content),
      counters_(has_add(workload)),
      sizes_(phase.values, workload.seed),
      keys_(workload.keys) {
  texts_ = group_texts(phase.values, sizes_.most());
}

std::string ValueChecker::check(std::string_view key, std::uint64_t key_number, std::string_view value) const {
  if (counters_) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc() && end == value.data() + value.size()) return {};
    return fmt::format("{} bytes that are no decimal number", value.size());
  }
  if (!sizes_.possible(value.size())) return wrong_length(value.size(), sizes_.text());
  if (content_ == ContentKind::tagged) return check_tagged(key, key_number, value);
  std::string expected;
  if (content_ == ContentKind::key) {
    expected = std::string(key.substr(0, value.size()));
    expected.resize(value.size(), '0');
  } else {
    expected = texts_[KeyTexts(keys_).group(key_number)].substr(0, value.size());
  }
  if (value == expected) return {};
  const auto differs = std::mismatch(value.begin(), value.end(), expected.begin()).first;
  return fmt::format("wrong from byte {} on", differs - value.begin());
}

std::string ValueChecker::check_tagged(std::string_view key, std::uint64_t key_number, std::string_view value) const {
  const std::uint32_t tag = key_tag(key);
  const auto [stamp, stamped_tag] = read_stamp(value.data());
  if (stamped_tag != tag) {
    if (value.size() < kTwoStampBytes) return "belongs to another key or is torn";
    const char* const last = value.data() + value.size() - kStampBytes;
    const auto differs = std::mismatch(value.data(), value.data() + kStampBytes, last).first;
    if (differs == value.data() + kStampBytes) return "belongs to another key";
    return fmt::format("torn at byte {}", differs - value.data());
  }
  if (stamp.writer == kPreloadWriter && stamp.sequence != key_number)
    return fmt::format("holds the preload's value of key number {}", stamp.sequence);
  const std::size_t bytes = sizes_.choose(stamp.writer, stamp.sequence);
  if (value.size() != bytes) return wrong_length(value.size(), fmt::format("{}", bytes));
  return compare_tagged(tag, stamp, sizes_, value);
}

std::optional<Stamp> ValueChecker::stamp(std::string_view value) const {
  if (counters_ || content_ != ContentKind::tagged || value.size() < kStampBytes) return std::nullopt;
  return read_stamp(value.data()).stamp;
}

}  // namespace dictbench
