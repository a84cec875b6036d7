// The hash of a dict's keys: 64 bits, of which every part is as good as another, and the option `hash` that chooses it.
// Lies in shared memory or a file's header as it is, so all processes of a dict have the same.
//
// Usually it is keyed with 128 random bits that the dict draws when it is made. So nobody can choose keys that meet, in
// one bucket or in one hash: multilinear by a theorem about keys chosen beforehand (multilinear_hash.h), sip also
// against who can watch the dict. XXH3 and absl::Hash have keys of one hash that can be written down at once, whatever
// the seed: a factor that is made zero takes the seed out of the product. For XXH3 those of 32 bytes that begin with
// the first 8 of its secret and end with the same 16.
//
// Pure functions on little-endian machines; any thread.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdint>
#include <string_view>

#include "engines/hash_key.h"
#include "engines/multilinear_hash.h"
#include "engines/siphash.h"
#include "engines/spec.h"

namespace dictbench {

class KeyHash {
 public:
  enum class Kind : std::uint64_t { sip = 1, xxh3 = 2, multilinear = 3 };

  explicit KeyHash(Kind kind = Kind::multilinear, const HashKey& key = {}) noexcept
      : kind_(kind), key_(key), multilinear_(key) {}

  // As the option says, with a key of its own. Throws Error(unavailable) as HashKey::random() does.
  static KeyHash of(const Spec& spec);
  static OptionRule option();

  // False of bytes that no version of ours wrote.
  bool is_known() const noexcept { return kind_ >= Kind::sip && kind_ <= Kind::multilinear; }
  bool is_keyed() const noexcept { return kind_ != Kind::xxh3; }
  std::string_view name() const noexcept;  // as the option has it

  std::uint64_t operator()(std::string_view text) const noexcept {
    if (kind_ == Kind::multilinear) [[likely]]
      return multilinear_(text);
    return kind_ == Kind::sip ? siphash(key_, text) : XXH3_64bits(text.data(), text.size());
  }

 private:
  Kind kind_;
  HashKey key_;
  MultilinearHash multilinear_;
};

}  // namespace dictbench
