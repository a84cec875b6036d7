// The hash map of a replica: Abseil's flat_hash_map in 2 MB pages, with stored hashes and look-ups that only fetch
// memory.
//
// Who applies many records knows their keys some time before: hash them once, then fetch step by step what a look-up
// will wait for: the control bytes (map.prefetch), the slots that they point at (SlotHint), the texts that these
// point at (TextHint; beyond 15 bytes a std::string's text lies apart). A hint is looked up like a key and equals none.
//     map.find(SlotHint{hash})
//
// The hash is a keyed one (multilinear_hash.h), for the keys may come from outside: of a hash that others can foresee
// they may choose thousands of keys that meet in one place, and every attached process would search them all, with
// each.
//
// As any container: one thread at a time.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <string>
#include <string_view>
#include <utility>

#include "engines/in_process/huge_page_pool.h"
#include "engines/in_process/string_table.h"
#include "engines/multilinear_hash.h"

namespace dictbench::stream_log {

// One for all replicas of a process, drawn at the first call, which throws Error as HashKey::random() does: to be
// called before the first key is hashed.
inline const MultilinearHash& replica_hasher() {
  static const MultilinearHash hasher(HashKey::random());
  return hasher;
}

inline std::size_t replica_hash(std::string_view key) noexcept { return replica_hasher()(key); }

struct HashedKey {
  std::string_view text;
  std::size_t hash = 0;

  HashedKey() = default;
  explicit HashedKey(std::string_view key) noexcept : text(key), hash(replica_hash(key)) {}
};

// Keeps its hash: a map that grows would otherwise wait for the text of each of its keys (a third of the time in which
// 1,000,000 keys of 16 bytes are inserted).
struct StoredKey {
  PooledString text;
  std::size_t hash;

  explicit StoredKey(const HashedKey& key) : text(key.text), hash(key.hash) {}
  bool operator==(const StoredKey& other) const noexcept { return hash == other.hash && text == other.text; }
};

struct SlotHint {
  std::size_t hash;
};

struct TextHint {
  std::size_t hash;
};

struct ReplicaHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const noexcept { return replica_hash(key); }
  std::size_t operator()(const HashedKey& key) const noexcept { return key.hash; }
  std::size_t operator()(const StoredKey& key) const noexcept { return key.hash; }
  std::size_t operator()(SlotHint hint) const noexcept { return hint.hash; }
  std::size_t operator()(TextHint hint) const noexcept { return hint.hash; }
};

struct ReplicaEqual {
  using is_transparent = void;
  bool operator()(const StoredKey& slot, std::string_view key) const noexcept { return slot.text == key; }
  bool operator()(const StoredKey& slot, const StoredKey& key) const noexcept { return slot == key; }
  bool operator()(const StoredKey& slot, const HashedKey& key) const noexcept {
    return slot.hash == key.hash && slot.text == key.text;
  }
  bool operator()(const StoredKey& slot, SlotHint) const noexcept {
    __builtin_prefetch(&slot);
    return false;
  }
  bool operator()(const StoredKey& slot, TextHint hint) const noexcept {
    if (slot.hash == hint.hash) __builtin_prefetch(slot.text.data());
    return false;
  }
};

using ReplicaMap = absl::flat_hash_map<StoredKey, PooledString, ReplicaHash, ReplicaEqual,
                                       HugePageAllocator<std::pair<const StoredKey, PooledString>>>;

}  // namespace dictbench::stream_log
