// Every fault of the environment against every engine, and right and wrong engines under them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/proxy.h"
#include "tests/harness/wrong_engines.h"

namespace dictbench::torture {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TortureRecord inflict(const std::string& fault, const Subject& subject) {
  const auto all = environment_faults();
  const auto found = std::ranges::find(all, fault, &Fault::name);
  if (found == all.end()) throw std::invalid_argument(fault);
  if (const std::string why = found->not_applicable(subject); !why.empty()) {
    TortureRecord record;
    record.status = "not applicable: " + why;
    return record;
  }
  return found->inflict(subject, {});
}

class EnvironmentFault : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(EnvironmentFault, IsSurvived) {
  const auto& [engine, fault] = GetParam();
  const TortureRecord record = inflict(fault, make_subject(engine));
  std::printf("%s, %s: %s: %s\n", engine.c_str(), fault.c_str(), record.status.c_str(), record.found.c_str());
  for (const auto& [name, value] : record.facts) std::printf("  %s: %s\n", name.c_str(), value.c_str());
  if (!record.ok() && !record.status.starts_with("broken")) GTEST_SKIP() << record.status;
  EXPECT_EQ(record.status, "ok");
  EXPECT_GT(record.tried, 0u);
  // `durable` counts the flushed writes; whether that is well is in the status.
  if (fault != "durable") {
    EXPECT_EQ(record.survived, record.tried);
  }
}

TEST(DurableFault, DurableEnginesFlushEachWriteAndTheOthersDoNot) {
  for (const char* engine : {"sqlite-wal?sync=full", "lmdb?sync=full"}) {
    const TortureRecord record = inflict("durable", make_subject(engine));
    EXPECT_EQ(record.status, "ok") << engine;
    EXPECT_EQ(record.survived, record.tried) << engine;
  }
  EXPECT_EQ(inflict("durable", make_subject("lmdb")).survived, 0u);
  Subject liar = make_subject("lmdb");
  liar.contract.durable = true;
  EXPECT_THAT(inflict("durable", liar).status, HasSubstr("broken: 50 of 50 acknowledged sets were not flushed"));
}

std::vector<std::string> fault_names() {
  std::vector<std::string> names;
  for (const Fault& fault : environment_faults()) names.push_back(fault.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Engines, EnvironmentFault,
                         ::testing::Combine(::testing::Values("null", "local", "boost-map", "redis",
                                                              "redis?transport=tcp", "memcached", "sqlite-wal", "lmdb"),
                                            ::testing::ValuesIn(fault_names())),
                         [](const auto& test) {
                           std::string name = std::get<0>(test.param) + "_" + std::get<1>(test.param);
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                           return name;
                         });

// Where the files lie in memory, there is no disk to fill.
INSTANTIATE_TEST_SUITE_P(OnADisk, EnvironmentFault,
                         ::testing::Combine(::testing::Values("sqlite-wal?files=disk", "lmdb?files=disk"),
                                            ::testing::Values("full-disk")),
                         [](const auto& test) { return std::get<0>(test.param).substr(0, 4); });

struct WrongCase {
  Wrong wrong;
  const char* fault;
  const char* broken;  // in the status
};

class WrongEngine : public ::testing::TestWithParam<WrongCase> {
 protected:
  void TearDown() override { remove_shared_names(); }
};

TEST_P(WrongEngine, IsFound) {
  const TortureRecord record = inflict(GetParam().fault, naive_file(GetParam().wrong));
  EXPECT_THAT(record.status, AllOf(StartsWith("broken: "), HasSubstr(GetParam().broken)));
}

INSTANTIATE_TEST_SUITE_P(Faults, WrongEngine,
                         ::testing::Values(WrongCase{Wrong::takes_missing_for_empty, "header", "no value"},
                                           WrongCase{Wrong::takes_missing_for_empty, "unlink", "no value"},
                                           WrongCase{Wrong::shares_a_name, "create-race", "one of 3 processes"},
                                           WrongCase{Wrong::leaks_descriptors, "fd-limit", "descriptors are open"},
                                           WrongCase{Wrong::leaves_its_server, "identity", "outlives its owner"},
                                           WrongCase{Wrong::leaves_its_server, "driver-kill", "runs on"},
                                           WrongCase{Wrong::loses_when_full, "full", "has no value"},
                                           WrongCase{Wrong::crashes_when_full, "full", "killed by signal 7"}),
                         [](const auto& test) {
                           std::string name =
                               fmt::format("{}_{}", test.param.fault, static_cast<int>(test.param.wrong));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// memcached's own set drops the old value when it finds no room for the new one.
TEST(WrongOption, MemcachedsOwnSetIsFoundWhenFull) {
  const Subject subject = make_subject("memcached?store=set");
  if (subject.description.missing(subject.spec)) GTEST_SKIP() << "no memcached";
  const TortureRecord record = inflict("full", subject);
  if (record.status.starts_with("not applicable")) GTEST_SKIP() << record.status;
  EXPECT_THAT(record.status, StartsWith("broken: "));
}

TEST(WrongClient, ThatAsksAgainAfterATimeoutIsFound) {
  const Subject subject = naive_client(WrongClient::asks_again_after_timeout);
  if (const auto why = subject.description.missing(subject.spec)) GTEST_SKIP() << *why;
  EXPECT_THAT(inflict("delay", subject).status, HasSubstr("the connection is used again"));
}

TEST(WrongClient, ThatSendsAgainAfterAResetIsFound) {
  const Subject subject = naive_client(WrongClient::sends_again_after_reset);
  if (const auto why = subject.description.missing(subject.spec)) GTEST_SKIP() << *why;
  EXPECT_THAT(inflict("reset", subject).status, StartsWith("broken: "));
}

// What the proxy shows to a client that uses its connection again: the answer to the question before.
TEST(Proxy, HandsTheLateReplyToTheNextQuestion) {
  const Subject subject = naive_client(WrongClient::asks_again_after_timeout);
  if (const auto why = subject.description.missing(subject.spec)) GTEST_SKIP() << *why;
  const auto engine = subject.create();
  Proxy proxy(engine->address());
  const auto dict = subject.description.attach(subject.with("timeout", "100")->spec, proxy.address());
  dict->set("first", "of the first key");
  dict->set("second", "of the second key");
  Value out;
  proxy.hold_replies();
  EXPECT_THROW(dict->get("first", out), Error);
  ASSERT_TRUE(proxy.holds_a_reply());
  EXPECT_GT(proxy.release(), 0u);
  ASSERT_TRUE(dict->get("second", out));
  EXPECT_EQ(out.view(), "of the first key");
}

TEST(Proxy, CutsWhereItIsTold) {
  const Subject subject = make_subject("redis");
  if (const auto why = subject.description.missing(subject.spec)) GTEST_SKIP() << *why;
  const auto engine = subject.create();
  const auto direct = engine->attach();
  Proxy proxy(engine->address());
  for (const Cut cut : {Cut::before_request, Cut::in_request, Cut::before_reply, Cut::in_reply}) {
    const auto dict = subject.description.attach(subject.spec, proxy.address());
    direct->erase("key");
    proxy.cut_next(cut);
    EXPECT_THROW(dict->set("key", "value"), Error);
    Value out;
    EXPECT_EQ(direct->get("key", out), cut == Cut::before_reply || cut == Cut::in_reply) << to_string(cut);
  }
  EXPECT_EQ(proxy.cuts(), 4u);
}

TEST(Subject, TakesAnOptionInsteadOfTheOneItHas) {
  const Subject subject = make_subject("redis?timeout=300&pipeline=4");
  EXPECT_EQ(subject.with("timeout", "200")->spec.text(), "redis?pipeline=4&timeout=200");
  EXPECT_FALSE(make_subject("local").with("max", "16M"));
  EXPECT_THROW(subject.with("timeout", "soon"), SpecError);
}

}  // namespace
}  // namespace dictbench::torture
