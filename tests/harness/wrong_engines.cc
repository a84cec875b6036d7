#include "tests/harness/wrong_engines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "engines/counter.h"
#include "engines/shm/private_directory.h"

namespace dictbench::torture {
namespace {

namespace fs = std::filesystem;
constexpr const char* kSharedName = "dictbench-test-shared";

using Content = std::map<std::string, std::string>;

// "COUNT", then per key "KEYSIZE VALUESIZE KEYVALUE".
template <Wrong W>
class FileDict final : public Dict {
 public:
  FileDict(std::string path, std::uint64_t most) : path_(std::move(path)), most_(most) {
    const int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    const int second = dup(file);
    if (W == Wrong::leaks_descriptors && file >= 0 && second < 0) throw cannot_open();
    close(file);
    close(second);
    if (second < 0 && W != Wrong::takes_missing_for_empty) throw cannot_open();
  }

  bool get(std::string_view key, Value& out) override {
    const Content content = load();
    const auto found = content.find(std::string(key));
    if (found == content.end()) return false;
    out.assign(found->second);
    return true;
  }
  void set(std::string_view key, std::string_view value) override {
    Content content = load();
    content.insert_or_assign(std::string(key), value);
    if (bytes(content) > most_) {
      if (W == Wrong::crashes_when_full) raise(SIGBUS);
      content.erase(std::string(key));
      if (W == Wrong::loses_when_full) store(content);
      throw Error(ErrorCode::full, "full");
    }
    store(content);
  }
  bool erase(std::string_view key) override {
    Content content = load();
    const bool there = content.erase(std::string(key)) != 0;
    store(content);
    return there;
  }
  std::int64_t add(std::string_view key, std::int64_t delta) override {
    Value value;
    const std::int64_t sum = checked_add(get(key, value) ? counter_value(value.view()) : 0, delta);
    set(key, CounterText(sum).view());
    return sum;
  }
  std::uint64_t size() override { return load().size(); }
  void for_each(const Visitor& visit) override {
    for (const auto& [key, value] : load())
      if (!visit(key, value)) return;
  }

 private:
  Error cannot_open() const { return {ErrorCode::unavailable, fmt::format("{}: {}", path_, std::strerror(errno))}; }

  static std::uint64_t bytes(const Content& content) {
    std::uint64_t sum = 0;
    for (const auto& [key, value] : content) sum += key.size() + value.size();
    return sum;
  }

  Content load() const {
    std::ifstream file(path_, std::ios::binary);
    Content content;
    std::size_t count = 0;
    if (!(file >> count)) {
      if (W == Wrong::takes_missing_for_empty) return content;
      throw Error(ErrorCode::unavailable, "no file");
    }
    for (; count > 0; --count) {
      std::size_t key_size = 0, value_size = 0;
      file >> key_size >> value_size;
      file.get();
      std::string key(std::min<std::size_t>(key_size, 4096), '\0'),
          value(std::min<std::size_t>(value_size, 4096), '\0');
      file.read(key.data(), static_cast<std::streamsize>(key.size()));
      file.read(value.data(), static_cast<std::streamsize>(value.size()));
      if (!file) throw Error(ErrorCode::corrupt, "the file is cut off");
      content[key] = value;
    }
    return content;
  }

  void store(const Content& content) const {
    const std::string next = fmt::format("{}.{}", path_, getpid());
    {
      std::ofstream file(next, std::ios::binary);
      file << content.size() << '\n';
      for (const auto& [key, value] : content) file << key.size() << ' ' << value.size() << ' ' << key << value;
      if (!file) throw Error(ErrorCode::unavailable, "cannot write");
    }
    fs::rename(next, path_);
  }

  std::string path_;
  std::uint64_t most_;
};

template <Wrong W>
class FileEngine final : public Engine {
 public:
  explicit FileEngine(std::uint64_t most) : most_(most) {
    path_ = W == Wrong::shares_a_name ? (temporary_folder() / kSharedName).string()
                                      : (directory_.path() / "content").string();
    std::ofstream(path_) << "0\n";
    if (W != Wrong::leaves_its_server) return;
    server_ = fork();
    if (server_ == 0)
      while (true) pause();
  }
  ~FileEngine() override {
    if (server_ > 0) kill(server_, SIGKILL);
    if (W == Wrong::shares_a_name) fs::remove(path_);
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<FileDict<W>>(path_, most_); }
  std::string address() const override { return path_; }
  std::vector<pid_t> server_pids() const override {
    return server_ > 0 ? std::vector<pid_t>{server_} : std::vector<pid_t>{};
  }

