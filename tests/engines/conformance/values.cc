// Keys and values of all sizes and bytes, and those that the contract refuses.
#include <sys/mman.h>

#include <algorithm>

#include "tests/engines/conformance/fixture.h"

namespace dictbench::conformance {
namespace {

class Values : public StoringConformance {
 protected:
  void expect_absent(std::string_view key);
};

// `size` zero bytes that take no memory unless they are written, so that limits of gigabytes can be
// passed by one.
class ZeroBytes {
 public:
  explicit ZeroBytes(std::size_t size) : size_(size) {
    memory_ = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~ZeroBytes() { munmap(memory_, size_); }
  ZeroBytes(const ZeroBytes&) = delete;
  ZeroBytes& operator=(const ZeroBytes&) = delete;
  std::string_view view() const { return {static_cast<const char*>(memory_), size_}; }

 private:
  std::size_t size_;
  void* memory_;
};

// Beyond this an address space may be too small, and no engine means it as a limit.
constexpr std::size_t kTestableLimit = std::size_t{1} << 36;

TEST_F(Values, EverySizeComesBack) {
  const auto sizes = awkward_sizes(contract().largest_value);
  for (const std::size_t size : sizes) dict().set(key_of("size", size), random_bytes(size, size));
  EXPECT_EQ(dict().size(), sizes.size());
  for (const std::size_t size : sizes)
    EXPECT_TRUE(value_of(key_of("size", size)) == random_bytes(size, size)) << size << " bytes";
}

TEST_F(Values, EmptyValueIsNotAMissingOne) {
  dict().set("key", "");
  EXPECT_EQ(value_of("key"), "");
  EXPECT_EQ(dict().size(), 1u);
  dict().set("null", std::string_view());
  EXPECT_EQ(value_of("null"), "");
  EXPECT_TRUE(dict().erase("key"));
}

TEST_F(Values, OverwrittenByLongerAndShorter) {
  auto sizes = awkward_sizes(contract().largest_value);
  const auto overwrite_all = [&](std::uint64_t seed) {
    for (const std::size_t size : sizes) {
      dict().set("key", random_bytes(size, size + seed));
      ASSERT_TRUE(value_of("key") == random_bytes(size, size + seed)) << size << " bytes";
    }
  };
  overwrite_all(1);
  std::reverse(sizes.begin(), sizes.end());
  overwrite_all(2);
  dict().set("key", "");
  EXPECT_EQ(value_of("key"), "");
  EXPECT_EQ(dict().size(), 1u);
}

TEST_F(Values, OneValueObjectServesAllSizes) {
  const std::size_t longest = std::min<std::size_t>(contract().largest_value, 100'000);
  dict().set("long", random_bytes(longest, 1));
  dict().set("short", "s");
  dict().set("empty", "");
  Value value;
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(dict().get("long", value));
    EXPECT_TRUE(value.view() == random_bytes(longest, 1));
    ASSERT_TRUE(dict().get("short", value));
    EXPECT_EQ(value.view(), "s");
    EXPECT_FALSE(dict().get("missing", value));
    ASSERT_TRUE(dict().get("empty", value));
    EXPECT_EQ(value.view(), "");
  }
}

TEST_F(Values, AllBytesInValues) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(static_cast<char>(byte));
  const std::size_t longest = std::min(bytes.size(), contract().largest_value);
  for (std::size_t at = 0; at < bytes.size(); at += longest) {
    const std::string part = bytes.substr(at, longest);
    dict().set("bytes", part);
    EXPECT_EQ(value_of("bytes"), part);
  }
}

TEST_F(Values, KeysOfEverySizeAreApart) {
  const auto sizes = awkward_sizes(std::min<std::size_t>(contract().largest_key, 65536));
  for (const std::size_t size : sizes) dict().set(std::string(size, 'k'), key_of("value", size));
  EXPECT_EQ(dict().size(), sizes.size());
  for (const std::size_t size : sizes) EXPECT_EQ(value_of(std::string(size, 'k')), key_of("value", size)) << size;
}

TEST_F(Values, LargestKeyWorks) {
  if (contract().largest_key > 16 << 20) GTEST_SKIP() << "larger than a test should store";
  const std::string key(contract().largest_key, 'k');
  dict().set(key, "value");
  EXPECT_EQ(value_of(key), "value");
  if (contract().atomic_add) {
    dict().set(key, "1");
    EXPECT_EQ(dict().add(key, 1), 2);
  }
  EXPECT_TRUE(dict().erase(key));
}

TEST_F(Values, LargestValueWorks) {
  constexpr std::size_t kMost = 64 << 20;  // more is left to who has the time
  const std::string value = random_bytes(std::min<std::size_t>(contract().largest_value, kMost), 1);
  dict().set("key", value);
  EXPECT_TRUE(value_of("key") == value);
  const std::string longest_key(std::min<std::size_t>(contract().largest_key, 1 << 20), 'k');
  dict().set(longest_key, value);
  EXPECT_TRUE(value_of(longest_key) == value) << "largest key and largest value together";
}

// A key that cannot be stored: asking for it says no, or why.
void Values::expect_absent(std::string_view key) {
  Value value;
  const auto expect_no = [](const auto& call) {
    try {
      EXPECT_FALSE(call());
    } catch (const Error& error) {
      EXPECT_EQ(to_string(error.code()), "too_large") << error.what();
    }
  };
  expect_no([&] { return dict().get(key, value); });
  expect_no([&] { return dict().erase(key); });
}

TEST_F(Values, OneByteTooMuchIsRefused) {
  dict().set("before", "kept");
  if (contract().largest_value < kTestableLimit) {
    const ZeroBytes value(contract().largest_value + 1);
    dict().set("key", "old");
    expect_error(ErrorCode::too_large, [&] { dict().set("key", value.view()); });
    EXPECT_EQ(value_of("key"), "old");
    const std::vector<KeyValue> items = {{"new", value.view()}};
    expect_error(ErrorCode::too_large, [&] { dict().set_many(items); });
    EXPECT_EQ(value_of("new"), "(missing)");
    dict().erase("key");
  }
  if (contract().largest_key < kTestableLimit) {
    const std::size_t size = contract().largest_key + 1;
    const ZeroBytes zeros(contract().binary_keys ? size : 1);
    const std::string letters(contract().binary_keys ? 0 : size, 'k');
    const std::string_view key = contract().binary_keys ? zeros.view() : letters;
    expect_error(ErrorCode::too_large, [&] { dict().set(key, "value"); });
    const std::vector<KeyValue> items = {{key, "value"}};
    expect_error(ErrorCode::too_large, [&] { dict().set_many(items); });
    if (contract().atomic_add) expect_error(ErrorCode::too_large, [&] { dict().add(key, 1); });
    expect_absent(key);
  }
  EXPECT_EQ(value_of("before"), "kept");
  dict().set("after", "works");
  EXPECT_EQ(value_of("after"), "works");
  EXPECT_EQ(dict().size(), 2u);
}

TEST_F(Values, BinaryKeysOrTheirRefusal) {
  const std::vector<std::string> keys = {
      std::string("\0", 1), std::string("a\0", 2), std::string("a\0b", 3), "a b", "\r\n", "\xff\xfe\x80", "a", " "};
  if (!contract().binary_keys) {
    for (const char* key : {"a b", "\r\n", "line\n"})
      expect_error(ErrorCode::unsupported, [&] { dict().set(key, "v"); });
    dict().set("a", "usable");
    EXPECT_EQ(value_of("a"), "usable");
    return;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) dict().set(keys[i], std::to_string(i));
  EXPECT_EQ(dict().size(), keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(value_of(keys[i]), std::to_string(i));
  if (contract().lists) {
    EXPECT_EQ(listed(), std::set<std::string>(keys.begin(), keys.end()));
  }
  for (const std::string& key : keys) EXPECT_TRUE(dict().erase(key));
  EXPECT_EQ(dict().size(), 0u);
}

TEST_F(Values, EmptyKeyOrItsRefusal) {
  if (!contract().empty_key) {
    expect_error(ErrorCode::unsupported, [&] { dict().set("", "value"); });
    dict().set("key", "usable");
    EXPECT_EQ(value_of("key"), "usable");
    return;
  }
  dict().set("", "value of the empty key");
  dict().set("key", "other");
  EXPECT_EQ(value_of(""), "value of the empty key");
  EXPECT_EQ(value_of(std::string_view()), "value of the empty key");
  EXPECT_EQ(dict().size(), 2u);
  EXPECT_TRUE(dict().erase(""));
  EXPECT_EQ(value_of(""), "(missing)");
  EXPECT_EQ(value_of("key"), "other");
}

}  // namespace
}  // namespace dictbench::conformance
