// Workers as threads of one process: one table, figures of each thread, and data that is read back where it lies.
#include "harness/driver/worker_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>

#include "harness/driver/worker_group.h"

namespace dictbench {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

enum class Fault { none, loses_a_key, cannot_be_made, second_cannot_attach };

struct Table {
  std::mutex mutex;
  std::map<std::string, std::string, std::less<>> keys;
  Fault fault;
};

class TableDict final : public Dict {
 public:
  explicit TableDict(Table& table) : table_(table) {}
  bool get(std::string_view key, Value& out) override {
    const std::scoped_lock lock(table_.mutex);
    const auto found = table_.keys.find(key);
    if (found == table_.keys.end()) return false;
    out.assign(found->second);
    return true;
  }
  void set(std::string_view key, std::string_view value) override {
    const std::scoped_lock lock(table_.mutex);
    if (table_.fault == Fault::loses_a_key && table_.keys.size() == 500) table_.keys.erase(table_.keys.begin());
    table_.keys.insert_or_assign(std::string(key), value);
  }
  bool erase(std::string_view) override { return false; }
  std::int64_t add(std::string_view, std::int64_t) override { return 0; }
  std::uint64_t size() override {
    const std::scoped_lock lock(table_.mutex);
    return table_.keys.size();
  }
  void for_each(const Visitor& visit) override {
    const std::scoped_lock lock(table_.mutex);
    for (const auto& [key, value] : table_.keys)
      if (!visit(key, value)) return;
  }

 private:
  Table& table_;
};

class TableEngine final : public Engine {
 public:
  explicit TableEngine(Fault fault) { table_.fault = fault; }
  std::unique_ptr<Dict> attach() override {
    const std::scoped_lock lock(table_.mutex);
    if (table_.fault == Fault::second_cannot_attach && ++attached_ == 2) throw Error(ErrorCode::full, "no room");
    return std::make_unique<TableDict>(table_);
  }
  std::string address() const override { return ""; }

 private:
  Table table_;
  int attached_ = 0;
};

class WorkerThreads : public testing::Test {
 protected:
  // Leads two threads through a workload; the first step that failed tells why.
  std::string run(Fault fault) {
    const pid_t driver = getpid();
    const auto body = [&](unsigned) {
      return run_worker_threads(
          *control, {.workload = workload, .contract = contract, .sharing = Sharing::threads, .processes = 2},
          [&]() -> std::unique_ptr<Engine> {
            if (getpid() == driver) throw std::logic_error("made in the driver");
            if (fault == Fault::cannot_be_made) throw Error(ErrorCode::full, "no table");
            return std::make_unique<TableEngine>(fault);
          });
    };
    WorkerGroup group(control, 2, StartMode::threads, body, {});
    EXPECT_EQ(group.pids().size(), 1u);
    for (std::uint32_t step = kAttachStep; step <= finish_step(workload); ++step)
      if (std::string why = group.step(step, seconds(20)); !why.empty()) return why;
    const std::vector<WorkerEnd> ends = group.finish();
    EXPECT_EQ(ends.size(), 2u);
    EXPECT_EQ(ends[0].max_rss_bytes, ends[1].max_rss_bytes);
    return {};
  }

  const Workload workload = parse_workload(
      "preload = true\n[keys]\nformat = 'key{index}'\ncount = 1000\n"
      "[[phase]]\nname = 'mixed'\nmix = {get = 0.5, set = 0.5}\noperations = 20_000\ndistribution = 'uniform'\n"
      "[[phase]]\nname = 'set'\nmix = {set = 1}\noperations = 10_000\n",
      "test");
  const Contract contract{.shared_between_processes = false, .shared_between_threads = true};
  ControlMapping control;
};

TEST_F(WorkerThreads, ShareOneTableAndReadItBackThemselves) {
  EXPECT_EQ(run(Fault::none), "");
  for (unsigned worker = 0; worker < 2; ++worker) {
    const PhaseReport& report = control->workers[worker].report;
    EXPECT_EQ(report.ops, 5000u);
    EXPECT_GT(report.end_ns, report.start_ns);
  }
  EXPECT_EQ(control->workers[0].report.items, 1000u) << "one table, counted once";
  EXPECT_EQ(control->workers[1].report.items, 0u);
  EXPECT_EQ(control->workers[0].verified_keys, 1000u);
}

TEST_F(WorkerThreads, ALostKeyIsFoundByTheProcessThatHoldsTheTable) {
  EXPECT_THAT(run(Fault::loses_a_key), StartsWith("worker"));
  EXPECT_TRUE(control->workers[0].wrong_data || control->workers[1].wrong_data);
}

TEST_F(WorkerThreads, ATableThatCannotBeMadeIsToldWithItsReason) {
  EXPECT_THAT(run(Fault::cannot_be_made), HasSubstr("no table"));
}

TEST_F(WorkerThreads, OneThreadsFailureEndsAll) {
  EXPECT_THAT(run(Fault::second_cannot_attach), HasSubstr("full: no room"));
}

// The step before a window of writes takes as long as a warm-up must, however short the window is.
TEST_F(WorkerThreads, WritesWarmUpForTwoTenthsOfASecondBeforeTheirWindow) {
  const Workload updates = parse_workload(
      "preload = true\n[keys]\nformat = 'key{index}'\ncount = 1000\n"
      "[[phase]]\nname = 'set'\nmix = {set = 1}\nseconds = 0.2\ndistribution = 'uniform'\n",
      "test");
  const auto body = [&](unsigned) {
    return run_worker_threads(*control,
                              {.workload = updates, .contract = contract, .sharing = Sharing::threads, .processes = 2},
                              [] { return std::make_unique<TableEngine>(Fault::none); });
  };
  WorkerGroup group(control, 2, StartMode::threads, body, {});
  for (std::uint32_t step = kAttachStep; step <= finish_step(updates); ++step) {
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_EQ(group.step(step, seconds(20)), "");
    const auto took = std::chrono::steady_clock::now() - begun;
    EXPECT_TRUE(step != warm_step(0) || took >= std::chrono::milliseconds(200)) << "of a window of as much";
  }
  group.finish();
  EXPECT_GE(control->workers[0].report.end_ns - control->workers[0].report.start_ns, 200'000'000);
}

}  // namespace
}  // namespace dictbench
