#include "tests/engines/conformance/fixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace dictbench::conformance {

Subject& subject() {
  static Subject instance;
  return instance;
}

std::string key_of(std::string_view prefix, std::uint64_t number) { return fmt::format("{}-{}", prefix, number); }

std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::vector<std::size_t> awkward_sizes(std::size_t largest) {
  std::vector<std::size_t> sizes;
  for (const std::size_t size :
       {1,   2,   7,   8,   9,   15,  16,  17,   31,   32,   33,   63,   64,   65,    127,   128,
        129, 250, 255, 256, 257, 511, 512, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 1 << 20})
    if (size <= largest) sizes.push_back(size);
  return sizes;
}

std::unique_ptr<Engine> create_engine(const Spec& spec) {
  constexpr SizeHint kHint{.key_bytes = 64, .value_bytes = 1024};
  return find_engine(spec.name()).create(spec, kHint);
}

std::optional<std::string> small_spec() {
  const EngineDescription& description = find_engine(subject().spec.name());
  if (std::ranges::find(description.options, "max", &OptionRule::name) == description.options.end())
    return std::nullopt;
  const bool has_options = subject().spec_text.find('?') != std::string::npos;
  return subject().spec_text + (has_options ? "&" : "?") + (subject().contract.needs_server ? "max=8M" : "max=2M");
}

void Conformance::SetUp() { engine_ = create_engine(subject().spec); }

Dict& Conformance::dict() {
  if (!dict_) dict_ = engine_->attach();
  return *dict_;
}

std::string Conformance::value_of(std::string_view key) {
  Value value;
  return dict().get(key, value) ? std::string(value.view()) : "(missing)";
}

std::set<std::string> Conformance::listed() {
  std::set<std::string> keys;
  dict().for_each([&](std::string_view key, std::string_view) {
    EXPECT_TRUE(keys.emplace(key).second) << "visited twice: " << key;
    return true;
  });
  return keys;
}

}  // namespace dictbench::conformance
