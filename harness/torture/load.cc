#include "harness/torture/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "workloads/random.h"

namespace dictbench::torture {
namespace {

// The first word of a value: the version, and bits that only this key has.
constexpr unsigned kVersionBits = 40;
constexpr std::uint64_t kVersionMask = (std::uint64_t{1} << kVersionBits) - 1;

std::uint64_t seed_of(const KeyId& key) { return mix64(key.slot, key.key, key.generation); }

std::uint64_t tag_of(std::uint64_t seed, std::uint64_t version) { return (seed & ~kVersionMask) | version; }

std::size_t length_of(std::uint64_t seed, std::uint64_t version, std::size_t longest) {
  constexpr unsigned kDoublings = 10;  // from 8 bytes to 8 KiB
  const std::uint64_t random = mix64(seed, version);
  const std::size_t half = kShortestValue << (random % kDoublings);
  return std::min(half + (random >> 32) % (half + 1), longest);
}

}  // namespace

std::string KeyId::text() const { return fmt::format("k{}.{}.{}", slot, key, generation); }

std::string counter_text(unsigned counter) { return fmt::format("c{}", counter); }

void make_value(const KeyId& key, std::uint64_t version, std::size_t longest, std::string& out) {
  const std::uint64_t seed = seed_of(key);
  const std::size_t length = length_of(seed, version, longest);
  out.resize((length + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t) * sizeof(std::uint64_t));
  std::uint64_t word = tag_of(seed, version);
  std::uint64_t random = mix64(seed, version, std::uint64_t{1});
  for (std::size_t at = 0; at < out.size(); at += sizeof word) {
    std::memcpy(out.data() + at, &word, sizeof word);
    word = random += kGoldenGamma;
  }
  out.resize(length);
}

std::optional<std::uint64_t> version_of(const KeyId& key, std::string_view value, std::size_t longest) {
  std::uint64_t tag = 0;
  if (value.size() < sizeof tag) return std::nullopt;
  std::memcpy(&tag, value.data(), sizeof tag);
  const std::uint64_t version = tag & kVersionMask;
  thread_local std::string expected;
  make_value(key, version, longest, expected);
  if (erases(version) || value != expected) return std::nullopt;
  return version;
}

std::optional<std::uint64_t> version_read(std::optional<std::uint64_t> found, std::uint64_t low, std::uint64_t high) {
  if (!found) found = (low + kErasing - 1) / kErasing * kErasing;
  if (*found < low || *found > high) return std::nullopt;
  return found;
}

}  // namespace dictbench::torture
