#include "engines/blob/block.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace dictbench::blob {
namespace {

std::uint32_t upper(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

bool is_crowded(std::uint64_t items, std::uint64_t entries) { return 4 * items > 3 * entries; }

}  // namespace

Entry Block::entry(std::uint64_t number) const {
  return std::bit_cast<Entry>(load_word(memory_ + sizeof(BlockHead) + number * sizeof(Entry)));
}

ItemHead Block::item_at(std::uint64_t at) const { return std::bit_cast<ItemHead>(load_word(memory_ + at)); }

// Where the block is whole every bound holds; else nothing that is found counts.
std::optional<Block::Found> Block::find(std::uint64_t hash, std::string_view key) const {
  const std::uint64_t all = entries();
  if (!std::has_single_bit(all) || all > room_ / sizeof(Entry) || items_at(all) > room_) return std::nullopt;
  std::uint64_t number = hash & (all - 1);
  for (std::uint64_t looked = 0; looked < all; ++looked, number = (number + 1) & (all - 1)) {
    const Entry found = entry(number);
    if (found.place == 0) return std::nullopt;
    if (found.hash != upper(hash)) continue;
    const std::uint64_t at = found.place * kUnit;
    if (at + sizeof(ItemHead) > room_) return std::nullopt;
    const ItemHead item = item_at(at);
    if (at + item_bytes(item.key_bytes, item.value_bytes) > room_) return std::nullopt;
    if (item.key_bytes == key.size() && equal_words(memory_ + at + sizeof(ItemHead), key))
      return Found{.entry = number, .at = at, .item = item};
  }
  return std::nullopt;
}

void Block::take(const Found& found, Value& out) const {
  load_words(out.prepare(found.item.value_bytes), memory_ + found.value_at(), found.item.value_bytes);
}

std::string Block::broken() const {
  if (bytes() > room_ || !std::has_single_bit(entries()) || items_at(entries()) > bytes())
    return "the head of the block contradicts itself";
  std::uint64_t there = 0;
  std::string what;
  std::uint64_t end = items_at(entries());
  for_each([&](std::string_view key, std::string_view value) {
    const auto found = find((*hash_)(key), key);
    if (!found || found->at != end) what = fmt::format("the index does not lead to item {}", there);
    end += item_bytes(key.size(), value.size());
    ++there;
    return what.empty();
  });
  if (!what.empty()) return what;
  if (end != bytes()) return fmt::format("the items end at {}, the block at {}", end, bytes());
  if (there != items()) return fmt::format("{} items are there, the head says {}", there, items());
  std::uint64_t used = 0;
  for (std::uint64_t number = 0; number < entries(); ++number) used += entry(number).place != 0;
  return used == there ? "" : fmt::format("{} entries of the index are used for {} items", used, there);
}

void Editor::make_empty() {
  head() = {.items = 0, .entries = kLeastEntries, .bytes = kEmptyBytes};
  std::memset(index(), 0, kLeastEntries * sizeof(Entry));
}

void Editor::copy(const Block& from) { std::memcpy(to_, from.memory(), from.bytes()); }

void Editor::insert_entry(std::uint64_t hash, std::uint64_t at) {
  const std::uint64_t mask = head().entries - 1;
  std::uint64_t number = hash & mask;
  while (index()[number].place != 0) number = (number + 1) & mask;
  index()[number] = {.hash = upper(hash), .place = static_cast<std::uint32_t>(at / kUnit)};
}

// The items move up behind the longer index, which is made anew: it has no lower halves of the hashes.
void Editor::double_index() {
  const std::uint64_t before = items_at(head().entries), after = items_at(2 * head().entries);
  std::memmove(to_ + after, to_ + before, head().bytes - before);
  head().entries *= 2;
  head().bytes += after - before;
  std::memset(index(), 0, head().entries * sizeof(Entry));
  std::uint64_t at = after;
  for_each([&](std::string_view key, std::string_view value) {
    insert_entry((*hash_)(key), at);
    at += item_bytes(key.size(), value.size());
    return true;
  });
}

// The items behind it move down, so their places in the index change. The entry stays.
void Editor::remove_item(const Found& found) {
  const std::uint64_t end = found.at + found.bytes();
  std::memmove(to_ + found.at, to_ + end, head().bytes - end);
  head().bytes -= found.bytes();
  const auto from = static_cast<std::uint32_t>(found.at / kUnit),
             units = static_cast<std::uint32_t>(found.bytes() / kUnit);
  Entry* const all = index();
  const std::uint64_t entries = head().entries;
  for (std::uint64_t number = 0; number < entries; ++number) all[number].place -= all[number].place > from ? units : 0;
}

void Editor::set(std::uint64_t hash, std::string_view key, std::string_view value) {
  const auto found = find(hash, key);
  std::uint64_t at = head().bytes;
  if (found && found->bytes() == item_bytes(key.size(), value.size())) {
    at = found->at;
  } else if (found) {
    remove_item(*found);
    at = head().bytes;
    index()[found->entry].place = static_cast<std::uint32_t>(at / kUnit);
    head().bytes += item_bytes(key.size(), value.size());
  } else {
    if (is_crowded(head().items + 1, head().entries)) double_index();
    at = head().bytes;
    insert_entry(hash, at);
    head().bytes += item_bytes(key.size(), value.size());
    ++head().items;
  }
  const ItemHead item{.key_bytes = static_cast<std::uint32_t>(key.size()),
                      .value_bytes = static_cast<std::uint32_t>(value.size())};
  std::memcpy(to_ + at, &item, sizeof item);
  store_words(to_ + at + sizeof item, key);
  store_words(to_ + at + sizeof item + round_up(key.size()), value);
}

// Entries behind the freed one move up where they may, so that no search ends too early (Knuth, algorithm 6.4 R).
bool Editor::erase(std::uint64_t hash, std::string_view key) {
  const auto found = find(hash, key);
  if (!found) return false;
  remove_item(*found);
  const std::uint64_t mask = head().entries - 1;
  std::uint64_t hole = found->entry;
  for (std::uint64_t number = (hole + 1) & mask; index()[number].place != 0; number = (number + 1) & mask) {
    const std::uint64_t item = index()[number].place * kUnit;
    const std::string_view other(to_ + item + sizeof(ItemHead), item_at(item).key_bytes);
    const std::uint64_t home = (*hash_)(other)&mask;
    if (((number - home) & mask) < ((number - hole) & mask)) continue;  // it would come before its home
    index()[hole] = index()[number];
    hole = number;
  }
  index()[hole] = {};
  --head().items;
  return true;
}

std::uint64_t room_for(const Block& block, std::uint64_t new_items, std::uint64_t added) {
  std::uint64_t entries = block.entries();
  while (is_crowded(block.items() + new_items, entries)) entries *= 2;
  return block.bytes() + (entries - block.entries()) * sizeof(Entry) + added;
}

}  // namespace dictbench::blob
