#include "results/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/record_json.h"
#include "tests/results/record_builder.h"

namespace dictbench {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make_cell;
using testing::make_run;
using testing::read_text;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;
using testing::write_text;

CellRecord full_cell() {
  CellRecord cell = make_cell("redis?pipeline=16", 123456.789, 3);
  cell.tier = "python";
  cell.scale = 0.1;
  cell.start = "spawn";
  cell.server_rusage = Usage{.user_s = 1.5,
                             .system_s = 2.5,
                             .minor_faults = 1,
                             .major_faults = 2,
                             .voluntary_switches = 3,
                             .involuntary_switches = 4};
  cell.engine_facts = {{"z", "first"}, {"a", "second"}};
  cell.verified = "failed: 3 keys \"lost\"\nand more";
  return cell;
}

TEST(Record, RoundTripKeepsEverything) {
  const TemporaryFolder folder;
  const auto file = folder / "records.jsonl";
  {
    RecordWriter writer(file);
    writer.write(make_run());
    writer.write(full_cell());
  }
  const RecordFile records = read_records(file);
  ASSERT_EQ(records.runs.size(), 1u);
  ASSERT_EQ(records.cells.size(), 1u);
  // JSON holds every field (the next test), so equal JSON is equal records.
  EXPECT_EQ(to_json(records.runs[0]).dump(), to_json(make_run()).dump());
  EXPECT_EQ(to_json(records.cells[0]).dump(), to_json(full_cell()).dump());
  EXPECT_EQ(records.runs[0].seed, 0xFFFFFFFFFFFFFFFFull);
  EXPECT_EQ(records.cells[0].ops_per_s, 123456.789);
  EXPECT_EQ(records.cells[0].engine_facts, full_cell().engine_facts) << "facts keep their order";
  EXPECT_EQ(records.run("run-1"), &records.runs[0]);
  EXPECT_EQ(records.run("nosuch"), nullptr);
}

TEST(Record, FieldsAreNamedAsTheFormatSays) {
  const Json cell = to_json(full_cell());
  for (const char* field : {"type",
                            "tier",
                            "engine",
                            "workload",
                            "phase",
                            "processes",
                            "repetition",
                            "ops",
                            "elapsed_s",
                            "ops_per_s",
                            "latency_ns",
                            "read_latency_ns",
                            "write_latency_ns",
                            "workers",
                            "rusage",
                            "server_rusage",
                            "memory",
                            "verified",
                            "status",
                            "run_id",
                            "workload_hash",
                            "scale",
                            "start",
                            "verified_keys",
                            "engine_facts"}) {
    EXPECT_TRUE(cell.contains(field)) << field;
  }
  for (const char* field : {"p50", "p90", "p99", "p999", "max", "samples", "one_in"}) {
    EXPECT_TRUE(cell["latency_ns"].contains(field)) << field;
  }
  for (const char* field : {"max_rss_bytes", "pss_bytes", "storage_bytes", "storage_length_bytes", "engine_bytes",
                            "items", "bytes_per_item"}) {
    EXPECT_TRUE(cell["memory"].contains(field)) << field;
  }
  CellRecord few = full_cell();
  few.latency_ns = Latency{.samples = 12, .one_in = 1, .max = 900};
  EXPECT_EQ(to_json(few)["latency_ns"].dump(), R"({"max":900.0,"samples":12,"one_in":1})");
  CellRecord bare = make_cell("null", 1e6);
  bare.latency_ns.reset();
  bare.read_latency_ns.reset();
  EXPECT_FALSE(to_json(bare).contains("latency_ns"));
  EXPECT_FALSE(to_json(bare).contains("read_latency_ns"));
  EXPECT_FALSE(to_json(bare).contains("server_rusage"));
  for (const char* field : {"type", "schema", "run_id", "started", "commit", "dirty", "compiler", "flags", "build_type",
                            "versions", "host", "options", "seed", "warnings"}) {
    EXPECT_TRUE(to_json(make_run()).contains(field)) << field;
  }
}

TEST(Record, OlderLinesTellNoWarmUp) {
  CellRecord cell = make_cell("null", 1e6);
  EXPECT_FALSE(to_json(cell)["work"].contains("warm_up_s"));
  EXPECT_FALSE(to_json(cell)["work"].contains("overwrites"));
  EXPECT_EQ(record_from_json<CellRecord>(to_json(cell)).work.warm_up_s, std::nullopt);
  cell.work.warm_up_s = 0.2;
  cell.work.overwrites = true;
  const CellRecord read = record_from_json<CellRecord>(to_json(cell));
  EXPECT_EQ(read.work.warm_up_s, 0.2);
  EXPECT_TRUE(read.work.overwrites);
}

TEST(Record, OfOlderLoadsItIsFoundOutWhichOverwrite) {
  const TemporaryFolder folder;
  const auto file = folder / "records.jsonl";
  CellRecord cell = make_cell("null", 1e6);
  const auto phase = [&](const std::string& name, std::uint64_t keys, double seconds, double key_bytes = 16) {
    cell.phase = name;
    cell.work.keys = keys;
    cell.work.seconds = seconds;
    cell.work.key_bytes = key_bytes;
    return cell;
  };
  {
    RecordWriter writer(file);
    writer.write(make_run());
    for (unsigned repetition = 0; repetition < 2; ++repetition) {
      cell.repetition = repetition;
      writer.write(phase("load-10b", 400, 0));
      writer.write(phase("set-10b", 400, 0.5));
      writer.write(phase("load-100b", 40, 0));
      writer.write(phase("load-more", 4000, 0));
      writer.write(phase("load-counters", 40, 0, 8));
    }
    cell.work.warm_up_s = 0;  // a record that tells both
    writer.write(phase("load-1k", 4, 0));
  }
  std::vector<std::string> overwriting;
  for (const CellRecord& read : read_records(file).cells)
    if (read.work.overwrites) overwriting.push_back(read.phase);
  EXPECT_THAT(overwriting, ElementsAre("load-100b", "load-100b"));
}

TEST(Record, ExtraFieldsAreTolerated) {
  const TemporaryFolder folder;
  Json cell = to_json(make_cell("null", 1e6));
  cell["future"] = {{"x", 1}};
  cell["memory"]["future"] = 2;
  write_text(folder / "r.jsonl", cell.dump() + "\n");
  EXPECT_EQ(read_records(folder / "r.jsonl").cells.size(), 1u);
}

TEST(Record, PercentilesMayBeAbsent) {
  const TemporaryFolder folder;
  CellRecord cell = make_cell("null", 1e6);
  cell.latency_ns = Latency{.samples = 1000, .one_in = 1, .p50 = 100, .p90 = 200, .p99 = 300, .max = 900};
  RecordWriter(folder / "r.jsonl").write(cell);
  const Latency read = read_records(folder / "r.jsonl").cells.at(0).latency_ns.value();
  EXPECT_EQ(read.p99, 300);
  EXPECT_EQ(read.p999, std::nullopt);
}

TEST(Record, UsageAddsUp) {
  Usage sum{.user_s = 1,
            .system_s = 2,
            .minor_faults = 3,
            .major_faults = 4,
            .voluntary_switches = 5,
            .involuntary_switches = 6};
  sum += sum;
  EXPECT_EQ(sum.user_s, 2);
  EXPECT_EQ(sum.system_s, 4);
  EXPECT_EQ(sum.minor_faults, 6u);
  EXPECT_EQ(sum.major_faults, 8u);
  EXPECT_EQ(sum.voluntary_switches, 10u);
  EXPECT_EQ(sum.involuntary_switches, 12u);
}

TEST(RecordReader, SkipsACutLastLineWhereverItWasCut) {
  const TemporaryFolder folder;
  const std::string first = to_json(make_run()).dump() + "\n";
  const std::string second = to_json(make_cell("null", 1e6)).dump() + "\n";
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, second.size() / 2, second.size() - 2, second.size() - 1}) {
    write_text(folder / "r.jsonl", first + second.substr(0, length));
    const RecordFile records = read_records(folder / "r.jsonl");
    ASSERT_EQ(records.runs.size(), 1u) << length;
    ASSERT_EQ(records.cells.size(), 0u) << length;
  }
}

