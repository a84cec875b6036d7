// What every engine with a server of its own must do when that server dies, hangs or is reached from
// another process.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <set>

#include "engines/registry.h"
#include "tests/engines/error_code.h"
#include "tests/engines/server/processes.h"

namespace dictbench {
namespace {

class ServerEngine : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    spec_ = parse_engine_spec(GetParam());
    description_ = &find_engine(spec_.name());
    if (const auto reason = description_->missing(spec_)) GTEST_SKIP() << *reason;
    engine_ = description_->create(spec_, {});
    dict_ = engine_->attach();
  }

  pid_t server() const { return engine_->server_pids().at(0); }

  Spec spec_ = Spec::parse("none");
  const EngineDescription* description_ = nullptr;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Dict> dict_;
};

TEST_P(ServerEngine, LeavesNothingBehind) {
  const pid_t pid = server();
  const std::string address = engine_->address();
  const bool is_socket = address.starts_with('/');
  EXPECT_EQ(is_socket, spec_.get("transport") == "unix");
  EXPECT_EQ(access(address.c_str(), F_OK) == 0, is_socket);
  dict_.reset();
  engine_.reset();
  EXPECT_NE(kill(pid, 0), 0);
  EXPECT_NE(access(address.c_str(), F_OK), 0);
}

TEST_P(ServerEngine, SaysThatTheServerDied) {
  Value out;
  for (const bool reading : {true, false}) {
    SCOPED_TRACE(reading);
    if (engine_ == nullptr) engine_ = description_->create(spec_, {});
    dict_ = engine_->attach();
    const auto other = engine_->attach();
    dict_->set("key", "value");
    kill(server(), SIGKILL);
    EXPECT_EQ(error_code_of([&] { reading ? void(dict_->get("key", out)) : dict_->set("key", "other"); }),
              ErrorCode::disconnected);
    EXPECT_EQ(error_code_of([&] { dict_->get("key", out); }), ErrorCode::disconnected);
    EXPECT_EQ(error_code_of([&] { dict_->size(); }), ErrorCode::disconnected);
    const std::vector<std::string_view> keys{"key", "none"};
    std::vector<Value> values(2);
    bool found[2];
    EXPECT_EQ(error_code_of([&] { other->get_many(keys, values, found); }), ErrorCode::disconnected);
    engine_.reset();
  }
}

TEST_P(ServerEngine, SaysThatTheServerHangsAndIsNotUsedAgain) {
  Spec hasty =
      parse_engine_spec(spec_.text() + (spec_.text().find('?') == std::string::npos ? "?" : "&") + "timeout=100");
  const std::vector<std::string_view> keys{"key", "none"};
  std::vector<Value> values(2);
  bool found[2];
  Value out;
  const std::vector<std::function<void(Dict&)>> operations{
      [&](Dict& dict) { dict.get("key", out); },
      [&](Dict& dict) { dict.get("none", out); },
      [&](Dict& dict) { dict.set("key", "late"); },
      [&](Dict& dict) { dict.erase("none"); },
      [&](Dict& dict) { dict.add("counter", -1); },
      [&](Dict& dict) { dict.size(); },
      [&](Dict& dict) { dict.get_many(keys, values, found); },
  };
  dict_->set("key", "value");
  for (std::size_t i = 0; i < operations.size(); ++i) {
    SCOPED_TRACE(i);
    const auto dict = description_->attach(hasty, engine_->address());
    dict->get("key", out);
    kill(server(), SIGSTOP);
    int status = 0;
    ASSERT_EQ(waitpid(server(), &status, WUNTRACED), server());  // until its last thread has stopped
    EXPECT_EQ(error_code_of([&] { operations[i](*dict); }), ErrorCode::timeout);
    kill(server(), SIGCONT);
    // The answer that comes now belongs to no question.
    EXPECT_EQ(error_code_of([&] { dict->get("key", out); }), ErrorCode::disconnected);
  }
}

