// A hash map of strings in a process's own memory: what `local` is, and what an engine of private replicas keeps.
// Abseil's flat_hash_map, searched by string_view. As any container: one thread at a time.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "engines/value.h"

namespace dictbench {

// Abseil's own transparent hash and equality take absl::string_view, which in Debian's build is not std::string_view.
struct FlatMapHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const noexcept {
    return absl::Hash<absl::string_view>()(absl::string_view(key.data(), key.size()));
  }
};

using FlatMap = absl::flat_hash_map<std::string, std::string, FlatMapHash, std::equal_to<>>;

// Any string has the room of an empty one (libstdc++: 16 bytes), so what fits into that is copied as a whole: one
// or two plain stores, where memcpy of 10 bytes makes two overlapping ones that whoever reads the value waits for.
inline void copy_value(const std::string& from, Value& out) {
  constexpr std::size_t kRoom = std::string().capacity() + 1;
  static_assert(kRoom <= Value::kPadding);
  if (from.size() <= kRoom)
    std::memcpy(out.prepare(from.size()), from.data(), kRoom);
  else
    out.assign(from);
}

}  // namespace dictbench
