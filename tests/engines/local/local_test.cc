#include <gtest/gtest.h>

#include <string>

#include "engines/registry.h"
#include "tests/engines/error_code.h"

namespace dictbench {
namespace {

std::unique_ptr<Engine> make() { return find_engine("local").create(parse_engine_spec("local"), SizeHint{}); }

TEST(Local, KeepsValuesOfEveryLengthAroundTheInPlaceString) {
  const auto dict = make()->attach();
  Value out;
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string value(size, static_cast<char>('a' + size % 26));
    dict->set("key", value);
    ASSERT_TRUE(dict->get("key", out));
    EXPECT_EQ(out.view(), value);
  }
  EXPECT_EQ(dict->size(), 1u);
  EXPECT_FALSE(dict->get("other", out));
}

TEST(Local, CountsInDecimalText) {
  const auto dict = make()->attach();
  Value out;
  EXPECT_EQ(dict->add("n", 40), 40);
  EXPECT_EQ(dict->add("n", 2), 42);
  ASSERT_TRUE(dict->get("n", out));
  EXPECT_EQ(out.view(), "42");
  dict->set("text", "x");
  EXPECT_EQ(error_code_of([&] { dict->add("text", 1); }), ErrorCode::unsupported);
  EXPECT_EQ(error_code_of([&] { dict->scan("", 1, [](auto, auto) { return true; }); }), ErrorCode::unsupported);
}

TEST(Local, DictsArePrivate) {
  const auto engine = make();
  const auto one = engine->attach();
  const auto two = engine->attach();
  one->set("a", "1");
  EXPECT_EQ(two->size(), 0u);
  EXPECT_TRUE(one->erase("a"));
  EXPECT_FALSE(one->erase("a"));
}

}  // namespace
}  // namespace dictbench
