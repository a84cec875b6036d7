// The hash of keys: XXH3 of 64 bits, of which every part is as good as another.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

namespace dictbench::blob {

inline std::uint64_t hash_of(std::string_view key) noexcept { return XXH3_64bits(key.data(), key.size()); }

}  // namespace dictbench::blob
