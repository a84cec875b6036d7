// The serialised dict: one contiguous block, never changed once it is published.
//
//   BlockHead | index: 8 bytes an entry, a power of two of them | items, one after another without gaps
//
// An *item* is {key length, value length}, key, value, each padded to 8 bytes. An *entry* of the index is the upper
// half of the key's hash and the item's place, in units of 8 bytes from the block's beginning; 0: empty. An item is
// searched from the place that the hash's lower bits name, entry after entry. At most three quarters of the entries are
// used.
//
// Block reads one, perhaps while another process writes into the same memory: then it finds anything, but never leads
// out of its room, and the caller finds out that the memory had been given to another block. Editor changes a copy that
// nobody else sees yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engines/multilinear_hash.h"
#include "engines/shm/words.h"
#include "engines/value.h"

namespace dictbench::blob {

inline constexpr std::uint64_t kUnit = 8;
inline constexpr std::uint64_t kLargestBlock = kUnit << 32;
inline constexpr std::uint64_t kLeastEntries = 8;

struct BlockHead {
  std::uint64_t items, entries, bytes;  // bytes: of the whole block
};
struct ItemHead {
  std::uint32_t key_bytes, value_bytes;
};
struct Entry {
  std::uint32_t hash, place;
};

inline constexpr std::uint64_t kEmptyBytes = sizeof(BlockHead) + kLeastEntries * sizeof(Entry);

constexpr std::uint64_t round_up(std::uint64_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; }
constexpr std::uint64_t item_bytes(std::uint64_t key, std::uint64_t value) {
  return sizeof(ItemHead) + round_up(key) + round_up(value);
}

class Block {
 public:
  // `room`: bytes from `memory` on that may be read. `hash`: of the dict's keys; outlives the block.
  Block(const char* memory, std::uint64_t room, const MultilinearHash& hash)
      : memory_(memory), room_(room), hash_(&hash) {}

  std::uint64_t items() const { return load_word(memory_ + offsetof(BlockHead, items)); }
  std::uint64_t entries() const { return load_word(memory_ + offsetof(BlockHead, entries)); }
  std::uint64_t bytes() const { return load_word(memory_ + offsetof(BlockHead, bytes)); }

  const char* memory() const { return memory_; }
  std::uint64_t room() const { return room_; }

  struct Found {
    std::uint64_t entry = 0, at = 0;  // number in the index; the item's offset
    ItemHead item{};

    std::uint64_t bytes() const { return item_bytes(item.key_bytes, item.value_bytes); }
    std::uint64_t value_at() const { return at + sizeof(ItemHead) + round_up(item.key_bytes); }
  };
  std::optional<Found> find(std::uint64_t hash, std::string_view key) const;

  // Copies the value of a found item.
  void take(const Found& found, Value& out) const;

  // The items in the order in which they lie, of a block that nobody writes into. Visit: bool(key, value).
  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (std::uint64_t at = items_at(entries()); at < bytes();) {
      const ItemHead item = item_at(at);
      const char* const key = memory_ + at + sizeof(ItemHead);
      if (!visit(std::string_view(key, item.key_bytes),
                 std::string_view(key + round_up(item.key_bytes), item.value_bytes)))
        return;
      at += item_bytes(item.key_bytes, item.value_bytes);
    }
  }

  // What is broken in a block that nobody writes into, or empty.
  std::string broken() const;

 protected:
  static std::uint64_t items_at(std::uint64_t entries) { return sizeof(BlockHead) + entries * sizeof(Entry); }
  Entry entry(std::uint64_t number) const;
  ItemHead item_at(std::uint64_t at) const;

  const char* memory_;
  std::uint64_t room_;
  const MultilinearHash* hash_;
};

// A block in memory of its own writer: a copy of another one, then changed in place.
class Editor : public Block {
 public:
  // `room` must do for the copy and what is added to it: see room_for().
  Editor(char* memory, std::uint64_t room, const MultilinearHash& hash) : Block(memory, room, hash), to_(memory) {}

  void make_empty();
  void copy(const Block& from);

  void set(std::uint64_t hash, std::string_view key, std::string_view value);
  bool erase(std::uint64_t hash, std::string_view key);

 private:
  BlockHead& head() { return *reinterpret_cast<BlockHead*>(to_); }
  Entry* index() { return reinterpret_cast<Entry*>(to_ + sizeof(BlockHead)); }
  void remove_item(const Found& found);
  void insert_entry(std::uint64_t hash, std::uint64_t at);
  void double_index();

  char* to_;
};

// Bytes that a block of `bytes`, `items` and `entries` takes when `new_items` with together `added` bytes come to it.
std::uint64_t room_for(const Block& block, std::uint64_t new_items, std::uint64_t added);

}  // namespace dictbench::blob
