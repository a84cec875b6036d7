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

TEST(TableJson, TellsNumberIntervalAndWhereAFigureComesFrom) {
  Table table = sample();
  const FigureSource own = {.type = "cell",
                            .runs = {"run-1"},
                            .tier = "c++",
                            .engine = "lmdb",
                            .workload = "w",
                            .phase = "run",
                            .processes = 2,
                            .scale = 0.5,
                            .start = "fork",
                            .fault = "",
                            .host = "a host",
                            .commit = "c",
                            .workload_hash = "h"};
  FigureSource found;
  found.type = "torture";
  found.runs = {"run-2"};
  found.engine = "lmdb";
  found.fault = "kill";
  table.rows[0][1].sources = {own};
  table.rows[1][1].sources = {found, own};
  const auto json = nlohmann::json::parse(render_json({table, sample()}));
  ASSERT_EQ(json.size(), 2u);
  const auto& figures = json[0]["figures"];
  EXPECT_TRUE(figures[0][0].is_null());
  EXPECT_EQ(figures[0][1], nlohmann::json::parse(R"({"number":1500.0,"interval":[1400.0,1600.0],"sources":[0]})"));
  EXPECT_EQ(figures[1][1], nlohmann::json::parse(R"({"sources":[1,0]})"));
  EXPECT_EQ(json[0]["sources"][0],
            nlohmann::json::parse(R"({"type":"cell","engine":"lmdb","runs":["run-1"],"tier":"c++","workload":"w",
                                      "phase":"run","processes":2,"scale":0.5,"start":"fork","commit":"c",
                                      "workload_hash":"h"})"));
  EXPECT_EQ(json[0]["sources"][1],
            nlohmann::json::parse(R"({"type":"torture","engine":"lmdb","runs":["run-2"],"fault":"kill"})"));
  EXPECT_TRUE(json[1]["sources"].empty());
}

}  // namespace
}  // namespace dictbench
