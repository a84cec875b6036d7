#include "engines/spec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace dictbench {
namespace {

std::uint64_t parse_count(std::string_view text, std::string_view what) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw SpecError(fmt::format("{}: '{}' is not a whole number", what, text));
  return number;
}

void check_value(const std::string& engine, const OptionRule& rule, const std::string& value) {
  const std::string what = fmt::format("engine {}, option {}", engine, rule.name);
  const auto check_range = [&](std::uint64_t number) {
    if (number < rule.least || number > rule.most)
      throw SpecError(fmt::format("{}: {} is outside {}..{}", what, value, rule.least, rule.most));
  };
  switch (rule.kind) {
    case OptionKind::choice:
      if (std::ranges::find(rule.choices, value) == rule.choices.end())
        throw SpecError(fmt::format("{}: '{}' is none of {}", what, value, fmt::join(rule.choices, ", ")));
      break;
    case OptionKind::count: check_range(parse_count(value, what)); break;
    case OptionKind::bytes: check_range(parse_bytes(value, what)); break;
    case OptionKind::text: break;
  }
}

}  // namespace

std::uint64_t parse_bytes(std::string_view text, std::string_view what) {
  const auto refuse = [&] {
    return SpecError(fmt::format("{}: '{}' is not a size; write bytes or a number with K, M, G or T, like 64M or 64MiB",
                                 what, text));
  };
  constexpr std::string_view kUnits = "KMGT";
  std::string_view digits = text;
  if (digits.ends_with("iB")) digits.remove_suffix(2);
  const bool long_unit = digits.size() != text.size();
  unsigned shift = 0;
  if (const auto unit = digits.empty() ? std::string_view::npos : kUnits.find(digits.back());
      unit != std::string_view::npos) {
    shift = 10 * static_cast<unsigned>(unit + 1);
    digits.remove_suffix(1);
  } else if (long_unit) {
    throw refuse();
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number > (UINT64_MAX >> shift)) throw refuse();
  return number << shift;
}

Spec Spec::parse(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return SpecError(fmt::format("engine '{}': {}; write NAME or NAME?option=value&option=value", text, why));
  };
  Spec spec;
  const auto question = text.find('?');
  spec.name_ = text.substr(0, question);
  if (spec.name_.empty()) throw refuse("no name");
  if (question == std::string_view::npos) return spec;

  std::string_view rest = text.substr(question + 1);
  while (true) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) throw refuse(fmt::format("'{}' is not option=value", pair));
    if (!spec.given_.emplace(pair.substr(0, equals), pair.substr(equals + 1)).second)
      throw refuse(fmt::format("option {} is given twice", pair.substr(0, equals)));
    if (end == std::string_view::npos) return spec;
    rest.remove_prefix(end + 1);
  }
}

std::string Spec::text() const {
  std::string text = name_;
  char separator = '?';
  for (const auto& [option, value] : given_) {
    text += fmt::format("{}{}={}", separator, option, value);
    separator = '&';
  }
  return text;
}

void Spec::bind(std::span<const OptionRule> rules) {
  for (const auto& [option, value] : given_) {
    const auto rule = std::ranges::find(rules, option, &OptionRule::name);
    if (rule == rules.end()) {
      std::vector<std::string> names;
      for (const OptionRule& known : rules) names.push_back(known.name);
      throw SpecError(
          names.empty() ? fmt::format("engine {}: no option '{}'; it takes none", name_, option)
                        : fmt::format("engine {}: no option '{}'; it takes {}", name_, option, fmt::join(names, ", ")));
    }
    check_value(name_, *rule, value);
  }
  bound_.clear();
  for (const OptionRule& rule : rules) {
    const auto given = given_.find(rule.name);
    bound_[rule.name] = given == given_.end() ? rule.default_value : given->second;
  }
}

const std::string& Spec::get(std::string_view option) const {
  const auto found = bound_.find(option);
  if (found == bound_.end())
    throw std::logic_error(fmt::format("engine {} asks for an option {} that it does not declare", name_, option));
  return found->second;
}

std::uint64_t Spec::get_count(std::string_view option) const { return parse_count(get(option), option); }

std::uint64_t Spec::get_bytes(std::string_view option) const { return parse_bytes(get(option), option); }

}  // namespace dictbench
