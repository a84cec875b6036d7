#include "tests/engines/lockfree/fuzz/operations.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "engines/registry.h"

namespace dictbench {

const EngineDescription& lockfree_engine();  // without the registry, whose other engines clang need not build

namespace {

constexpr unsigned kKeys = 200;

class Input {
 public:
  explicit Input(std::string_view bytes) : left_(bytes) {}
  bool empty() const { return left_.empty(); }
  unsigned byte() {
    if (left_.empty()) return 0;
    const auto first = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return first;
  }

 private:
  std::string_view left_;
};

// Of many lengths, the empty key and long-form keys among them.
std::string key_of(unsigned number) {
  const unsigned key = number % kKeys;
  if (key == 0) return "";
  if (key == 1) return std::string(70'000, 'k');
  return fmt::format("{:0>{}}", key, 1 + key % 40);
}

class Comparison {
 public:
  Comparison() {
    Spec spec = Spec::parse("lockfree?partitions=2&max=4M&pages=4k");
    spec.bind(lockfree_engine().options);
    engine_ = lockfree_engine().create(spec, {});
    dicts_ = {engine_->attach(), engine_->attach()};
  }

  std::string run(Input input) {
    while (!input.empty() && difference_.empty()) step(input);
    if (difference_.empty()) compare_all();
    if (difference_.empty()) difference_ = engine_->check_integrity().value_or("");
    return difference_;
  }

 private:
  void step(Input& input) {
    const unsigned choice = input.byte();
    Dict& dict = *dicts_[choice & 1];
    const std::string key = key_of(input.byte());
    switch (choice >> 1 & 7) {
      case 0:
      case 1:
      case 2: return set(dict, key, value(input));
      case 3: return check("erase", key, dict.erase(key), reference_.erase(key) != 0);
      case 4: return add(dict, key, static_cast<std::int64_t>(input.byte()) - 128);
      case 5: return get_many(dict, input);
      case 6: return set_many(dict, input);
      default: return get(dict, key);
    }
  }

  // Mostly short; some long forms and some that take whole chunks.
  static std::string value(Input& input) {
    const unsigned length = input.byte(), fill = input.byte();
    const std::size_t bytes = length < 200 ? length : length < 250 ? (length - 190) * 300 : (length - 249) * 50'000;
    return std::string(bytes, static_cast<char>(fill));
  }

  void check(const char* what, const std::string& key, bool found, bool expected) {
    if (found != expected) difference_ = fmt::format("{} of key {:.20}: {} instead of {}", what, key, found, expected);
  }

  void set(Dict& dict, const std::string& key, const std::string& value) {
    try {
      dict.set(key, value);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::full) return get(dict, key);  // changed nothing
      throw;
    }
    reference_[key] = value;
  }

  void set_many(Dict& dict, Input& input) {
    std::vector<std::pair<std::string, std::string>> items;
    for (unsigned i = input.byte() % 40; i > 0; --i) {
      const unsigned number = input.byte();
      items.emplace_back(key_of(number), fmt::format("batch {}", number % kKeys));
    }
    std::vector<KeyValue> batch;
    for (const auto& [key, value] : items) batch.push_back({key, value});
    try {
      dict.set_many(batch);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::full) throw;
      for (const auto& [key, value] : items) {  // a batch is not atomic: some of it may be done
        if (dict.get(key, out_) && out_.view() == value) reference_[key] = value;
        get(dict, key);
      }
      return;
    }
    for (const auto& [key, value] : items) reference_[key] = value;
  }

  void add(Dict& dict, const std::string& key, std::int64_t delta) {
    const auto before = reference_.find(key);
    try {
      const std::int64_t sum = dict.add(key, delta);
      const std::int64_t expected = (before == reference_.end() ? 0 : std::stoll(before->second)) + delta;
      if (sum != expected) difference_ = fmt::format("add of key {:.20}: {} instead of {}", key, sum, expected);
      reference_[key] = std::to_string(sum);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::unsupported && before != reference_.end()) return;  // is no number
      if (error.code() != ErrorCode::full) throw;
    }
  }

  void get(Dict& dict, const std::string& key) {
    const auto expected = reference_.find(key);
    const bool found = dict.get(key, out_);
    check("get", key, found, expected != reference_.end());
    if (found && difference_.empty() && out_.view() != expected->second)
      difference_ = fmt::format("get of key {:.20}: another value of {} bytes", key, out_.view().size());
  }

  void get_many(Dict& dict, Input& input) {
    std::vector<std::string> keys;
    for (unsigned i = input.byte() % 70; i > 0; --i) keys.push_back(key_of(input.byte()));
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    std::vector<Value> values(keys.size());
    const auto found = std::make_unique<bool[]>(keys.size());
    dict.get_many(views, values, {found.get(), keys.size()});
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto expected = reference_.find(keys[i]);
      check("get_many", keys[i], found[i], expected != reference_.end());
      if (!difference_.empty()) return;
      if (found[i] && values[i].view() != expected->second)
        difference_ = fmt::format("get_many of key {:.20}: another value", keys[i]);
    }
  }

  void compare_all() {
    for (const auto& dict : dicts_) {
      for (const auto& item : reference_) get(*dict, item.first);
      if (dict->size() != reference_.size())
        difference_ = fmt::format("{} keys instead of {}", dict->size(), reference_.size());
    }
  }

  std::unique_ptr<Engine> engine_;
  std::array<std::unique_ptr<Dict>, 2> dicts_;
  std::map<std::string, std::string> reference_;
  Value out_;
  std::string difference_;
};

}  // namespace

std::string first_difference(std::string_view bytes) { return Comparison().run(Input(bytes)); }

}  // namespace dictbench