TEST_P(ServerEngine, AddsExactlyFromThreeProcesses) {
  constexpr int kProcesses = 3;
  constexpr int kAdds = 300;
  int told[2];
  ASSERT_EQ(pipe2(told, O_CLOEXEC), 0);
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process)
    children.push_back(testing::fork_child([&] {
      const auto dict = engine_->attach();
      for (int i = 0; i < kAdds; ++i) {
        const std::int64_t sum = dict->add("up", 1);
        if (write(told[1], &sum, sizeof sum) != sizeof sum) return 1;  // 900 * 8 bytes fit into the pipe
        dict->add("down", i % 2 == 0 ? -3 : 1);
      }
      return 0;
    }));
  for (const pid_t child : children) EXPECT_EQ(testing::exit_code(child), 0);
  close(told[1]);
  std::set<std::int64_t> sums;
  for (std::int64_t sum = 0; read(told[0], &sum, sizeof sum) == sizeof sum;) sums.insert(sum);
  close(told[0]);
  EXPECT_EQ(sums.size(), std::size_t{kProcesses * kAdds}) << "two adds had one result";
  EXPECT_EQ(*sums.rbegin(), kProcesses * kAdds);
  EXPECT_EQ(dict_->add("down", 0), -kProcesses * kAdds);
}

TEST_P(ServerEngine, CountsOverTheWholeRangeOfInt64) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
  Value out;
  EXPECT_EQ(dict_->add("n", 5), 5);
  EXPECT_EQ(dict_->add("n", -10), -5);
  EXPECT_EQ(dict_->add("n", 3), -2);
  EXPECT_EQ(dict_->add("n", 12), 10);
  EXPECT_EQ(dict_->add("n", -1), 9);
  ASSERT_TRUE(dict_->get("n", out));
  EXPECT_EQ(out.view(), "9") << "one digit less, and no blank in its place";
  EXPECT_EQ(dict_->add("n", kMost - 9), kMost);
  EXPECT_EQ(error_code_of([&] { dict_->add("n", 1); }), ErrorCode::too_large);
  EXPECT_EQ(error_code_of([&] { dict_->add("n", kMost); }), ErrorCode::too_large);
  EXPECT_EQ(dict_->add("n", 0), kMost);
  ASSERT_TRUE(dict_->get("n", out));
  EXPECT_EQ(out.view(), std::to_string(kMost));
  EXPECT_EQ(dict_->add("m", kLeast), kLeast);
  EXPECT_EQ(error_code_of([&] { dict_->add("m", -1); }), ErrorCode::too_large);
  EXPECT_EQ(dict_->add("m", kMost), -1);
}

TEST_P(ServerEngine, DoesNotAddToWhatIsNoNumber) {
  Value out;
  for (const char* text :
       {"text", "", "1.5", "0x1", "99999999999999999999", "9223372036854775808", "18446744073709551615"}) {
    SCOPED_TRACE(text);
    dict_->set("text", text);
    EXPECT_EQ(error_code_of([&] { dict_->add("text", 1); }), ErrorCode::unsupported);
    EXPECT_EQ(error_code_of([&] { dict_->add("text", -1); }), ErrorCode::unsupported);
    ASSERT_TRUE(dict_->get("text", out));
    EXPECT_EQ(out.view(), text);
    EXPECT_FALSE(dict_->get("none", out)) << "usable after the error";
  }
}

TEST_P(ServerEngine, KeepsLargeAndEmptyValues) {
  Value out;
  std::string large(1 << 20, 'x');
  for (std::size_t i = 0; i < large.size(); i += 1000) large[i] = static_cast<char>(i / 1000);
  dict_->set("large", large);
  dict_->set("empty", "");
  ASSERT_TRUE(dict_->get("large", out));
  EXPECT_TRUE(out.view() == large);
  ASSERT_TRUE(dict_->get("empty", out));
  EXPECT_EQ(out.view(), "");
  const std::vector<std::string_view> keys{"none", "large", "empty", "large"};
  std::vector<Value> values(4);
  bool found[4];
  EXPECT_EQ(dict_->get_many(keys, values, found), 3u);
  EXPECT_THAT(found, ::testing::ElementsAre(false, true, true, true));
  EXPECT_TRUE(values[1].view() == large && values[3].view() == large);
  EXPECT_EQ(values[2].view(), "");
}

