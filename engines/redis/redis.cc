// `redis`: a Redis (or Valkey) server on a Unix socket, through hiredis.
//
// The server is private to the run unless `address=` names a running one; then its database must be
// empty, and is emptied again at the end. Redis runs one command at a time, so single operations are
// linearizable; a batch is a pipeline of single commands and is not atomic.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "engines/redis/connection.h"
#include "engines/redis/redis_dict.h"
#include "engines/registry.h"
#include "engines/server/private_server.h"
#include "engines/server/program.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStartPatience{10'000};

std::optional<std::string> server_program() { return find_program({"redis-server", "valkey-server"}); }

// "7.0.15" out of "Redis server v=7.0.15 sha=..." (Valkey prints the like).
std::string version_number(std::string_view line) {
  const auto at = line.find(" v=");
  if (at == std::string_view::npos) return "of unknown version";
  line.remove_prefix(at + 3);
  return std::string(line.substr(0, line.find(' ')));
}

// The field of INFO, or an empty text.
std::string info_field(RedisConnection& connection, std::string_view section, std::string_view field) {
  const Reply info = connection.call("INFO", section);
  const std::string_view text = text_of(*info);
  const auto at = text.find(fmt::format("\n{}:", field));
  if (at == std::string_view::npos) return {};
  const auto begin = at + field.size() + 2;
  return std::string(text.substr(begin, text.find_first_of("\r\n", begin) - begin));
}

// A running server that somebody else started.
class NamedRedis final : public Engine {
 public:
  explicit NamedRedis(const Spec& spec) : spec_(spec) {
    const std::uint64_t keys = RedisDict(spec_, address()).size();
    if (keys != 0)
      throw Error(
          ErrorCode::unavailable,
          fmt::format("database {} of the Redis server at {} holds {} keys, and a run needs an empty one, which it "
                      "empties again: choose another (option db)",
                      spec_.get("db"), address(), keys));
  }

  ~NamedRedis() override {
    try {
      connect().call("FLUSHDB");
    } catch (const Error&) {
      // The server is gone, and what it held with it or out of our reach.
    }
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<RedisDict>(spec_, address()); }
  std::string address() const override { return spec_.get("address"); }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    RedisConnection connection = connect();
    return {{"server", "named by address="}, {"server_version", info_field(connection, "server", "redis_version")}};
  }

 private:
  RedisConnection connect() const {
    RedisConnection connection(Endpoint::parse(address()), timeout_of(spec_));
    connection.call("SELECT", spec_.get("db"));
    return connection;
  }

  Spec spec_;
};

class PrivateRedis final : public Engine {
 public:
  explicit PrivateRedis(const Spec& spec) : spec_(spec) {
    const auto program = server_program();
    if (!program)
      throw Error(ErrorCode::unavailable,
                  "redis-server is not installed; apt-get install redis-server (or valkey-server)");
    constexpr int kAttempts = 5;  // another process may take the TCP port first
    for (int attempt = 1;; ++attempt) {
      try {
        start(*program);
        return;
      } catch (const Error&) {
        if (endpoint_.is_unix() || attempt == kAttempts) throw;
        server_.stop();
      }
    }
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<RedisDict>(spec_, address()); }
  std::string address() const override { return endpoint_.text(); }
  std::vector<pid_t> server_pids() const override { return {server_.pid()}; }

