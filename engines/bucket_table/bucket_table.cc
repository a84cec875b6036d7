// `bucket-table`: a memory-mapped file with one bucket of fixed size an item, open addressing: pyshmht's idea. Its
// layout and what makes it hold: docs/bucket-table.md.
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engines/bucket_table/dict.h"
#include "engines/key_hash.h"
#include "engines/registry.h"
#include "engines/shm/private_directory.h"
#include "engines/shm/process_identity.h"
#include "engines/timeout_option.h"

namespace dictbench {
namespace {

using bucket_table::BucketDict;
using bucket_table::Geometry;
using bucket_table::Plan;
using bucket_table::TableFile;

// A name that the clean-up of leftovers knows; "-2" behind it, of growth, included.
std::string private_path() {
  static std::atomic<unsigned> counter = 0;
  return fmt::format("/dev/shm/{}{}.t{}", own_name_prefix(), ProcessIdentity::self().text(), counter++);
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return number;
}

// A file made with other options may be what a path or an address leads to.
void require_options(BucketDict& found, const Spec& spec, const std::string& path) {
  const Geometry& sizes = found.geometry();
  const std::string_view hash = found.hasher().name();
  if (sizes.key_bytes == spec.get_bytes("key") && sizes.value_bytes == spec.get_bytes("value") &&
      hash == spec.get("hash"))
    return;
  throw Error(ErrorCode::unavailable,
              fmt::format("bucket-table: {} is of key={}&value={}&hash={}; ask for these, or name another file", path,
                          sizes.key_bytes, sizes.value_bytes, hash));
}

class BucketTableEngine final : public Engine {
 public:
  BucketTableEngine(const Spec& spec, const Plan& plan)
      : path_(spec.get("path").empty() ? private_path() : std::filesystem::absolute(spec.get("path")).string()),
        timeout_(plan.timeout),
        maker_(spec.get("path").empty() ? getpid() : 0) {
    struct stat info {};
    if (maker_ == 0 && stat(path_.c_str(), &info) == 0) {
      BucketDict found(path_, timeout_);
      require_options(found, spec, path_);
      return;
    }
    TableFile::create(path_, plan).publish();
  }

  // A file named by the user stays.
  ~BucketTableEngine() override {
    if (maker_ != getpid()) return;
    std::error_code ignored;
    const std::filesystem::path own(path_);
    // What a growth that was cut short left: the name, '-' and a number.
    std::vector<std::filesystem::path> files;
    for (auto entry = std::filesystem::directory_iterator(own.parent_path(), ignored);
         !ignored && entry != std::filesystem::directory_iterator(); entry.increment(ignored))
      if (entry->path().filename().native().starts_with(own.filename().native() + "-")) files.push_back(entry->path());
    for (const auto& file : files) unlink(file.c_str());
    unlink(path_.c_str());
  }

  std::unique_ptr<Dict> attach() override { return std::make_unique<BucketDict>(path_, timeout_); }
  std::string address() const override { return path_; }

  StorageBytes storage_bytes() const override {
    constexpr std::uint64_t kBlock = 512;  // unit of st_blocks
    struct stat info {};
    if (stat(path_.c_str(), &info) != 0) return {};
    return {.in_use = static_cast<std::uint64_t>(info.st_blocks) * kBlock,
            .length = static_cast<std::uint64_t>(info.st_size)};
  }

  std::optional<std::string> check_integrity() override { return BucketDict(path_, timeout_).broken(); }

  std::vector<std::pair<std::string, std::string>> facts() const override {
    BucketDict dict(path_, timeout_);
    const Geometry geometry = dict.geometry();
    const std::uint64_t joined = dict.joined_pages();
    return {{"pages", joined == 0 ? "4 KB: no 2 MB page was granted, or there is less than one"
                                  : fmt::format("2 MB: {} granted, {} of {} KiB", joined, joined << 11,
                                                storage_bytes().in_use >> 10)},
            {"bucket_bytes", fmt::to_string(geometry.bucket_bytes())},
            {"buckets", fmt::to_string(geometry.buckets())},
            {"filesystem", filesystem_name(path_)}};
  }

