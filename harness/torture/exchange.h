// Operations of every kind over a connection that is about to fail: what `reset` and `delay` have in common.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/torture/expected.h"

namespace dictbench::torture {

inline constexpr std::uint64_t kExchangeKeys = 300;  // more than any client puts into one batch by default

// Distinct values for all keys and a counter. Throws Error.
void store_all(Dict& dict, Expected& expected);

// One kind of operation.
struct Exchange {
  const char* name;
  // Calls the dict; before that it tells the model what may have happened when the call ends in an Error.
  std::function<void(Dict& dict, Expected& expected, std::uint64_t version)> call;
};

const std::vector<Exchange>& exchanges();

// Every later call of a dict whose connection failed must be an Error; an answer would be another question's.
void require_closed(Dict& dict, const std::string& when);

// A new dict gives every key its own value, alone and in batches, and counts right.
void require_right_answers(Dict& dict, Expected& expected, const std::string& when);

}  // namespace dictbench::torture
