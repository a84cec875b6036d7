#include "results/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::ThrowsMessage;

// Records that the caller has, whatever a marker names.
RecordLoader these(const RecordFile& records) {
  return [&records](const std::vector<std::string>&) -> const RecordFile& { return records; };
}

const std::string kDocument =
    "# Title\n"
    "<!-- dictbench:table engines workload=get-uniform title=no -->\n"
    "old\n"
    "<!-- dictbench:end -->\n"
    "tail";

TEST(Render, FillsBlocksAndLeavesTheRest) {
  BlockRequest seen;
  const Rendered rendered = render_blocks(kDocument, "R.md", [&](const BlockRequest& request) {
    seen = request;
    return "new\n";
  });
  EXPECT_EQ(
      rendered.text,
      "# Title\n<!-- dictbench:table engines workload=get-uniform title=no -->\nnew\n<!-- dictbench:end -->\ntail");
  EXPECT_EQ(rendered.blocks, 1u);
  EXPECT_EQ(seen.table, "engines");
  EXPECT_EQ(seen.line, 2u);
  EXPECT_THAT(seen.options, ElementsAre(Pair("workload", "get-uniform"), Pair("title", "no")));
  EXPECT_THAT(rendered.differences,
              ElementsAre("R.md:3: table 'engines' (block of line 2) is not what the records give: "
                          "`old` should be `new`"));
}

TEST(Render, IsIdempotent) {
  const auto build = [](const BlockRequest&) { return std::string("\n| a |\n\n"); };
  const Rendered once = render_blocks(kDocument, "R.md", build);
  const Rendered twice = render_blocks(once.text, "R.md", build);
  EXPECT_EQ(twice.text, once.text);
  EXPECT_TRUE(twice.differences.empty());
}

TEST(Render, MarkersInFencedCodeAreText) {
  const std::string text = "```\n<!-- dictbench:table NAME -->\n```\n~~~md\n<!-- dictbench:end -->\n~~~\n" + kDocument;
  const Rendered rendered = render_blocks(text, "R.md", [](const BlockRequest&) { return "old\n"; });
  EXPECT_EQ(rendered.text, text);
  EXPECT_EQ(rendered.blocks, 1u);
}

TEST(Render, WrongMarkersAreRefusedWithFileAndLine) {
  const RecordFile none;
  const auto build = [&](const BlockRequest& request) { return build_block(request, these(none), TableContext{}); };
  const auto refused = [&](const std::string& text, const std::string& reason) {
    EXPECT_THAT([&] { render_blocks(text, "R.md", build); }, ThrowsMessage<RenderError>(HasSubstr(reason))) << text;
  };
  const std::string end = "<!-- dictbench:end -->\n";
  refused("a\n<!-- dictbench:table nosuch -->\n" + end,
          "R.md:2: table 'nosuch' is unknown: there are overview, fastest, engines, mpdict-1m");
  refused("<!-- dictbench:table engines -->\nx\n", "R.md:1: the block of table 'engines' is not closed");
  refused("<!-- dictbench:table engines -->\n<!-- dictbench:table engines -->\n" + end, "not closed before line 2");
  refused("x\n" + end, "R.md:2: dictbench:end without a block to close");
  refused("<!-- dictbench:table -->\n" + end, "R.md:1: the table's name is missing");
  refused("<!-- dictbench:table workload=x -->\n" + end, "the table's name is missing");
  refused("<!-- dictbench:tabel engines -->\n" + end, "marker 'dictbench:tabel' is unknown");
  refused("<!-- dictbench:table engines\n" + end, "must stand alone on its line");
  refused("<!-- dictbench:table engines x -->\n" + end, "'x' is no option=value");
  refused("<!-- dictbench:table engines colour=red -->\n" + end, "R.md:1: option 'colour' is unknown");
  refused("<!-- dictbench:table engines processes=two -->\n" + end, "write processes=1,2");
  refused("<!-- dictbench:table engines title=maybe -->\n" + end, "yes or no");
  refused("<!-- dictbench:table engines workload= -->\n" + end, "no value");
}

class RenderRecords : public ::testing::Test {
 protected:
  RenderRecords() {
    records_.runs = {testing::make_run()};
    for (const char* workload : {"get-uniform", "load-1m"}) {
      for (const unsigned processes : {1u, 2u}) {
        CellRecord cell = testing::make_cell("lmdb", 1.234e6);
        cell.workload = workload;
        cell.processes = processes;
        records_.cells.push_back(cell);
      }
    }
  }

