#include "harness/gate/binary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <thread>

#include "engines/shm/private_directory.h"
#include "harness/gate/command.h"

namespace dictbench {
namespace {

namespace fs = std::filesystem;

// Held while a commit is built, so that a second gate waits instead of building into the same folder.
class FolderLock {
 public:
  explicit FolderLock(const fs::path& folder)
      : file_(open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
    if (file_ < 0)
      throw std::system_error(errno, std::generic_category(), fmt::format("cannot write to {}", folder.string()));
    while (flock(file_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~FolderLock() { close(file_); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_;
};

// Another project's checkout has nothing that a gate could run, also where it makes a plugin for dictbench.
bool is_dictbench(const fs::path& source) {
  std::ifstream stream(source / "CMakeLists.txt");
  const auto has = [](const std::string& line, const char* word) { return line.find(word) != std::string::npos; };
  for (std::string line; std::getline(stream, line);)
    if (has(line, "dictbench") && !has(line, "find_package") && !has(line, "dictbench::")) return true;
  return false;
}

// The one line that `git ARGUMENTS` prints; empty when it fails.
std::string ask_git(std::vector<std::string> arguments) {
  const PrivateDirectory folder;
  const fs::path answer = folder.path() / "answer";
  arguments.insert(arguments.begin(), "git");
  return run_command({.words = std::move(arguments), .log = answer, .environment = {}}).status == 0 ? last_line(answer)
                                                                                                    : "";
}

bool installed(const std::string& program) {
  const PrivateDirectory folder;
  return run_command({.words = {program, "--version"}, .log = folder.path() / "answer", .environment = {}}).status == 0;
}

void step(const fs::path& log, const std::string& commit, std::vector<std::string> words) {
  constexpr std::chrono::seconds kLimit{3600};
  const CommandEnd end = run_command({.words = std::move(words), .log = log, .environment = {}, .limit = kLimit});
  if (end.status != 0)
    throw BuildFailed(fmt::format("{} cannot be built: {} (all of it in {})", commit, last_line(log), log.string()));
}

Binary build(const fs::path& checkout, const std::string& hash, const std::string& text) {
  const fs::path folder = checkout / "build" / "gate" / hash;
  fs::create_directories(folder);
  const FolderLock lock(folder);
  const Binary binary{folder / "build" / "dictbench",
                      text == hash ? hash : fmt::format("{} ({})", text, hash.substr(0, 10))};
  const fs::path built = folder / "built", source = folder / "source", log = folder / "build.log";
  if (fs::exists(built) && fs::exists(binary.program)) return binary;

  fmt::print(stderr, "gate: building {}; what it prints goes to {}\n", binary.label, log.string());
  fs::remove_all(source);
  step(log, text, {"git", "clone", "--quiet", "--shared", "--no-checkout", checkout.string(), source.string()});
  step(log, text, {"git", "-C", source.string(), "checkout", "--quiet", "--detach", hash});
  if (!is_dictbench(source))
    throw BuildFailed(
        fmt::format("{} is no commit of dictbench: its CMakeLists.txt does not know it; an engine of your "
                    "own is gated by --base-plugin OLD.so --plugin NEW.so",
                    text));
  std::vector<std::string> configure{
      "cmake", "-S", source.string(), "-B", (folder / "build").string(), "-DCMAKE_BUILD_TYPE=Release"};
  if (installed("ninja")) configure.insert(configure.end(), {"-G", "Ninja"});
  step(log, text, configure);
  step(log, text,
       {"cmake", "--build", (folder / "build").string(), "--target", "dictbench", "--parallel",
        std::to_string(std::max(std::thread::hardware_concurrency(), 1U))});
  std::ofstream(built) << hash << '\n';
  return binary;
}

}  // namespace

Binary find_binary(const std::string& text) {
  std::error_code ignored;
  if (fs::is_regular_file(text, ignored)) {
    if (access(text.c_str(), X_OK) != 0)
      throw std::invalid_argument(fmt::format("{} is no program: it may not be executed", text));
    return {fs::absolute(text), text};
  }
  const std::string checkout = ask_git({"rev-parse", "--show-toplevel"});
  const std::string hash = checkout.empty() || text.starts_with('-')
                               ? ""
                               : ask_git({"rev-parse", "--verify", "--quiet", fmt::format("{}^{{commit}}", text)});
  if (hash.empty())
    throw std::invalid_argument(fmt::format("'{}' is neither a program nor {}", text,
                                            checkout.empty() ? "a commit: the working directory is in no Git checkout"
                                                             : fmt::format("a commit of {}", checkout)));
  return build(checkout, hash, text);
}

Binary this_binary() { return {fs::read_symlink("/proc/self/exe"), "this program"}; }

}  // namespace dictbench
