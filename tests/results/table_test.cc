#include "results/table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dictbench {
namespace {

Table sample() {
  return {"t",
          "A title",
          {"shared note", "own note"},
          {{"engine", "", Alignment::left}, {"speed", "ops/s", Alignment::right}},
          {{{"a|b", {}, {}}, {"1.50 k", 1500, {{1400, 1600}}}}, {{"c, \"d\"", {}, {}}, {"failed: x", {}, {}}}}};
}

TEST(TableMarkdown, IsPaddedAlignedAndEscaped) {
  EXPECT_EQ(render_markdown({sample()}),
            "**A title**\n"
            "\n"
            "| engine | speed (ops/s) |\n"
            "|--------|--------------:|\n"
            "| a\\|b   |        1.50 k |\n"
            "| c, \"d\" |     failed: x |\n"
            "\n"
            "- shared note\n"
            "- own note\n");
}

TEST(TableMarkdown, TitlesAndNotesCanBeLeftOut) {
  const std::string text = render_markdown({sample()}, {.titles = false, .notes = false});
  EXPECT_TRUE(text.starts_with("| engine"));
  EXPECT_TRUE(text.ends_with("failed: x |\n"));
}

TEST(TableMarkdown, ANoteOfAllTablesStandsOnceAtTheEnd) {
  Table second = sample();
  second.notes = {"shared note"};
  const std::string text = render_markdown({sample(), second});
  EXPECT_EQ(text.find("shared note"), text.rfind("shared note"));
  EXPECT_TRUE(text.ends_with("- shared note\n"));
}

TEST(TableCsv, HasRawNumbersIntervalsAndQuotes) {
  EXPECT_EQ(render_csv({sample()}),
            "# t: A title\n"
            "# shared note\n"
            "# own note\n"
            "engine,speed (ops/s),speed low,speed high\r\n"
            "a|b,1500,1400,1600\r\n"
            "\"c, \"\"d\"\"\",failed: x,,\r\n");
}

TEST(TableJson, HasTheShapeThatTheReportReads) {
  const auto json = nlohmann::json::parse(render_json({sample()}));
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["name"], "t");
  EXPECT_EQ(json[0]["title"], "A title");
  EXPECT_EQ(json[0]["notes"].size(), 2u);
  EXPECT_EQ(json[0]["columns"][1]["name"], "speed");
  EXPECT_EQ(json[0]["columns"][1]["unit"], "ops/s");
  EXPECT_EQ(json[0]["rows"][0][1], "1.50 k");
  EXPECT_EQ(render_json({}), "[]\n");
}

}  // namespace
}  // namespace dictbench
