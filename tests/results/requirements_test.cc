#include "results/choose/requirements.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace dictbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

void set(Requirements& asked, const std::string& option, const std::string& text) {
  const auto question = std::ranges::find(questions(), option, &Question::option);
  ASSERT_NE(question, questions().end()) << option;
  question->set(asked, text);
}

Requirements with(const std::string& option, const std::string& text) {
  Requirements asked;
  set(asked, option, text);
  return asked;
}

void expect_refused(const std::string& option, const std::string& text) {
  EXPECT_THAT(([&] { with(option, text); }),
              ThrowsMessage<RequirementError>(
                  AllOf(HasSubstr(option), HasSubstr("'" + text + "'"), HasSubstr("allowed is"), Not(HasSubstr("\n")))))
      << option << " " << text;
}

TEST(Requirements, ReadUnits) {
  EXPECT_EQ(with("--p99", "50us").p99_ns, 50e3);
  EXPECT_EQ(with("--p99", "1ms").p99_ns, 1e6);
  EXPECT_EQ(with("--p99", "1.5s").p99_ns, 1.5e9);
  EXPECT_EQ(with("--p99", "800ns").p99_ns, 800);
  EXPECT_EQ(with("--ops", "2M/s").ops_per_s, 2e6);
  EXPECT_EQ(with("--ops", "500/s").ops_per_s, 500);
  EXPECT_EQ(with("--ops", "1.5k/s").ops_per_s, 1500);
  EXPECT_EQ(with("--value-size", "64K").value_bytes, 65536);
  EXPECT_EQ(with("--value-size", "0.5K").value_bytes, 512);
  EXPECT_EQ(with("--items", "1M").items, 1'000'000);
  EXPECT_EQ(with("--max-bytes-per-item", "120").max_bytes_per_item, 120);
  EXPECT_EQ(with("--max-bytes-per-item", "1.5K").max_bytes_per_item, 1536);
  EXPECT_EQ(with("--reads", "0.95").reads, 0.95);
  EXPECT_EQ(with("--reads", "0").reads, 0);
  EXPECT_EQ(with("--processes", "8").processes, 8);
  EXPECT_EQ(with("--must", "durable,survives-kill").must,
            (std::set<Guarantee>{Guarantee::survives_kill, Guarantee::durable}));
  EXPECT_EQ(with("--must", "none").must, std::set<Guarantee>{});
  EXPECT_EQ(with("--rank-by", "memory").rank_by, RankBy::memory);
}

TEST(Requirements, RefuseWhatIsNotPlain) {
  for (const char* text :
       {"", "50", "us", "50 us", "-1us", "1e3us", "0us", "50US", "50m", "5.5.5us", "99999999999999999999s", "nan"})
    expect_refused("--p99", text);
  for (const char* text : {"2M", "2m/s", "/s", "0/s", "2M/", "2 M/s"}) expect_refused("--ops", text);
  for (const char* text : {"1.1", "95%", "-0.5", "", "95", ".", "inf"}) expect_refused("--reads", text);
  for (const char* text : {"0", "-1", "1.5", "10001", "2K", "two", ""}) expect_refused("--processes", text);
  for (const char* text : {"0", "64k", "64KB", "0.3", "", "1G1"}) expect_refused("--value-size", text);
  for (const char* text : {"0", "1K", "1.5", "none"}) expect_refused("--items", text);
  for (const char* text : {"0", "", "12b"}) expect_refused("--max-bytes-per-item", text);
  for (const char* text : {"get", ""}) expect_refused("--reads-are", text);
  for (const char* text : {"set", ""}) expect_refused("--writes-are", text);
  for (const char* text : {"speed", ""}) expect_refused("--rank-by", text);
  for (const char* text : {"fast", "", "Durable"}) expect_refused("--must", text);
  EXPECT_THAT([] { with("--must", "durable,,shared"); }, ThrowsMessage<RequirementError>(HasSubstr("survives-kill")));
  EXPECT_THAT([] { with("--must", "durable,"); }, ThrowsMessage<RequirementError>(HasSubstr("--must ''")));
}

TEST(Requirements, TellEveryAnswerAsItIsRead) {
  Requirements asked;
  for (const auto& [option, text] :
       std::vector<std::pair<std::string, std::string>>{{"--processes", "8"},
                                                        {"--reads", "0.85"},
                                                        {"--reads-are", "scans"},
                                                        {"--writes-are", "churn"},
                                                        {"--value-size", "64K"},
                                                        {"--items", "1.5M"},
                                                        {"--must", "survives-kill,ordered"},
                                                        {"--max-bytes-per-item", "120.5"},
                                                        {"--p99", "1.5ms"},
                                                        {"--ops", "250k/s"},
                                                        {"--rank-by", "p99"}}) {
    set(asked, option, text);
    const auto question = std::ranges::find(questions(), option, &Question::option);
    EXPECT_EQ(question->told(asked), text);
  }
  EXPECT_EQ(command_line(asked),
            "dictbench choose --processes 8 --reads 0.85 --reads-are scans --writes-are churn --value-size 64K --items "
            "1.5M --must survives-kill,ordered --max-bytes-per-item 120.5 --p99 1.5ms --ops 250k/s --rank-by p99");
  for (const Question& question : questions()) {
    Requirements fresh;
    question.set(fresh, question.told({}));
    EXPECT_EQ(command_line(fresh), command_line({})) << question.option;
  }
}

TEST(Requirements, HaveACommandLineAndWords) {
  Requirements asked = with("--must", "durable");
  asked.value_bytes = 200;
  EXPECT_EQ(command_line({}), "dictbench choose --processes 2 --reads 0.95");
  EXPECT_EQ(in_words(asked), "2 processes, 95 % gets, 5 % sets, values of 200 B; must: durable");
}

}  // namespace
}  // namespace dictbench
