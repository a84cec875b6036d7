// Histories as files, what each promise makes of them, and the values that a check writes.
#include "harness/verify/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/check/value_text.h"
#include "harness/verify/linearizability.h"
#include "random_history.h"

namespace dictbench {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class HistoryFileTest : public ::testing::Test {
 protected:
  HistoryFileTest() : folder_(testing::TempDir() + "dictbench-history-" + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~HistoryFileTest() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  std::string text_of(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }

  std::filesystem::path with_operation(const std::string& operation) const {
    std::ofstream(path("bad.json")) << R"({"format":"dictbench-history","version":1,"operations":[)" << operation
                                    << "]}";
    return path("bad.json");
  }

  std::filesystem::path folder_;
};

std::string tables(const std::vector<Operation>& operations) { return history_table(operations, std::nullopt); }

TEST_F(HistoryFileTest, JsonComesBackAsItWas) {
  Random random(7);
  std::vector<Operation> all;
  HistoryWriter writer(path("h.json"), "redis?pipeline=16", Promise::buffered_sets);
  for (std::uint32_t round = 0; round < 20; ++round) {
    auto history = legal_history(random, {});
    for (Operation& operation : history) operation.key = round;
    writer.append(history);
    all.insert(all.end(), history.begin(), history.end());
  }
  writer.finish();
  const HistoryFile read = read_history(path("h.json"));
  EXPECT_EQ(read.engine, "redis?pipeline=16");
  EXPECT_EQ(read.promise, Promise::buffered_sets);
  ASSERT_EQ(read.operations.size(), all.size());
  EXPECT_EQ(tables(read.operations), tables(all));
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(read.operations[i].key, all[i].key);
}

TEST_F(HistoryFileTest, AnUnreadableValueStaysOne) {
  Operation torn{.begin_ns = 1, .end_ns = 2, .result = kUnreadable, .outcome = Outcome::found};
  HistoryWriter writer(path("h.json"), "x", Promise::linearizable);
  writer.append(std::vector{torn});
  writer.finish();
  EXPECT_EQ(read_history(path("h.json")).operations[0].result, kUnreadable);
}

TEST_F(HistoryFileTest, EdnTellsEveryEventInOrderAndOpenOnesLast) {
  const std::vector<Operation> operations{
      {.begin_ns = 5, .end_ns = 9, .argument = 17, .process = 0, .key = 3, .kind = OperationKind::set},
      {.begin_ns = 2, .argument = 4, .process = 1, .key = 3, .kind = OperationKind::add},
      {.begin_ns = 6, .end_ns = 7, .process = 2, .key = 3, .kind = OperationKind::get, .outcome = Outcome::missing}};
  HistoryWriter writer(path("h.edn"), "x", Promise::linearizable);
  writer.append(operations);
  writer.finish();
  EXPECT_EQ(text_of("h.edn"),
            "{:process 1, :type :invoke, :f :add, :value [3 4], :time 2, :index 0}\n"
            "{:process 0, :type :invoke, :f :write, :value [3 17], :time 5, :index 1}\n"
            "{:process 2, :type :invoke, :f :read, :value [3 nil], :time 6, :index 2}\n"
            "{:process 2, :type :ok, :f :read, :value [3 nil], :time 7, :index 3}\n"
            "{:process 0, :type :ok, :f :write, :value [3 17], :time 9, :index 4}\n"
            "{:process 1, :type :info, :f :add, :value [3 4], :time 2, :index 5}\n");
}

TEST_F(HistoryFileTest, BadFilesAreRefusedWithFileOperationAndReason) {
  const auto refusal = [](const std::filesystem::path& file) {
    try {
      read_history(file);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_THAT(refusal(path("absent.json")), HasSubstr("absent.json: cannot be read"));
  std::ofstream(path("other.json")) << "[1,2]";
  EXPECT_THAT(refusal(path("other.json")), HasSubstr("is no history"));
  EXPECT_THAT(refusal(with_operation(R"({"process":0,"key":0,"kind":"put","begin_ns":1,"end_ns":2})")),
              HasSubstr("operation 0: kind 'put' is unknown: there are get, set, erase and add"));
  EXPECT_THAT(refusal(with_operation(R"({"process":0,"key":0,"kind":"get","begin_ns":3,"end_ns":2})")),
              HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal(with_operation(R"({"process":0,"key":0,"kind":"add","delta":1,"begin_ns":1,"end_ns":2})")),
              HasSubstr("\"sum\" is missing"));
  EXPECT_THAT(refusal(with_operation(R"({"process":-1,"key":0,"kind":"get","begin_ns":1,"end_ns":null})")),
              HasSubstr("\"process\" is out of range"));
  EXPECT_THAT([&] { HistoryWriter(path("h.txt"), "x", Promise::linearizable); },
              ThrowsMessage<std::invalid_argument>(HasSubstr(".json or .edn")));
}

Operation made(OperationKind kind, std::uint32_t process, std::uint32_t key, std::int64_t value, std::int64_t begin) {
  return {.begin_ns = begin,
          .end_ns = begin + 5,
          .argument = kind == OperationKind::set ? value : 0,
          .result = kind == OperationKind::get ? value : 0,
          .process = process,
          .key = key,
          .kind = kind,
          .outcome = kind == OperationKind::get ? Outcome::found : Outcome::none};
}

bool legal(const std::vector<Operation>& operations, Promise promise) {
  for (const auto& history : histories_to_decide(operations, promise))
    if (decide_key(history, {}).answer != Answer::ok) return false;
  return true;
}

// Process 1 still reads the old value after process 0's set has returned.
const std::vector<Operation> kLateSet{made(OperationKind::set, 1, 0, 1, 0), made(OperationKind::get, 1, 0, 1, 10),
                                      made(OperationKind::set, 0, 0, 2, 20), made(OperationKind::get, 1, 0, 1, 30)};

TEST(Promises, ABufferedSetMayComeLate) {
  EXPECT_FALSE(legal(kLateSet, Promise::linearizable));
  EXPECT_TRUE(legal(kLateSet, Promise::buffered_sets));
}

TEST(Promises, ButNotLaterThanTheProcessesNextOtherOperation) {
  auto history = kLateSet;
  history.push_back(made(OperationKind::get, 0, 7, 0, 40));
  history.back().outcome = Outcome::missing;
  history.push_back(made(OperationKind::get, 1, 0, 1, 50));
  EXPECT_FALSE(legal(history, Promise::buffered_sets));
  history.back().result = 2;
  EXPECT_TRUE(legal(history, Promise::buffered_sets));
}

TEST(Promises, APrivateDictKnowsNobodyElse) {
  const std::vector<Operation> own{made(OperationKind::set, 0, 0, 1, 0), made(OperationKind::set, 1, 0, 2, 10),
                                   made(OperationKind::get, 0, 0, 1, 20)};
  EXPECT_TRUE(legal(own, Promise::private_dicts));
  EXPECT_FALSE(legal(own, Promise::linearizable));
  EXPECT_FALSE(legal({own[0], made(OperationKind::get, 0, 0, 2, 20)}, Promise::private_dicts));
}

TEST(ValueText, ShowsItsNumberAndEveryChange) {
  std::string text, other;
  for (std::int64_t number = 1; number < 300; ++number) {
    make_value_text(3'000'000'000 + number, kLongestValueText, text);
    EXPECT_EQ(number_of_value_text(text, kLongestValueText), 3'000'000'000 + number);
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string changed = text;
      changed[i] ^= 1;
      ASSERT_EQ(number_of_value_text(changed, kLongestValueText), kUnreadable);
    }
    ASSERT_EQ(number_of_value_text(text.substr(0, text.size() - 1), kLongestValueText), kUnreadable);
    make_value_text(number, kLongestValueText, other);
    const std::size_t half = std::min(text.size(), other.size()) / 2;
    ASSERT_EQ(number_of_value_text(text.substr(0, half) + other.substr(half), kLongestValueText), kUnreadable);
  }
  EXPECT_EQ(number_of_value_text("", kLongestValueText), kUnreadable);
}

}  // namespace
}  // namespace dictbench