  // Its own connection not counted.
  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    RedisConnection connection(endpoint_, timeout_of(spec_));
    connection.call("PING");  // a turn of the server's loop, in which it sees who is gone
    const std::string clients = info_field(connection, "clients", "connected_clients");
    return {{"connections", std::strtoull(clients.c_str(), nullptr, 10) - 1}};
  }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"pages", "4 KB"}, {"server_command", command_}};
  }

 private:
  void start(const std::string& program) {
    std::vector<std::string> options{"--save", "", "--appendonly", "no", "--daemonize", "no"};
    const auto option = [&](const char* name, const std::string& value) {
      options.insert(options.end(), {name, value});
    };
    endpoint_ = {};
    if (spec_.get("transport") == "unix") {
      endpoint_.path = server_.socket_path();
      option("--port", "0");
      option("--unixsocketperm", "600");
    } else {
      endpoint_.host = "127.0.0.1";
      endpoint_.port = free_loopback_port();
      option("--bind", endpoint_.host);
    }
    if (const std::uint64_t memory = spec_.get_bytes("max"); memory != 0) {
      option("--maxmemory", std::to_string(memory));
      option("--maxmemory-policy", "noeviction");
    }
    // What follows differs from run to run and stays out of the record.
    command_ = fmt::format("{} {}", program.substr(program.rfind('/') + 1), fmt::join(shown(options), " "));
    option("--dir", server_.directory().string());
    if (endpoint_.is_unix())
      option("--unixsocket", endpoint_.path);
    else
      option("--port", std::to_string(endpoint_.port));
    options.insert(options.begin(), program);
    server_.start(options);
    server_.wait_until([this] { return answers(); }, kStartPatience);
  }

  static std::vector<std::string> shown(std::vector<std::string> options) {
    std::ranges::replace(options, std::string(), std::string("\"\""));
    return options;
  }

  // Ours, and not a server that took the TCP port before it.
  bool answers() const {
    try {
      RedisConnection connection(endpoint_, timeout_of(spec_));
      return info_field(connection, "server", "process_id") == std::to_string(server_.pid());
    } catch (const Error&) {
      return false;
    }
  }

  Spec spec_;
  PrivateServer server_;
  Endpoint endpoint_;
  std::string command_;
};

Contract contract(const Spec&) {
  return {.survives_killed_writer = true,
          .survives_stopped_process = true,
          .largest_key = kLargestRedisString,
          .largest_value = kLargestRedisString,
          .needs_server = true};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  if (spec.get("address").empty()) return std::make_unique<PrivateRedis>(spec);
  return std::make_unique<NamedRedis>(spec);
}

std::optional<std::string> missing(const Spec& spec) {
  if (!spec.get("address").empty() || server_program()) return std::nullopt;
  return "redis-server is not installed; apt-get install redis-server (or valkey-server)";
}

std::string version() {
  const std::string library = fmt::format("hiredis {}.{}.{}", HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
  const auto program = server_program();
  if (!program) return library;
  return fmt::format("{}, {} {}", library, program->substr(program->rfind('/') + 1),
                     version_number(program_version_line(*program)));
}

}  // namespace

const EngineDescription& redis_engine() {
  static const EngineDescription description{
      .name = "redis",
      .summary = "Redis server on a Unix socket, through hiredis",
      .options =
          {
              {.name = "transport",
               .kind = OptionKind::choice,
               .default_value = "unix",
               .meaning = "how to reach the private server",
               .choices = {"unix", "tcp"}},
              {.name = "pipeline",
               .kind = OptionKind::count,
               .default_value = "1",
               .meaning = "commands sent before their answers are awaited; 1: single operations alone, batches by 128",
               .choices = {},
               .least = 1,
               .most = 10'000},
              {.name = "max",
               .kind = OptionKind::bytes,
               .default_value = "0",
               .meaning = "bytes that the private server may take at most (maxmemory, noeviction); 0: no limit",
               .choices = {}},
              {.name = "address",
               .kind = OptionKind::text,
               .default_value = "",
               .meaning = "host:port or socket of a running server with an empty database; empty: start a private one",
               .choices = {}},
              {.name = "db",
               .kind = OptionKind::count,
               .default_value = "0",
               .meaning = "number of the database",
               .choices = {},
               .least = 0,
               .most = 15},
              timeout_option("milliseconds to wait for an answer"),
          },
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<RedisDict>(spec, address);
      },
      .missing = missing,
      .batch = [](const Spec& spec) { return static_cast<unsigned>(spec.get_count("pipeline")); },
      .version = version,
  };
  return description;
}

}  // namespace dictbench