 private:
  PrivateDirectory directory_;
  std::string path_;
  std::uint64_t most_;
  pid_t server_ = 0;
};

// It rewrites the file for each write, so filling it takes the square of this.
std::uint64_t most_bytes(const Spec& spec) { return std::min<std::uint64_t>(spec.get_bytes("max"), 256 << 10); }

template <Wrong W>
const EngineDescription& file_engine() {
  static const EngineDescription description{
      .name = "naive-file",
      .summary = "one file",
      .options = {{.name = "max", .kind = OptionKind::bytes, .default_value = "1G", .meaning = "", .choices = {}}},
      .contract = [](const Spec&) { return Contract{.largest_key = 4096, .largest_value = 4096}; },
      .create = [](const Spec& spec, const SizeHint&) -> std::unique_ptr<Engine> {
        return std::make_unique<FileEngine<W>>(most_bytes(spec));
      },
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        return std::make_unique<FileDict<W>>(address, most_bytes(spec));
      },
  };
  return description;
}

Subject subject_of(const EngineDescription& description, Spec spec) {
  spec.bind(description.options);
  const Contract contract = description.contract(spec);
  return {.text = spec.text(), .spec = std::move(spec), .description = description, .contract = contract};
}

// Speaks enough of Redis's protocol, over a Unix socket.
template <WrongClient W>
class ClientDict final : public Dict {
 public:
  ClientDict(std::string path, int timeout_ms) : path_(std::move(path)), timeout_ms_(timeout_ms) { connect(); }
  ~ClientDict() override { close(socket_); }

  bool get(std::string_view key, Value& out) override {
    const std::string reply = ask(fmt::format("GET {}", key));
    if (!reply.starts_with('$') || reply.starts_with("$-")) return false;
    out.assign(std::string_view(reply).substr(reply.find('\n') + 1));
    return true;
  }
  void set(std::string_view key, std::string_view value) override {
    ask(fmt::format("*3\r\n$3\r\nSET\r\n${}\r\n{}\r\n${}\r\n{}", key.size(), key, value.size(), value));
  }
  bool erase(std::string_view key) override { return ask(fmt::format("DEL {}", key)) == ":1"; }
  std::int64_t add(std::string_view key, std::int64_t delta) override {
    return std::strtoll(ask(fmt::format("INCRBY {} {}", key, delta)).c_str() + 1, nullptr, 10);
  }
  std::uint64_t size() override { return std::strtoull(ask("DBSIZE").c_str() + 1, nullptr, 10); }
  void for_each(const Visitor&) override { throw Error(ErrorCode::unsupported, "no"); }

 private:
  void connect() {
    socket_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw Error(ErrorCode::unavailable, std::strerror(errno));
  }

  std::string ask(const std::string& command) {
    const std::string line = command + "\r\n";
    for (int attempt = 0;; ++attempt) {
      send(socket_, line.data(), line.size(), MSG_NOSIGNAL);
      try {
        return reply();
      } catch (const Error& error) {
        if (error.code() != ErrorCode::disconnected || W != WrongClient::sends_again_after_reset || attempt > 0) throw;
        close(socket_);
        connect();
      }
    }
  }

  char next() {
    pollfd readable{.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, timeout_ms_) == 0) throw Error(ErrorCode::timeout, "no answer");
    char c = 0;
    if (read(socket_, &c, 1) != 1) throw Error(ErrorCode::disconnected, "lost");
    return c;
  }

  // Without the line end.
  std::string reply() {
    std::string text;
    while (!text.ends_with("\r\n")) text += next();
    text.resize(text.size() - 2);
    if (!text.starts_with('$') || text == "$-1") return text;
    const std::size_t size = std::strtoull(text.c_str() + 1, nullptr, 10);
    text += '\n';
    for (std::size_t i = 0; i < size + 2; ++i) text += next();
    text.resize(text.size() - 2);
    return text;
  }

  std::string path_;
  int timeout_ms_;
  int socket_ = -1;
};

template <WrongClient W>
const EngineDescription& client_engine() {
  static const EngineDescription description = [] {
    EngineDescription changed = find_engine("redis");
    changed.attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
      return std::make_unique<ClientDict<W>>(address, static_cast<int>(spec.get_count("timeout")));
    };
    return changed;
  }();
  return description;
}

}  // namespace

Subject naive_file(Wrong wrong) {
  const auto description = [&]() -> const EngineDescription& {
    switch (wrong) {
      case Wrong::takes_missing_for_empty: return file_engine<Wrong::takes_missing_for_empty>();
      case Wrong::shares_a_name: return file_engine<Wrong::shares_a_name>();
      case Wrong::leaks_descriptors: return file_engine<Wrong::leaks_descriptors>();
      case Wrong::leaves_its_server: return file_engine<Wrong::leaves_its_server>();
      case Wrong::loses_when_full: return file_engine<Wrong::loses_when_full>();
      case Wrong::crashes_when_full: return file_engine<Wrong::crashes_when_full>();
    }
    throw std::invalid_argument("no such wrong engine");
  };
  return subject_of(description(), Spec::parse("naive-file"));
}

void remove_shared_names() {
  for (const auto& entry : fs::directory_iterator(temporary_folder()))
    if (entry.path().filename().string().starts_with(kSharedName)) fs::remove(entry.path());
}

Subject naive_client(WrongClient wrong) {
  return subject_of(wrong == WrongClient::asks_again_after_timeout
                        ? client_engine<WrongClient::asks_again_after_timeout>()
                        : client_engine<WrongClient::sends_again_after_reset>(),
                    Spec::parse("redis"));
}

}  // namespace dictbench::torture
