#include "engines/key_hash.h"

#include <array>
#include <utility>

namespace dictbench {
namespace {

constexpr std::array<std::pair<std::string_view, KeyHash::Kind>, 3> kNames = {{
    {"multilinear", KeyHash::Kind::multilinear},
    {"sip", KeyHash::Kind::sip},
    {"xxh3", KeyHash::Kind::xxh3},
}};

}  // namespace

OptionRule KeyHash::option() {
  return {.name = "hash",
          .kind = OptionKind::choice,
          .default_value = "multilinear",
          .meaning =
              "of keys. multilinear: keyed at random, keys chosen beforehand meet no more than others; sip: nor do "
              "those of who watches the dict, slower; xxh3: not keyed, for keys that nobody hostile chooses",
          .choices = {"multilinear", "sip", "xxh3"}};
}

KeyHash KeyHash::of(const Spec& spec) {
  for (const auto& [name, kind] : kNames)
    if (spec.get("hash") == name) return KeyHash(kind, kind == Kind::xxh3 ? HashKey{} : HashKey::random());
  return KeyHash(Kind::multilinear, HashKey::random());
}

std::string_view KeyHash::name() const noexcept {
  for (const auto& [name, kind] : kNames)
    if (kind == kind_) return name;
  return "unknown";
}

}  // namespace dictbench
