// The key's hash. Widening multiplications whose halves are folded together, as in wyhash (Wang Yi,
// "wyhash", final version 4): 16 bytes a step.
#include <algorithm>
#include <cstring>

#include "workloads/random.h"
#include "workloads/value_content.h"

namespace dictbench {
namespace {

constexpr std::uint64_t kFirst = 0xa0761d6478bd642f, kSecond = 0xe7037ed1a0b428db;  // odd, half of their bits set

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const Uint128 product = static_cast<Uint128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* from, std::size_t bytes) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, bytes);
  return word;
}

}  // namespace

std::uint32_t key_tag(std::string_view key) noexcept {
  const char* data = key.data();
  std::size_t left = key.size();
  std::uint64_t hash = kFirst ^ key.size();
  for (; left >= 16; left -= 16, data += 16) hash = fold(load(data, 8) ^ kSecond, load(data + 8, 8) ^ hash);
  if (left > 0) {
    const std::uint64_t low = load(data, std::min<std::size_t>(left, 8));
    const std::uint64_t high = left > 8 ? load(data + 8, left - 8) : 0;
    hash = fold(low ^ kSecond, high ^ hash);
  }
  hash = fold(hash ^ kFirst, kSecond);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

}  // namespace dictbench
