#include "engines/engine.h"

namespace dictbench {

std::size_t Dict::scan(std::string_view, std::size_t, const Visitor&) {
  throw Error(ErrorCode::unsupported, "this engine keeps no order: scan needs an engine whose contract says `ordered`");
}

std::size_t Dict::get_many(std::span<const std::string_view> keys, std::span<Value> out, std::span<bool> found) {
  std::size_t hits = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = get(keys[i], out[i]);
    hits += found[i];
  }
  return hits;
}

void Dict::set_many(std::span<const KeyValue> items) {
  for (const KeyValue& item : items) set(item.key, item.value);
}

}  // namespace dictbench
