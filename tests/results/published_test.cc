#include "results/published.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Published, EveryFileLoads) {
  EXPECT_THAT(list_published(), ElementsAre("lock-counter", "mpdict-1m", "pyshmht-64b", "pyshmht-mp", "redis-100k",
                                            "ultra-new", "ultra-old", "ultra-rank"));
  for (const std::string& name : list_published()) EXPECT_FALSE(load_published(name).rows.empty()) << name;
}

TEST(Published, FiguresAreTheDocuments) {
  const PublishedTable mpdict = load_published("mpdict-1m");
  EXPECT_EQ(mpdict.id, "MPDICT-1M");
  const PublishedRow& row = mpdict.rows.at(0);
  EXPECT_EQ(row.processes, 3u);
  EXPECT_EQ(row.figure("elapsed_s"), 3.13951);
  EXPECT_EQ(row.figure("max_rss_kb"), 80632);
  EXPECT_EQ(row.figure("items"), 999781);
  EXPECT_EQ(row.figure("nosuch"), std::nullopt);
  EXPECT_EQ(load_published("redis-100k").rows.at(0).figure("voluntary_switches"), 131071);
  EXPECT_EQ(load_published("lock-counter").rows.at(0).figure("counter"), 100000);
  EXPECT_EQ(load_published("ultra-rank").rows.size(), 10u);
  EXPECT_EQ(load_published("pyshmht-64b").rows.size(), 12u);
}

TEST(Published, MachinesAreTold) {
  const PublishedTable mpdict = load_published("mpdict-1m");
  ASSERT_EQ(mpdict.machines.size(), 2u);
  EXPECT_EQ(mpdict.machines[0].name, "AMD A8-4500M laptop");
  EXPECT_TRUE(mpdict.machines[0].rows.empty()) << "its figures are the table's";
  EXPECT_EQ(mpdict.machines[1].name, "i7 at 3.5 GHz");
  EXPECT_EQ(mpdict.machines[1].rows.at(0).figure("per_s"), 1e6);
  EXPECT_TRUE(load_published("ultra-old").machines.empty()) << "not stated";
}

TEST(Published, AWrongFileIsRefusedWithPlaceAndReason) {
  const std::string head = R"({"id":"X","name":"x","title":"t","source":"s","host":"h","workload":"w","rows":)";
  const auto refused = [](const std::string& text, const std::string& reason) {
    EXPECT_THAT([&] { parse_published(text, "x.json"); },
                ThrowsMessage<PublishedError>(AllOf(HasSubstr("x.json"), HasSubstr(reason))));
  };
  parse_published(head + R"([{"system":"a","figures":{"elapsed_s":1}}]})", "x.json");
  const std::string machines =
      R"({"id":"X","name":"x","title":"t","source":"s","host":"h","workload":"w","rows":[{"system":"a","figures":{"per_s":1}}],)"
      R"("machines":)";
  parse_published(machines + R"([{"name":"m","facts":{"memory":"1 GB"}}]})", "x.json");
  refused(machines + "[]}", "'machines' must be a list");
  refused(machines + R"([{"name":"m"}]})", "machine 1: 'facts' must be");
  refused(machines + R"([{"name":"m","facts":{"cores":2}}]})", "machine 1: facts: 'cores' must be a text");
  refused(machines + R"([{"name":"m","facts":{"a":"b"},"rows":[{}]}]})", "machine 1: row 1");
  refused("{", "no JSON");
  refused("[]", "must be an object");
  refused("{}", "'id' is missing");
  refused(head + "[]}", "at least one row");
  refused(head + R"([{"system":"a","figures":{}}]})", "row 1: 'figures' must be");
  refused(head + R"([{"system":"a","figures":{"elapsed_s":"1"}}]})", "figure 'elapsed_s' must be a number");
  refused(head + R"([{"system":"a","figure":{}}]})", "key 'figure' is unknown; allowed are figures");
  refused(head + R"([{"system":"a","processes":0,"figures":{"a":1}}]})", "'processes' must be");
  const std::string row = R"("rows":[{"system":"a","figures":{"per_s":1},"here":)";
  const std::string place = R"({"tier":"python","engine":"e","workload":"w","phase":"p"})";
  const std::string claims =
      R"({"id":"X","name":"x","title":"t","source":"s","host":"h","workload":"w",)" + row + place + R"(}],"claims":)";
  const std::string claim =
      R"([{"text":"t","published":"p","unit":"x","why":"w","subject":)" + place + R"(,"own":)" + place;
  parse_published(claims + claim + R"(,"figure":"rate","at_least":2}]})", "x.json");
  refused(claims + claim + R"(,"figure":"speed","at_least":2}]})", "claim 1: 'figure' must be one of bytes_per_item");
  refused(claims + claim + R"(,"figure":"rate"}]})", "either 'at_least' or 'at_most'");
  refused(claims + claim + R"(,"figure":"rate","at_least":2,"at_most":3}]})", "either 'at_least' or 'at_most'");
  refused(claims + R"([{"text":"t"}]})", "claim 1: 'published' is missing");
  refused(claims + R"(["t"]})", "claim 1: must be an object");
  EXPECT_THAT(
      [] { load_published("nosuch"); },
      ThrowsMessage<PublishedError>(HasSubstr("nosuch.json: cannot be read; the folder has lock-counter, mpdict")));
}

TEST(Published, TheFolderCanBeAnother) {
  const testing::TemporaryFolder folder;
  testing::write_text(folder / "y.json", R"({"id":"X","name":"x","title":"t","source":"s","host":"h","workload":"w",
                      "rows":[{"system":"a","figures":{"elapsed_s":1}}]})");
  setenv("DICTBENCH_PUBLISHED", (folder / "").c_str(), 1);
  EXPECT_THAT(list_published(), ElementsAre("y"));
  EXPECT_THAT([] { load_published("y"); }, ThrowsMessage<PublishedError>(HasSubstr("must be the file's")));
  setenv("DICTBENCH_PUBLISHED", "/nonexistent", 1);
  EXPECT_THAT([] { load_published("y"); }, ThrowsMessage<PublishedError>(HasSubstr("/nonexistent: cannot be listed")));
  unsetenv("DICTBENCH_PUBLISHED");
}

}  // namespace
}  // namespace dictbench