TEST_P(ServerEngine, SetsAndGetsBatchesOfAnySize) {
  for (const std::size_t count : {0u, 1u, 127u, 128u, 1000u}) {
    SCOPED_TRACE(count);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("batch" + std::to_string(i));
    std::vector<KeyValue> items;
    std::vector<std::string_view> keys;
    for (const std::string& name : names) {
      items.push_back({name, name});
      keys.push_back(name);
    }
    dict_->set_many(items);
    std::vector<Value> values(count);
    const auto found = std::make_unique<bool[]>(count);
    EXPECT_EQ(dict_->get_many(keys, values, {found.get(), count}), count);
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(values[i].view(), names[i]);
    EXPECT_EQ(dict_->size(), count);
  }
}

TEST_P(ServerEngine, RefusesWhatIsTooLarge) {
  const Contract contract = description_->contract(spec_);
  Value out;
  dict_->set("key", "value");
  EXPECT_EQ(error_code_of([&] { dict_->set("key", std::string_view("x", contract.largest_value + 1)); }),
            ErrorCode::too_large);
  ASSERT_TRUE(dict_->get("key", out)) << "the old value stays";
  if (contract.largest_key < 1024) {
    dict_->set(std::string(contract.largest_key, 'k'), "value");
    EXPECT_TRUE(dict_->get(std::string(contract.largest_key, 'k'), out));
    EXPECT_EQ(error_code_of([&] { dict_->set(std::string(contract.largest_key + 1, 'k'), "value"); }),
              ErrorCode::too_large);
  }
}

TEST_P(ServerEngine, TakesTheKeysThatTheContractSays) {
  using namespace std::string_view_literals;
  const Contract contract = description_->contract(spec_);
  Value out;
  for (const std::string_view key : {"\0\xff\r\n"sv, "a b"sv, "\x7f"sv, "\xc3\xa4"sv, ""sv}) {
    const bool plain = key == "\xc3\xa4"sv;
    if (plain || (key.empty() ? contract.empty_key : contract.binary_keys)) {
      dict_->set(key, "value of " + std::string(key));
      ASSERT_TRUE(dict_->get(key, out));
      EXPECT_EQ(out.view(), "value of " + std::string(key));
      EXPECT_TRUE(dict_->erase(key));
      EXPECT_FALSE(dict_->erase(key));
    } else {
      EXPECT_EQ(error_code_of([&] { dict_->set(key, "value"); }), ErrorCode::unsupported);
      EXPECT_EQ(error_code_of([&] { dict_->get(key, out); }), ErrorCode::unsupported);
    }
  }
}

TEST_P(ServerEngine, UsesARunningServerThatIsEmpty) {
  const std::string text = spec_.name() + "?address=" + engine_->address();
  const Spec named =
      parse_engine_spec(text + (spec_.name() == "memcached" ? "&protocol=" + spec_.get("protocol") : ""));
  EXPECT_FALSE(description_->missing(named));
  Value out;
  {
    const auto guest = description_->create(named, {});
    EXPECT_TRUE(guest->server_pids().empty());
    guest->attach()->set("key", "value");
    ASSERT_TRUE(dict_->get("key", out));
    EXPECT_EQ(error_code_of([&] { description_->create(named, {}); }), ErrorCode::unavailable) << "it is not empty now";
  }
  EXPECT_FALSE(dict_->get("key", out)) << "emptied at the end";
  EXPECT_NE(kill(server(), 0), -1);
}

TEST_P(ServerEngine, RecordsItsCommandWithoutPaths) {
  const auto facts = engine_->facts();
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0].first, "pages");
  EXPECT_EQ(facts[1].first, "server_command");
  EXPECT_THAT(facts[1].second, ::testing::Not(::testing::HasSubstr("/")));
  EXPECT_THAT(description_->version(), ::testing::ContainsRegex("[0-9]+\\.[0-9]+\\.[0-9]+, .*[0-9]+\\.[0-9]+"));
}

INSTANTIATE_TEST_SUITE_P(Specs, ServerEngine,
                         ::testing::Values("redis", "redis?transport=tcp", "redis?pipeline=16", "memcached",
                                           "memcached?transport=tcp", "memcached?protocol=binary"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace dictbench
