// What the engines over hash tables in the process's own memory share: one hash for all, so that tables are compared
// and not hash functions, and one way to copy a value out.
//
// absl::Hash: it is quick on short strings, and all its bits are good, which each of the tables wants of other bits
// (absl tags by the lowest, libcuckoo by a fold of all, TBB takes buckets by the lowest). Pure functions, any thread.
//
// These tables are each of one process, and their keys are a benchmark's. absl::Hash is no hash for keys that others
// choose: all of 17 to 64 bytes that begin with the 8 bytes of its salt[1] and differ in the next 8 only have one hash,
// whatever its seed, and 32,000 of them take seconds. Who shares a dict does not know who sets its keys, and every
// process pays for them, so shared engines use a keyed hash (engines/key_hash.h).
#pragma once

#include <absl/hash/hash.h>
#include <absl/strings/string_view.h>

#include <cstring>
#include <string>
#include <string_view>

#include "engines/error.h"
#include "engines/in_process/huge_page_pool.h"
#include "engines/value.h"

namespace dictbench {

// Abseil's own transparent hash takes absl::string_view, which in Debian's build is not std::string_view. Tables that
// know `is_transparent` so find a key without making a std::string of it.
struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const noexcept {
    return absl::Hash<absl::string_view>()(absl::string_view(key.data(), key.size()));
  }
};

// What tables keep: a std::string whose text, where it is longer than 15 bytes, lies in 2 MB pages as the table does.
using PooledString = std::basic_string<char, std::char_traits<char>, HugePageAllocator<char>>;

// Any string has the room of an empty one (libstdc++: 16 bytes), so what fits into that is copied as a whole: one
// or two plain stores, where memcpy of 10 bytes makes two overlapping ones that whoever reads the value waits for.
inline void copy_out(const PooledString& from, Value& out) {
  constexpr std::size_t kRoom = std::string().capacity() + 1;
  static_assert(kRoom <= Value::kPadding);
  if (from.size() <= kRoom)
    std::memcpy(out.prepare(from.size()), from.data(), kRoom);
  else
    out.assign(from);
}

// Instead of std::bad_alloc.
inline Error process_is_full(const char* engine) {
  return {ErrorCode::full, std::string(engine) + ": the process has no memory left; store less, or see `ulimit -v`"};
}

}  // namespace dictbench
