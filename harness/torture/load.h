// What torture's workers write: everything follows from the key and a version number, so that a reader can judge
// whatever it finds, also that it finds nothing.
//
// A key belongs to one worker's slot, which alone writes it; its versions count up from 1, every kErasing-th erases the
// key, the others set it. Version 0: never written. A generation is part of the key's name: a key whose
// fate is uncertain is given up, and the next generation begins anew under another name.
// Pure functions of their arguments; any process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dictbench::torture {

inline constexpr std::uint64_t kErasing = 8;
inline constexpr std::size_t kShortestValue = 8, kLongestValue = 8 << 10;

struct KeyId {
  unsigned slot = 0;
  unsigned key = 0;
  std::uint64_t generation = 0;

  bool operator==(const KeyId&) const = default;

  std::string text() const;  // "k2.17.0": any engine takes such a key
};

// A counter's name. Engines whose processes share nothing have one a slot.
std::string counter_text(unsigned counter);

constexpr bool erases(std::uint64_t version) noexcept { return version % kErasing == 0; }

// The value that this version sets, in `out`: a tag of key and version, then bytes that follow from them. Lengths are
// log-uniform from 8 bytes to 8 KiB, and no more than `longest`.
void make_value(const KeyId& key, std::uint64_t version, std::size_t longest, std::string& out);

// The version that set this value; nothing when the value is not one of this key as a whole.
std::optional<std::uint64_t> version_of(const KeyId& key, std::string_view value, std::size_t longest);

// Which version of [low, high] a read stands for that found `found` (nothing: the key was missing). Nothing: none of
// them, so the read is wrong. Of several erasing versions the oldest is told, which promises the least.
std::optional<std::uint64_t> version_read(std::optional<std::uint64_t> found, std::uint64_t low, std::uint64_t high);

}  // namespace dictbench::torture
