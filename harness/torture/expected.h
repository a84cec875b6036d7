// What must be in the dict: the model beside an engine under a fault.
//
// Of a key whose write was in flight two states are possible; once the newer one was seen it must stay.
// Values verify themselves by being told from their key and version. Used by one thread; plain memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engines/engine.h"

namespace dictbench::torture {

// Any engine takes these keys: printable, without blanks, 18 bytes.
std::string key_of(std::uint64_t number);

// 40 to 1,900 bytes, depending on key and version, and no more than longest_value(); begins with key and version, so no
// two are alike.
std::string value_of(const std::string& key, std::uint64_t version);

// Of the whole process, to which judge() gives the body of a fault: what the engine under the fault takes.
void set_longest_value(std::size_t bytes);
std::size_t longest_value();

class Expected {
 public:
  void stored(const std::string& key, std::string value) { keys_[key] = {.now = std::move(value), .next = {}}; }
  void erased(const std::string& key) { keys_[key] = {}; }

  // A write in flight: to this value, or (nothing) an erase.
  void in_flight(const std::string& key, std::optional<std::string> value) { keys_[key].next = {true, value}; }

  // Reads every key of the model. Throws Broken when one is in no possible state.
  void check(Dict& dict, const std::string& when);

  // The same, but reading may also end in an Error: it is returned. What is read before must be right.
  std::optional<Error> check_until_error(Dict& dict, const std::string& when);

  // Those that are there for sure.
  std::uint64_t size() const;

  const std::optional<std::string>& value(const std::string& key) const { return keys_.at(key).now; }

 private:
  struct Next {
    bool possible = false;
    std::optional<std::string> value;
  };
  struct State {
    std::optional<std::string> now;
    Next next;
  };

  std::map<std::string, State> keys_;
};

}  // namespace dictbench::torture