 private:
  std::string path_;
  std::chrono::milliseconds timeout_;
  pid_t maker_;  // 0: the file was named by the user
};

Contract contract(const Spec& spec) {
  return {
      .survives_killed_writer = true, .largest_key = spec.get_bytes("key"), .largest_value = spec.get_bytes("value")};
}

std::unique_ptr<Engine> create(const Spec& spec, const SizeHint&) {
  constexpr std::uint64_t kStart = 1000;  // items, where capacity= does not say
  const std::uint64_t asked = spec.get_count("capacity"), most = spec.get_bytes("max");
  const std::uint64_t capacity = asked != 0 ? asked : kStart;
  Geometry geometry = Geometry::for_capacity(static_cast<std::uint32_t>(spec.get_bytes("key")),
                                             static_cast<std::uint32_t>(spec.get_bytes("value")), capacity,
                                             static_cast<unsigned>(spec.get_count("load")));
  // The usual start may be more than it may take.
  for (std::uint64_t groups = geometry.groups_in_all();
       most != 0 && asked == 0 && geometry.length() > most && groups > 1;)
    geometry = geometry.with_groups(groups = groups * 7 / 8);
  if (most != 0 && geometry.length() > most)
    throw SpecError(
        fmt::format("engine bucket-table: max={} is less than the {} bytes of the file", most, geometry.length()));
  return std::make_unique<BucketTableEngine>(spec, Plan{.geometry = geometry,
                                                        .most = most,
                                                        .grows = spec.get("growth") == "double",
                                                        .dict = random_number(),
                                                        .generation = 1,
                                                        .hasher = KeyHash::of(spec),
                                                        .timeout = timeout_of(spec)});
}

}  // namespace

const EngineDescription& bucket_table_engine() {
  constexpr std::uint64_t kMostCapacity = std::uint64_t{1} << 36;
  static const EngineDescription description{
      .name = "bucket-table",
      .summary = "a mapped file with one bucket of fixed size an item: no pointers, readers take no lock",
      .options = {{.name = "key",
                   .kind = OptionKind::bytes,
                   .default_value = "64",
                   .meaning = "bytes of the largest key: every bucket has room for it",
                   .choices = {},
                   .least = 1,
                   .most = bucket_table::kMostKey},
                  {.name = "value",
                   .kind = OptionKind::bytes,
                   .default_value = "64",
                   .meaning = "bytes of the largest value, likewise",
                   .choices = {},
                   .least = 1,
                   .most = bucket_table::kMostValue},
                  {.name = "capacity",
                   .kind = OptionKind::count,
                   .default_value = "0",
                   .meaning = "items that it is made for, before it grows; default: 1,000, fewer where max is less",
                   .choices = {},
                   .most = kMostCapacity},
                  {.name = "load",
                   .kind = OptionKind::count,
                   .default_value = "80",
                   .meaning = "percent of the buckets that are used at that capacity",
                   .choices = {},
                   .least = 1,
                   .most = 80},
                  {.name = "growth",
                   .kind = OptionKind::choice,
                   .default_value = "double",
                   .meaning = "a full table is rebuilt into a file of twice the size (double), or is full (off)",
                   .choices = {"double", "off"}},
                  timeout_option(
                      "milliseconds that a write, or a walk over all items, waits for another process's lock"),
                  KeyHash::option(),
                  {.name = "path",
                   .kind = OptionKind::text,
                   .default_value = "",
                   .meaning = "the file, kept and opened again with what it holds; default: one in /dev/shm, removed",
                   .choices = {}},
                  {.name = "max",
                   .kind = OptionKind::bytes,
                   .default_value = "0",
                   .meaning = "bytes that its files may take, while it grows too; default: what the file system has",
                   .choices = {},
                   .least = 64 << 10}},
      .contract = contract,
      .create = create,
      .attach = [](const Spec& spec, const std::string& address) -> std::unique_ptr<Dict> {
        auto dict = std::make_unique<BucketDict>(address, timeout_of(spec));
        require_options(*dict, spec, address);
        return dict;
      },
      .version =
          [] { return fmt::format("xxHash {}.{}.{}", XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE); },
  };
  return description;
}

}  // namespace dictbench
