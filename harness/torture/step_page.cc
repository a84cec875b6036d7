#include "harness/torture/step_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "harness/torture/expected.h"

namespace dictbench::torture {
namespace {

constexpr std::uint64_t kFirstOwn = 1'000'000, kOwnStride = 4, kFirstGrown = 10'000'000, kFirstFilled = 20'000'000;
constexpr std::int64_t kLongOnes = 4;    // versions, of which one has a long value
constexpr std::size_t kShortValue = 48;  // so that most blocks fit each other's place

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string value_at(const std::string& key, std::int64_t version) {
  std::string value = value_of(key, static_cast<std::uint64_t>(version));
  if (version % kLongOnes != 0) value.resize(std::min(value.size(), kShortValue));
  return value;
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::get: return "get";
    case Operation::overwrite: return "set (overwrite)";
    case Operation::insert: return "set (insert)";
    case Operation::erase: return "erase";
    case Operation::add: return "add";
    case Operation::size: return "size";
    case Operation::for_each: return "for_each";
    case Operation::get_many: return "get_many";
  }
  return "?";
}

std::string_view to_string(Hurt hurt) {
  switch (hurt) {
    case Hurt::reuse: return "reuse";
    case Hurt::erase_all: return "erase all";
    case Hurt::restart: return "restart";
    case Hurt::grow: return "grow";
    case Hurt::fill: return "fill";
  }
  return "?";
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::kill: return "killed";
    case Action::stop: return "stopped, then killed";
    case Action::go_on: return "stopped, then continued";
  }
  return "?";
}

std::string Trial::key(unsigned tracked) const {
  return tracked < kOwnKeys ? key_of(kFirstOwn + number * kOwnStride + tracked) : key_of(tracked - kOwnKeys);
}

std::string Trial::spare_key() const { return key_of(kFirstOwn + number * kOwnStride + kOwnKeys); }

bool Trial::writes() const {
  const Ask ask = call_on(0).ask;
  return ask == Ask::set || ask == Ask::erase || ask == Ask::add;
}

State Trial::first_state(unsigned own) const {
  constexpr std::int64_t kFirst = 1, kFirstNumber = 5;
  if (is_counter(own)) return kFirstNumber;
  if (operation == Operation::insert && own == 0) return std::nullopt;
  if (operation == Operation::get_many && own == 1) return std::nullopt;
  return kFirst;
}

Call Trial::call_on(unsigned tracked) const {
  const Call none, reads{.ask = Ask::get, .argument = 0, .answer = {}};
  if (operation == Operation::get_many) return tracked < kOwnKeys ? reads : none;
  if (tracked != 0) return none;
  switch (operation) {
    case Operation::get: return reads;
    case Operation::overwrite:
    case Operation::insert: return {.ask = Ask::set, .argument = kOwnVersion, .answer = {}};
    case Operation::erase: return {.ask = Ask::erase, .argument = 0, .answer = {}};
    case Operation::add: return {.ask = Ask::add, .argument = kOwnDelta, .answer = {}};
    default: return none;
  }
}

std::string Trial::text_of(unsigned tracked, std::int64_t version) const {
  return is_counter(tracked) ? std::to_string(version) : value_at(key(tracked), version);
}

State Trial::state_of(unsigned tracked, std::string_view value) const {
  const auto from = value.find('#'), to = value.find(';');
  const auto version = is_counter(tracked)                         ? number_in(value)
                       : from < to && to != std::string_view::npos ? number_in(value.substr(from + 1, to - from - 1))
                                                                   : std::nullopt;
  return version && *version > 0 && text_of(tracked, *version) == value ? *version : kMixed;
}

unsigned Trial::tracked_of(std::string_view text) const {
  constexpr std::size_t kDigits = 10;  // of key_of()
  const auto found = number_in(text.substr(text.size() - std::min(text.size(), kDigits)));
  if (!found || *found < 0) return kTracked;
  const auto of_key = static_cast<std::uint64_t>(*found), first = kFirstOwn + number * kOwnStride;
  if (of_key >= kBystanders && of_key - first >= kOwnKeys) return kTracked;
  const auto tracked = static_cast<unsigned>(of_key < kBystanders ? kOwnKeys + of_key : of_key - first);
  return key(tracked) == text ? tracked : kTracked;
}

std::string new_key(Hurt hurt, std::uint64_t number) {
  return key_of((hurt == Hurt::fill ? kFirstFilled : kFirstGrown) + number);
}

std::string new_value(Hurt hurt, std::uint64_t number) {
  constexpr std::uint64_t kLong = 8;
  std::string key = new_key(hurt, number);
  return hurt == Hurt::fill || number % kLong == 0 ? value_of(key, 0) : key;
}

std::size_t key_size() { return key_of(0).size(); }

std::size_t least_value_size() { return fmt::formatted_size("{}#{};", key_of(0), kOwnVersion); }

std::int64_t next_version(std::int64_t version, bool is_long) {
  do {
    ++version;
  } while ((version % kLongOnes == 0) != is_long);
  return version;
}

void Refusal::put(const Error& error) {
  code = error.code();
  const std::string_view what = error.what();
  text[what.copy(text.data(), text.size() - 1)] = '\0';
  given = true;
}

std::string Refusal::describe() const { return fmt::format("Error({}): {}", to_string(code), text.data()); }

}  // namespace dictbench::torture
