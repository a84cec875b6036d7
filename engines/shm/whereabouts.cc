#include "engines/shm/whereabouts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>

namespace dictbench {
namespace {

// FNV-1a: any function that keeps different places apart would do.
constexpr std::uint64_t kStart = 0xcbf29ce484222325;

std::uint64_t mixed(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}
std::uint64_t mixed(std::uint64_t hash, std::uint64_t number) {
  return mixed(hash, std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

// As many bits as so many digits of base 36 hold, never 0.
std::uint64_t shortened(std::uint64_t hash, std::size_t digits) {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
  std::uint64_t most = 1;
  for (std::size_t i = 0; i < digits; ++i) most *= 36;
  hash = (hash ^ hash >> 32) * kSpread;
  return 1 + (hash ^ hash >> 29) % (most - 1);
}

std::uint64_t inode(const char* path) {
  struct stat info {};
  return stat(path, &info) == 0 ? info.st_ino : 0;
}

bool no_descriptor_left(int error) { return error == EMFILE || error == ENFILE; }

// Of the first `bytes` of a file. 0: it cannot be read or is shorter; nothing: no descriptor left to look.
std::optional<std::uint64_t> hash_of_file(const char* path, std::size_t bytes) {
  std::array<char, 64> text;
  std::size_t size = 0;
  if (const int error = read_start_of(path, text, size); error != 0)
    return no_descriptor_left(error) ? std::nullopt : std::optional<std::uint64_t>(0);
  return size < bytes ? 0 : mixed(kStart, std::string_view(text.data(), bytes));
}

std::uint64_t with_host_name(std::uint64_t hash) {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? mixed(hash, std::string_view(name.data())) : hash;
}

// What `find` has once told, without asking again.
template <class Find>
std::optional<std::uint64_t> remembered(std::atomic<std::uint64_t>& known, const Find& find) {
  constexpr std::uint64_t kNone = 1;  // that it cannot be told here
  if (const std::uint64_t seen = known.load(std::memory_order_relaxed); seen != 0) return seen == kNone ? 0 : seen;
  const std::optional<std::uint64_t> found = find();
  if (found) known.store(*found == 0 ? kNone : *found, std::memory_order_relaxed);
  return found;
}

std::optional<std::uint64_t> boot() {
  static std::atomic<std::uint64_t> known = 0;
  return remembered(known, []() -> std::optional<std::uint64_t> {
    std::array<char, kBootIdBytes> id;
    const int error = read_boot_id(id);
    if (error != 0) return no_descriptor_left(error) ? std::nullopt : std::optional<std::uint64_t>(0);
    return mixed(kStart, std::string_view(id.data(), id.size()));
  });
}

std::optional<std::uint64_t> machine() {
  static std::atomic<std::uint64_t> known = 0;
  constexpr std::size_t kIdBytes = 32;  // "uninitialized" is shorter
  return remembered(known, []() -> std::optional<std::uint64_t> {
    std::optional<std::uint64_t> id = hash_of_file("/etc/machine-id", kIdBytes);
    if (id == std::uint64_t{0}) id = hash_of_file("/var/lib/dbus/machine-id", kIdBytes);
    return id && *id != 0 ? with_host_name(*id) : id;
  });
}

// Does /proc speak of our own pid namespace? After `unshare --pid` without a new /proc it does not.
bool proc_is_ours() {
  std::array<char, 32> text;
  const ssize_t size = readlink("/proc/self", text.data(), text.size());
  pid_t pid = 0;
  return size > 0 && std::from_chars(text.data(), text.data() + size, pid).ec == std::errc() && pid == getpid();
}

}  // namespace

Whereabouts whereabouts() {
  const auto booted = boot(), here = machine();
  if (!booted || !here) return {.told = false};
  Whereabouts found;
  if (*booted != 0) found.boot = shortened(*booted, kBootDigits);
  if (*here != 0) found.machine = shortened(*here, kMachineDigits);
  const std::uint64_t pids = inode("/proc/thread-self/ns/pid");
  if (pids == 0 || !proc_is_ours()) return found;
  // The first pid namespace has one number on every machine. Where the boot is not told, the host's name is.
  const std::uint64_t place = *booted != 0 ? *booted : with_host_name(*here);
  found.domain = shortened(mixed(mixed(place, pids), inode("/proc/thread-self/ns/time")), kDomainDigits);
  return found;
}

int read_boot_id(std::span<char, kBootIdBytes> to) {
  struct statfs info {};
  if (statfs(kBootIdFile, &info) != 0) return errno;
  if (info.f_type != PROC_SUPER_MAGIC) return ENOTSUP;
  std::size_t size = 0;
  const int error = read_start_of(kBootIdFile, to, size);
  return error != 0 ? error : size == to.size() ? 0 : EBADMSG;
}

int read_start_of(const char* path, std::span<char> to, std::size_t& size) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const ssize_t got = read(file, to.data(), to.size());
  const int error = got < 0 ? errno : 0;
  close(file);
  size = error == 0 ? static_cast<std::size_t>(got) : 0;
  return error;
}

}  // namespace dictbench
