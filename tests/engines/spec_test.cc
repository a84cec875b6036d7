#include "engines/spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engines/registry.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<OptionRule> kRules = {
    {.name = "sync", .kind = OptionKind::choice, .default_value = "off", .meaning = "", .choices = {"off", "full"}},
    {.name = "pipeline",
     .kind = OptionKind::count,
     .default_value = "1",
     .meaning = "",
     .choices = {},
     .least = 1,
     .most = 1024},
    {.name = "size", .kind = OptionKind::bytes, .default_value = "1M", .meaning = "", .choices = {}},
};

Spec bound(std::string_view text) {
  Spec spec = Spec::parse(text);
  spec.bind(kRules);
  return spec;
}

TEST(Spec, TextIsCanonical) {
  EXPECT_EQ(Spec::parse("lmdb?sync=off").text(), "lmdb?sync=off");
  EXPECT_EQ(Spec::parse("x?b=2&a=1").text(), "x?a=1&b=2");
}

TEST(Spec, DefaultsFillInButDoNotShow) {
  const Spec spec = bound("x?pipeline=16");
  EXPECT_EQ(spec.get("sync"), "off");
  EXPECT_EQ(spec.get_count("pipeline"), 16u);
  EXPECT_EQ(spec.get_bytes("size"), 1u << 20);
  EXPECT_EQ(spec.text(), "x?pipeline=16");
}

TEST(Spec, RefusesWithTheListOfWhatIsAllowed) {
  EXPECT_THAT([] { bound("x?nosuch=1"); }, ThrowsMessage<SpecError>(HasSubstr("it takes sync, pipeline, size")));
  EXPECT_THAT([] { bound("x?sync=maybe"); }, ThrowsMessage<SpecError>(HasSubstr("none of off, full")));
  EXPECT_THAT([] { bound("x?pipeline=0"); }, ThrowsMessage<SpecError>(HasSubstr("outside 1..1024")));
  EXPECT_THAT([] { bound("x?size=9Q"); }, ThrowsMessage<SpecError>(HasSubstr("like 64M")));
  EXPECT_THAT([] { Spec::parse("?a=1"); }, ThrowsMessage<SpecError>(HasSubstr("no name")));
  EXPECT_THAT([] { Spec::parse("x?a"); }, ThrowsMessage<SpecError>(HasSubstr("not option=value")));
  EXPECT_THAT([] { Spec::parse("x?a=1&a=2"); }, ThrowsMessage<SpecError>(HasSubstr("given twice")));
}

TEST(Spec, SizesTakeUnitsAndRefuseOverflow) {
  EXPECT_EQ(parse_bytes("64K", "size"), 65536u);
  EXPECT_EQ(parse_bytes("2G", "size"), 2ull << 30);
  EXPECT_EQ(parse_bytes("2GiB", "size"), 2ull << 30);
  EXPECT_THROW(parse_bytes("2iB", "size"), SpecError);
  EXPECT_THROW(parse_bytes("99999999999999T", "size"), SpecError);
  EXPECT_THROW(parse_bytes("", "size"), SpecError);
}

TEST(Registry, UnknownEngineIsRefusedWithTheNames) {
  EXPECT_THAT([] { parse_engine_spec("nosuch"); }, ThrowsMessage<SpecError>(HasSubstr("there are null")));
}

}  // namespace
}  // namespace dictbench
