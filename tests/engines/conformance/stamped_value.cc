#include "tests/engines/conformance/stamped_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {

std::string stamped_value(Stamp stamp) {
  constexpr std::array<std::size_t, 6> kSizes = {24, 57, 200, 24, 1000, 6000};
  const std::size_t size = kSizes[(stamp.sequence + stamp.writer) % kSizes.size()];
  std::string value(std::min(size, subject().contract.largest_value), '\0');
  std::memcpy(value.data(), &stamp, sizeof(stamp));
  std::uint64_t filling = (stamp.writer << 40) + stamp.sequence + 1;
  for (std::size_t i = sizeof(stamp); i < value.size(); ++i) {
    filling = filling * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator
    value[i] = static_cast<char>(filling >> 56);
  }
  return value;
}

Stamp read_stamp(std::string_view value) {
  Stamp stamp;
  if (value.size() < sizeof(stamp))
    throw std::runtime_error(fmt::format("a value of {} bytes that nobody wrote", value.size()));
  std::memcpy(&stamp, value.data(), sizeof(stamp));
  if (value != stamped_value(stamp))
    throw std::runtime_error(fmt::format("torn value: {} bytes, stamped writer {}, sequence {}", value.size(),
                                         stamp.writer, stamp.sequence));
  return stamp;
}

}  // namespace dictbench::conformance
