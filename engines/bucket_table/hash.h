// The hash of keys: 64 bits, of which every part is as good as another.
//
// Usually it is keyed with 128 random bits of the dict, which its files hold and nobody else knows: so nobody can
// choose keys that meet in one region. Unkeyed XXH3 takes fewer instructions, but keys of one hash are written down at
// once: those of 32 bytes that begin with the first 8 of XXH3's secret and end with the same 16.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "engines/keyed_hash.h"

namespace dictbench::bucket_table {

// Lies in a file's header and is the same in all files of a dict, so a hash holds while the table grows.
struct Hasher {
  enum Kind : std::uint64_t { sip = 1, xxh3 = 2 };

  HashKey key;
  Kind kind = sip;

  bool is_known() const noexcept { return kind == sip || kind == xxh3; }
  std::string_view name() const noexcept { return kind == sip ? "sip" : "xxh3"; }  // as the option hash= has it

  std::uint64_t operator()(std::string_view text) const noexcept {
    return kind == sip ? keyed_hash(key, text) : XXH3_64bits(text.data(), text.size());
  }
};

}  // namespace dictbench::bucket_table
