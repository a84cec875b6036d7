// The hash of keys: SipHash-1-3 of 64 bits, of which every part is as good as another, with a key that each dict draws
// when it is made. So nobody can choose keys that make every search of the index a long one.
#pragma once

#include <cstdint>
#include <string_view>

#include "engines/keyed_hash.h"

namespace dictbench::blob {

// The zero key is for a block that no dict holds.
inline std::uint64_t hash_of(std::string_view text, const HashKey& key = {}) noexcept { return keyed_hash(key, text); }

}  // namespace dictbench::blob