TEST(RecordReader, RefusesABadLineWithFileAndLine) {
  const TemporaryFolder folder;
  const auto file = folder / "r.jsonl";
  const std::string good = to_json(make_run()).dump() + "\n";
  const auto refused = [&](const std::string& line, const std::string& reason) {
    write_text(file, good + line + "\n" + good);
    EXPECT_THAT([&] { read_records(file); },
                ThrowsMessage<RecordError>(AllOf(HasSubstr(file.string() + ":2: "), HasSubstr(reason))));
  };
  const auto changed = [](const char* field, const Json& value) {
    Json cell = to_json(make_cell("null", 1e6));
    cell[field] = value;
    return cell.dump();
  };
  refused("", "no JSON");
  refused("{\"type\":\"cell\"", "no JSON");
  refused("[1]", "an object with a \"type\"");
  refused("{\"type\":\"row\"}", "there are \"run\", \"cell\"");
  refused("{\"type\":\"cell\"}", "field 'run_id' is missing");
  refused(changed("ops", -1), "field 'ops' must be a whole number of at least 0, not -1");
  refused(changed("ops", 1.5), "field 'ops'");
  refused(changed("processes", 5'000'000'000), "field 'processes' must be a smaller number");
  refused(changed("elapsed_s", "1"), "field 'elapsed_s' must be a number");
  refused(changed("engine", 1), "field 'engine' must be text");
  refused(changed("workers", 1), "field 'workers' must be an array");
  refused(changed("workers", Json::array({1})), "field 'workers[0]' must be an object");
  refused(changed("memory", {{"items", "x"}}), "field 'memory.items'");
  Json run = to_json(make_run());
  run["schema"] = 2;
  refused(run.dump(), "schema version 2");
}

TEST(RecordReader, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { read_records(folder / "nosuch.jsonl"); },
              ThrowsMessage<RecordError>(HasSubstr("nosuch.jsonl: cannot be read")));
  EXPECT_THROW(read_records(folder / ""), RecordError);
}

TEST(RecordReader, ReadsFilesInOrderAndAFileNamedTwiceOnce) {
  const TemporaryFolder folder;
  for (const char* name : {"a.jsonl", "b.jsonl"}) RecordWriter(folder / name).write(make_run(name));
  const auto paths = std::vector<std::filesystem::path>{folder / "b.jsonl", folder / "a.jsonl", folder / "./b.jsonl"};
  const RecordFile records = read_records(paths);
  ASSERT_EQ(records.runs.size(), 2u);
  EXPECT_EQ(records.runs[0].run_id, "b.jsonl");
}

TEST(RecordWriter, AppendsAndCutsAnUnfinishedLineOff) {
  const TemporaryFolder folder;
  const auto file = folder / "r.jsonl";
  RecordWriter(file).write(make_run());
  const std::string whole = read_text(file);
  // Longer than the piece in which the writer looks for the last line end.
  for (const std::size_t length : {1u, 4095u, 4096u, 4097u, 20000u}) {
    write_text(file, whole + std::string(length, 'x'));
    RecordWriter writer(file);
    EXPECT_EQ(read_text(file), whole) << length;
    writer.write(make_cell("null", 1e6));
    EXPECT_EQ(read_records(file).cells.size(), 1u);
  }
  write_text(file, "{\"type\":");
  RecordWriter cut(file);
  EXPECT_EQ(read_text(file), "");
}

TEST(RecordWriter, FlushesEveryLine) {
  const TemporaryFolder folder;
  RecordWriter writer(folder / "r.jsonl");
  writer.write(make_run());
  EXPECT_EQ(read_records(folder / "r.jsonl").runs.size(), 1u);
}

TEST(RecordWriter, SaysThatTheDiskIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  RecordWriter writer("/dev/full");
  EXPECT_THAT([&] { writer.write(make_run()); },
              ThrowsMessage<RecordWriteError>(
                  AllOf(HasSubstr("/dev/full: a record could not be written"), HasSubstr("No space left"))));
}

// A limit on the file's length cuts a line in the middle as a full disk does.
TEST(RecordWriter, LeavesNoPartOfALineWhenTheDiskFillsUp) {
  const TemporaryFolder folder;
  const auto file = folder / "r.jsonl";
  RecordWriter writer(file);
  writer.write(make_run());
  const std::string whole = read_text(file);

  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit tight = before;
  tight.rlim_cur = whole.size() + 100;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  EXPECT_THROW(writer.write(make_cell("null", 1e6)), RecordWriteError);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(read_text(file), whole);
  writer.write(make_cell("null", 1e6));
  EXPECT_EQ(read_records(file).cells.size(), 1u) << "there is room again";
}

// A mistyped path is no wish for new folders.
TEST(RecordWriter, MakesNoFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT([&] { RecordWriter(folder / "no/such/r.jsonl"); },
              ThrowsMessage<RecordError>(AllOf(HasSubstr("there is no folder"), HasSubstr("no/such"))));
  EXPECT_FALSE(std::filesystem::exists(folder / "no"));
  EXPECT_NO_THROW(require_folder_of("r.jsonl"));
  EXPECT_NO_THROW(require_folder_of(folder / "r.jsonl"));
}

TEST(RecordWriter, RefusesAFolderThatCannotBe) {
  const TemporaryFolder folder;
  write_text(folder / "file", "");
  EXPECT_THAT([&] { RecordWriter(folder / "file/r.jsonl"); }, ThrowsMessage<RecordError>(HasSubstr("folder")));
  std::filesystem::create_directory(folder / "r.jsonl");
  EXPECT_THAT([&] { RecordWriter(folder / "r.jsonl"); }, ThrowsMessage<RecordError>(HasSubstr("opened for appending")));
}

TEST(RecordWriter, HoldsNoDescriptorWhenItCannotBeMade) {
  const TemporaryFolder folder;
  const auto file = folder / "r.jsonl";
  write_text(file, "unfinished");
  const int free_one = dup(STDERR_FILENO);
  close(free_one);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(free_one) + 1;  // enough for the lock, not for reading too
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  EXPECT_THROW(RecordWriter writer(file), RecordError);
  const int still_free = dup(STDERR_FILENO);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(still_free, free_one);
  close(still_free);
  EXPECT_NO_THROW(RecordWriter writer(file)) << "still locked";
}

TEST(RecordWriter, RefusesFiguresThatAreNoNumbersAndSurvivesBytesThatAreNoText) {
  const TemporaryFolder folder;
  RecordWriter writer(folder / "r.jsonl");
  CellRecord cell = make_cell("null", 1e6);
  cell.ops_per_s = INFINITY;
  EXPECT_THAT([&] { writer.write(cell); }, ThrowsMessage<RecordError>(HasSubstr("'ops_per_s' is inf")));
  cell.ops_per_s = 1;
  cell.status = "invalid: \xff";
  writer.write(cell);
  EXPECT_EQ(read_records(folder / "r.jsonl").cells.size(), 1u);
}

}  // namespace
}  // namespace dictbench