  Rendered render(const std::string& text) const {
    return render_blocks(text, "R.md", [&](const BlockRequest& request) {
      return build_block(request, these(records_), TableContext{});
    });
  }

  RecordFile records_;
};

TEST_F(RenderRecords, CheckFailsAfterAChangedDigit) {
  const std::string good = render("<!-- dictbench:table engines -->\n<!-- dictbench:end -->\n").text;
  EXPECT_TRUE(render(good).differences.empty());
  std::string forged = good;
  forged.replace(forged.find("1.23 M"), 6, "1.24 M");
  const Rendered checked = render(forged);
  ASSERT_EQ(checked.differences.size(), 1u);
  EXPECT_THAT(checked.differences[0], HasSubstr("1.24 M"));
  EXPECT_THAT(checked.differences[0], HasSubstr("should be `| lmdb"));
  EXPECT_EQ(checked.text, good);
}

TEST_F(RenderRecords, OptionsRestrictTheTable) {
  const std::string text =
      render(
          "<!-- dictbench:table engines workload=load-1m processes=2 title=no notes=no -->\n<!-- dictbench:end -->\n")
          .text;
  EXPECT_THAT(text, HasSubstr("| lmdb   |     2 |"));
  EXPECT_THAT(text, Not(HasSubstr("| lmdb   |     1 |")));
  EXPECT_THAT(text, Not(HasSubstr("**")));
  EXPECT_THAT(text, Not(HasSubstr("Host")));
}

TEST_F(RenderRecords, AnOptionPicksTheRows) {
  records_.cells.push_back(testing::make_cell("boost-map", 2e6));
  records_.cells.push_back(testing::make_cell("redis", 1e5));
  const std::string text = render("<!-- dictbench:table engines engine=lmdb,redis -->\n<!-- dictbench:end -->\n").text;
  EXPECT_THAT(text, HasSubstr("| lmdb"));
  EXPECT_THAT(text, HasSubstr("| redis"));
  EXPECT_THAT(text, Not(HasSubstr("| boost-map")));
}

TEST_F(RenderRecords, AMarkerNamesItsRecords) {
  std::vector<std::string> asked;
  const BlockBuilder build = [&](const BlockRequest& request) {
    return build_block(
        request,
        [&](const std::vector<std::string>& files) -> const RecordFile& {
          asked = files;
          return records_;
        },
        TableContext{});
  };
  render_blocks("<!-- dictbench:table engines records=a.jsonl,b.jsonl -->\n<!-- dictbench:end -->\n", "R.md", build);
  EXPECT_THAT(asked, ElementsAre("a.jsonl", "b.jsonl"));
  render_blocks("<!-- dictbench:table engines -->\n<!-- dictbench:end -->\n", "R.md", build);
  EXPECT_THAT(asked, ElementsAre());
}

TEST(BuildBlock, AnswersAsChooseDoes) {
  RecordFile records;
  records.runs = {testing::make_run()};
  records.cells = {testing::make_cell("fast", 9e6)};
  TableContext context;
  context.knowledge.phase = [](const CellRecord&, const RunRecord*) {
    PhaseTraits traits;
    traits.gets = 0.95;
    traits.sets = 0.05;
    traits.keys = 100'000;
    return traits;
  };
  context.knowledge.engine = [](const std::string& spec) {
    EnginePromises engine;
    engine.spec = spec;
    engine.declared = {Guarantee::shared};
    return engine;
  };
  const std::string block = build_block({"choose", {{"reads", "0.95"}, {"notes", "no"}}, 1}, these(records), context);
  EXPECT_THAT(block, HasSubstr("**Only fast fits: 2 processes, 95 % gets, 5 % sets**"));
  EXPECT_THAT(block, Not(HasSubstr("Measured:")));
  EXPECT_THAT(build_block({"choose", {{"must", "durable"}}, 1}, these(records), context),
              HasSubstr("not durable across a restart"));
  EXPECT_THAT(
      [&] {
        build_block({"choose", {{"reads", "2"}}, 1}, these(records), context);
      },
      ThrowsMessage<RenderError>(HasSubstr("--reads '2': allowed is")));
  EXPECT_THAT(
      [&] {
        build_block({"choose", {{"phase", "get"}}, 1}, these(records), context);
      },
      ThrowsMessage<RenderError>(HasSubstr("option 'phase' is unknown: there are processes, reads")));
}

}  // namespace
}  // namespace dictbench
