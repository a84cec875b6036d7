// `memcached`: a memcached server on a Unix socket, through libmemcached.
//
// The server is private to the run unless `address=` names a running one; then that must be empty, and is
// flushed at the end. The private server never evicts (-M), nor moves memory between its size classes,
// which would drop items when there is no room (slab_automove=0): what it acknowledged it keeps. The other side of it:
// memory that values of one size have taken once serves values of about that size only (slab classes, each 1.25 times
// the one before), so after `full` an erased value makes room for one of its own size, and not for others.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "engines/memcached/memcached_dict.h"
#include "engines/registry.h"
#include "engines/server/private_server.h"
#include "engines/server/program.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

constexpr std::chrono::milliseconds kStartPatience{10'000};
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

std::optional<std::string> server_program() { return find_program({"memcached"}); }

// A running server that somebody else started.
class NamedMemcached final : public Engine {
 public:
  explicit NamedMemcached(const Spec& spec) : spec_(spec) {
    auto statistics = MemcachedDict(spec_, address()).statistics();
    if (statistics["curr_items"] != "0")
      throw Error(
          ErrorCode::unavailable,
          fmt::format(
              "memcached at {} holds {} items, and a run needs an empty one, which it flushes at the end: start "
              "another",
              address(), statistics["curr_items"]));
    version_ = statistics["version"];
  }

  ~NamedMemcached() override {
    try {
      MemcachedDict(spec_, address()).clear();
    } catch (const Error&) {
      // The server is gone, and what it held with it or out of our reach.
    }
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<MemcachedDict>(spec_, address()); }
  std::string address() const override { return spec_.get("address"); }
  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"server", "named by address="}, {"server_version", version_}};
  }

 private:
  Spec spec_;
  std::string version_;
};

class PrivateMemcached final : public Engine {
 public:
  explicit PrivateMemcached(const Spec& spec) : spec_(spec) {
    const auto program = server_program();
    if (!program) throw Error(ErrorCode::unavailable, "memcached is not installed; apt-get install memcached");
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

  std::unique_ptr<Dict> attach() override { return std::make_unique<MemcachedDict>(spec_, address()); }
  std::string address() const override { return endpoint_.text(); }
  std::vector<pid_t> server_pids() const override { return {server_.pid()}; }

  // The server's listening socket and the connection that asks are counted too, so this is never 0.
  std::vector<std::pair<std::string, std::uint64_t>> held() const override {
    const std::string connections = MemcachedDict(spec_, address()).statistics()["curr_connections"];
    return {{"connections", std::strtoull(connections.c_str(), nullptr, 10)}};
  }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    return {{"pages", "4 KB"}, {"server_command", command_}};
  }

 private:
  // Half the machine's memory, but 1 GiB at least; it is a limit, and memory is taken as it is needed.
  std::uint64_t memory_mib() const {
    constexpr std::uint64_t kLeast = 1024;
    if (const std::uint64_t asked = spec_.get_bytes("max"); asked != 0) return asked / kMiB;
    const auto memory =
        static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return std::max(kLeast, memory / 2 / kMiB);
  }

  void start(const std::string& program) {
    std::vector<std::string> options;
    const auto option = [&](const char* name, const std::string& value) {
      options.insert(options.end(), {name, value});
    };
    // As root it must be told to stay so: the socket's folder is closed to others, and a change of user
    // would make the kernel forget to end the server with us.
    if (geteuid() == 0) option("-u", "root");
    option("-m", std::to_string(memory_mib()));
    option("-I", std::to_string(memcached_item_limit(spec_)));
    options.push_back("-M");
    option("-t", spec_.get("threads"));
    option("-o", "slab_automove=0");
    endpoint_ = {};
    if (spec_.get("transport") == "unix") {
      option("-a", "600");
      endpoint_.path = server_.socket_path();
    } else {
      endpoint_.host = "127.0.0.1";
      endpoint_.port = free_loopback_port();
      option("-l", endpoint_.host);
      option("-U", "0");
    }
    // What follows differs from run to run and stays out of the record.
    command_ = fmt::format("memcached {}", fmt::join(options, " "));
    if (endpoint_.is_unix())
      option("-s", endpoint_.path);
    else
      option("-p", std::to_string(endpoint_.port));
    options.insert(options.begin(), program);
    server_.start(options);
    server_.wait_until([this] { return answers(); }, kStartPatience);
  }

  // Ours, and not a server that took the TCP port before it.
  bool answers() const {
    try {
      return MemcachedDict(spec_, address()).statistics()["pid"] == std::to_string(server_.pid());
    } catch (const Error&) {
      return false;
    }
  }

  Spec spec_;
  PrivateServer server_;
  Endpoint endpoint_;
  std::string command_;
};

Contract contract(const Spec& spec) {
  return {.survives_killed_writer = true,
          .survives_stopped_process = true,
          .largest_key = kLargestMemcachedKey,
          .largest_value = largest_memcached_value(spec),
          .binary_keys = spec.get("protocol") == "binary",
          .empty_key = false,
          .lists = false,
          .needs_server = true};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  if (spec.get("address").empty()) return std::make_unique<PrivateMemcached>(spec);
  return std::make_unique<NamedMemcached>(spec);
}

std::optional<std::string> missing(const Spec& spec) {
  if (!spec.get("address").empty() || server_program()) return std::nullopt;
  return "memcached is not installed; apt-get install memcached";
}

std::string version() {
  const std::string library = fmt::format("libmemcached {}", memcached_lib_version());
  const auto program = server_program();
  return program ? fmt::format("{}, {}", library, program_version_line(*program)) : library;
}

}  // namespace

const EngineDescription& memcached_engine() {
  static const EngineDescription description{
      .name = "memcached",
      .summary = "memcached server on a Unix socket, through libmemcached",
      .options =
          {
              {.name = "transport",
               .kind = OptionKind::choice,
               .default_value = "unix",
               .meaning = "how to reach the private server",
               .choices = {"unix", "tcp"}},
              {.name = "protocol",
               .kind = OptionKind::choice,
               .default_value = "ascii",
               .meaning = "binary takes any key",
               .choices = {"ascii", "binary"}},
              {.name = "store",
               .kind = OptionKind::choice,
               .default_value = "keep",
               .meaning = "keep: by add and replace, so that an overwrite that finds no memory leaves the old value; "
                          "set: memcached's own set, which drops it",
               .choices = {"keep", "set"}},
              {.name = "max",
               .kind = OptionKind::bytes,
               .default_value = "0",
               .meaning = "bytes that the private server takes for items at most, 2M or more; 0: half the "
                          "machine's memory, 1G or more",
               .choices = {},
               .least = 2 * kMiB},
              {.name = "threads",
               .kind = OptionKind::count,
               .default_value = "4",
               .meaning = "of the private server",
               .choices = {},
               .least = 1,
               .most = 128},
              {.name = "address",
               .kind = OptionKind::text,
               .default_value = "",
               .meaning = "host:port or socket of a running, empty server; empty: start a private one",
               .choices = {}},
              timeout_option("milliseconds to wait for an answer"),
          },
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<MemcachedDict>(spec, address);
      },
      .missing = missing,
      .version = version,
  };
  return description;
}

}  // namespace dictbench
