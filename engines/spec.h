// Spec strings: how a user names an engine and its options, `lmdb?sync=off`, `redis?transport=tcp&pipeline=16`.
//
// Grammar: NAME [ '?' KEY '=' VALUE { '&' KEY '=' VALUE } ]. An engine states the options it takes as
// OptionRules; binding a spec to the rules refuses an unknown option or value with the list of valid
// ones and fills in the defaults. Plain values: copyable, no sharing, any thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dictbench {

// A spec that cannot be used: one line with what is wrong and what is allowed.
class SpecError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

enum class OptionKind {
  choice,  // one of `choices`
  count,   // a whole number within [least, most]
  bytes,   // a size: 4096, 64K, 16M, 2GiB (powers of 1024), within [least, most]
  text,    // anything, a path or an address
};

struct OptionRule {
  std::string name;
  OptionKind kind = OptionKind::text;
  std::string default_value;
  std::string meaning;               // one line for `dictbench list engines`
  std::vector<std::string> choices;  // for `choice`
  std::uint64_t least = 0;           // for `count` and `bytes`
  std::uint64_t most = UINT64_MAX;
};

class Spec {
 public:
  // Splits the text; throws SpecError when it does not fit the grammar. Knows no engine yet.
  static Spec parse(std::string_view text);

  const std::string& name() const noexcept { return name_; }

  // As the user wrote it, options sorted by name: the engine's name in records.
  std::string text() const;

  // Checks the options given against the rules and adds the defaults of the others (which text() does
  // not show). Throws SpecError.
  void bind(std::span<const OptionRule> rules);

  // Bound options by name. Asking for one that no rule names is a programming error (std::logic_error).
  const std::string& get(std::string_view option) const;
  std::uint64_t get_count(std::string_view option) const;
  std::uint64_t get_bytes(std::string_view option) const;

 private:
  std::string name_;
  std::map<std::string, std::string, std::less<>> given_;
  std::map<std::string, std::string, std::less<>> bound_;
};

// "64K", "64KiB" -> 65536; throws SpecError naming `what`.
std::uint64_t parse_bytes(std::string_view text, std::string_view what);

}  // namespace dictbench
