// The values that `dictbench check` writes: a number as text that shows when it was torn, cut or mixed.
//
// "NUMBER:HASH:" and then filler, whose length and bytes follow from the number, so that values differ in length and
// every byte is checked. Counters are plain decimal numbers, as Dict::add() keeps them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dictbench {

// The longest that make_value_text() gives.
inline constexpr std::size_t kLongestValueText = 1024;

// `most`: bytes that the engine takes; at least 40.
void make_value_text(std::int64_t number, std::size_t most, std::string& out);

// The number, or kUnreadable when the text is not exactly what make_value_text() gives for one.
std::int64_t number_of_value_text(std::string_view text, std::size_t most);

// The number that a counter's text spells, or kUnreadable.
std::int64_t number_of_counter_text(std::string_view text);

}  // namespace dictbench
