// `small-shm` and `full-disk`: file systems of 4 MiB over /dev/shm and over the folder on the disk.
//
// Writing to memory that no page can be found for is SIGBUS, so an engine has to see to its pages before. It is
// made where nothing is free and where little is, filled to the brim, and used on.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "engines/shm/private_directory.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/filling.h"
#include "harness/torture/judge.h"
#include "harness/torture/small_file_system.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

constexpr const char* kSize = "4M";
constexpr std::uint64_t kFreedLater = 2 << 20;  // half of it
constexpr std::uint64_t kMostBytes = 16 << 20;  // who takes so much keeps it elsewhere

// A file that leaves `free` bytes of the file system, within a page.
class Ballast {
 public:
  Ballast(const std::filesystem::path& folder, std::uint64_t free) : path_(folder / "ballast") {
    constexpr std::uint64_t kPage = 4096;
    const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::uint64_t available = std::filesystem::space(folder).available;
    if (file >= 0 && available > free + kPage)
      done_ = posix_fallocate(file, 0, static_cast<off_t>((available - free) / kPage * kPage)) == 0;
    if (file >= 0) close(file);
    if (!done_) throw Unavailable(fmt::format("cannot fill {}", folder.string()));
  }
  ~Ballast() { unlink(path_.c_str()); }
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;

 private:
  std::filesystem::path path_;
  bool done_ = false;
};

// Made where only `free` bytes are left: an Error says so, or it works as far as it goes. True: it could be made.
bool make_with(const Subject& subject, const std::filesystem::path& folder, std::uint64_t free) {
  const Ballast ballast(folder, free);
  const auto error = error_of([&] {
    const auto engine = subject.create();
    const auto dict = engine->attach();
    Expected expected;
    std::uint64_t stored = 0;
    fill(*dict, expected, 0, free + (64 << 10), stored);
    expected.check(*dict, fmt::format("made with {} bytes free", free));
  });
  require(!error || error->code() == ErrorCode::full || error->code() == ErrorCode::unavailable,
          "made with {} bytes free ends in {}", free, code_of(error));
  const auto left = things_of(ProcessIdentity::self());
  require(left.empty(), "made with {} bytes free leaves {}", free, left.empty() ? "" : left.front().string());
  return !error;
}

bool keeps_things_in(const Subject& subject, const std::filesystem::path& folder) {
  const auto engine = subject.create();
  const auto things = things_of(ProcessIdentity::self());
  return std::ranges::any_of(things, [&](const auto& thing) { return thing.parent_path() == folder; });
}

// A log or a copy of a page has to be written for an erase, so a full file system may refuse it; wholly.
void erase_some(Dict& dict, Expected& expected, std::uint64_t stored) {
  constexpr std::uint64_t kErased = 20;
  for (std::uint64_t i = stored - std::min(stored, kErased); i < stored; ++i) {
    const std::string key = key_of(i);
    const auto error = error_of([&] { dict.erase(key); });
    require(!error || error->code() == ErrorCode::full, "an erase on a full file system ends in {}", code_of(error));
    if (error) continue;
    expected.erased(key);
    const std::string value = value_of(key, 0);
    if (!error_of([&] { dict.set(key, value); })) expected.stored(key, value);
  }
}

void inflict(const Subject& subject, const std::filesystem::path& folder, TortureRecord& record) {
  if (!keeps_things_in(subject, folder)) throw NotApplicable(fmt::format("it keeps nothing in {}", folder.string()));
  std::uint64_t refused = 0;
  for (const std::uint64_t pages : {0, 1, 2, 3, 4, 8, 16, 24, 32, 64, 128}) {
    constexpr std::uint64_t kPage = 4096;
    ++record.tried;
    refused += make_with(subject, folder, pages * kPage) ? 0 : 1;
    ++record.survived;
  }
  const std::string making = fmt::format("refused to be made {} of {} times", refused, record.tried);
  ++record.tried;
  auto ballast = std::make_unique<Ballast>(folder, std::filesystem::space(folder).available - kFreedLater);
  const auto engine = subject.create();
  const auto dict = engine->attach();
  Expected expected;
  std::uint64_t stored = 0;
  if (fill(*dict, expected, 0, kMostBytes, stored)) {
    erase_some(*dict, expected, stored);
    record.operations = use_full(*dict, expected, 0, stored, [&] { ballast.reset(); });
    record.found = fmt::format("{}: {}; Error(full) after {} writes, all of them there", kSize, making, stored);
  } else {
    expected.check(*dict, "not full");
    record.operations = stored;
    record.found = fmt::format("{}: {}; its data lie elsewhere", kSize, making);
  }
  ++record.survived;
}

}  // namespace

TortureRecord inflict_small_shm(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    if (!use_small_dev_shm(kSize)) throw Unavailable("mounting a file system of one's own is not permitted here");
    inflict(subject, "/dev/shm", record);
  });
}

TortureRecord inflict_full_disk(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    // Servers have their sockets and logs among the temporary files.
    const auto folder = keeps_things_in(subject, disk_folder()) ? disk_folder() : temporary_folder();
    if (!use_small_file_system(folder.string(), kSize))
      throw Unavailable("mounting a file system of one's own is not permitted here");
    inflict(subject, folder, record);
  });
}

}  // namespace dictbench::torture
