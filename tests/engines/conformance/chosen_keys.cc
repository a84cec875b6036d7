// Keys that somebody chose so that they meet in a hash table: they are stored and read back about as fast as any.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/torture/small_file_system.h"
#include "tests/engines/conformance/children.h"
#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::chrono::seconds kLimit{8};
#else
constexpr std::chrono::seconds kLimit{2};  // a map that compares each with all before it takes 8
#endif
constexpr std::size_t kBatch = 2000;
constexpr std::uint64_t kEnoughBytes = 32 << 20;  // where buckets are long, fewer keys must do

// A number multiplied by zero is zero: the first 8 bytes of such a key make a factor of the hash zero, so the next 8
// do not count.
constexpr std::string_view kZeroOfXxh3 = "\xb8\xfe\x6c\x39\x23\xa4\x4b\xbe";  // XXH3_64bits without a seed
constexpr std::string_view kZeroOfAbsl = "\x44\x73\x70\x03\x2e\x8a\x19\x13";  // absl::Hash, whatever its seed
constexpr std::size_t kKeyBytes = 32;

std::string chosen_key(std::string_view head, std::uint64_t number) {
  std::string key(kKeyBytes, 'x');
  head.copy(key.data(), head.size());
  std::memcpy(key.data() + head.size(), &number, sizeof number);
  return key;
}

void read_back(Dict& dict, std::span<const std::string> keys) {
  std::vector<Value> values(kBatch);
  const auto found = std::make_unique<bool[]>(kBatch);
  for (std::size_t begin = 0; begin < keys.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, keys.size() - begin);
    const std::vector<std::string_view> batch(keys.begin() + static_cast<std::ptrdiff_t>(begin),
                                              keys.begin() + static_cast<std::ptrdiff_t>(begin + count));
    const std::size_t hits = dict.get_many(batch, {values.data(), count}, {found.get(), count});
    require(hits == count, fmt::format("{} of {} keys are missing", count - hits, count));
    for (std::size_t i = 0; i < count; ++i)
      require(values[i].view() == std::to_string(begin + i), "another key's value");
  }
}

// Read by who was there before, who may have to take over each change, and by who comes later.
void store_and_read(Engine& engine, std::string_view head, std::size_t wanted) {
  const auto is_enough = [&] {
    return !subject().contract.needs_server && engine.storage_bytes().in_use >= kEnoughBytes;
  };
  const auto writer = engine.attach(), early = engine.attach();
  std::vector<std::string> keys;
  for (std::size_t begin = 0; begin < wanted && !is_enough(); begin += kBatch) {
    std::vector<std::string> values;
    for (std::size_t i = begin; i < std::min(begin + kBatch, wanted); ++i) {
      keys.push_back(chosen_key(head, i));
      values.push_back(std::to_string(i));
    }
    std::vector<KeyValue> batch;
    for (std::size_t i = 0; i < values.size(); ++i) batch.push_back({keys[begin + i], values[i]});
    writer->set_many(batch);
  }
  read_back(*early, keys);
  read_back(*engine.attach(), std::span(keys).first(std::min(kBatch, keys.size())));
  require(writer->size() == keys.size(), "wrong size");
}

class ChosenKeys : public SharedConformance {
 protected:
  void expect_soon_stored_and_read(std::string_view head, std::size_t count) {
    if (!contract().binary_keys || contract().largest_key < kKeyBytes) GTEST_SKIP() << "takes no such keys";
    const std::size_t wanted = std::min(count, contract().most_items);
    // A table that cannot part them may fill all that there is, so that is little. A server has started already.
    const bool is_server = contract().needs_server;
    if (!is_server) destroy();
    const SharedPage<std::atomic<bool>> no_namespaces;
    Children children;
    children.fork([&] {
      if (is_server)
        store_and_read(engine(), head, wanted);
      else if (use_small_dev_shm("256M"))
        store_and_read(*create_engine(subject().spec), head, wanted);
      else
        *no_namespaces = true;
    });
    children.expect_success(kLimit);
    if (*no_namespaces) GTEST_SKIP() << "no mount namespaces here";
  }
};

TEST_F(ChosenKeys, OfOneXxh3HashAreSoonStoredAndRead) { expect_soon_stored_and_read(kZeroOfXxh3, 1000); }

TEST_F(ChosenKeys, OfOneAbslHashAreSoonStoredAndRead) { expect_soon_stored_and_read(kZeroOfAbsl, 30'000); }

}  // namespace
}  // namespace dictbench::conformance
