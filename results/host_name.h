// What a kind of machine is called: from the record's host facts, never from the machine's network name,
// which is private and says nothing about its speed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/record.h"

namespace dictbench {

// The fact's value; nothing when it is absent, empty or "unavailable: reason".
std::optional<std::string> known_fact(const Facts& facts, std::string_view name);

// "intel-xeon-processor-2.50ghz-2-cores" without the noise words: "intel-xeon-2.50ghz-2-cores". Made of the
// facts `cpu_model` and `cores`; parts that are unknown say so ("unknown-cpu"). Only a-z, 0-9, '.' and '-',
// so that it is a folder's name everywhere. Records with the same name are tabulated together.
std::string host_name(const Facts& host);

}  // namespace dictbench
