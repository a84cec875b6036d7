// `header`: truncated and foreign files behind the address.
//
// A file is damaged while nobody has it attached; a new process attaches and reads everything. It may find all of it,
// or get an Error; what it may not is to end by a signal, hang, or take what it finds there for data, an empty dict
// included.
#include <algorithm>
#include <fstream>
#include <vector>

#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kPatience{10'000};
constexpr std::uint64_t kKeys = 200;

std::string random_bytes(std::size_t size) {
  std::string bytes;
  std::uint64_t state = 1;
  while (bytes.size() < size) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator
    bytes += static_cast<char>(state >> 56);
  }
  return bytes;
}

void overwrite(const fs::path& file, std::uint64_t offset, const std::string& bytes) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void invert(const fs::path& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  for (char& c : bytes) c = static_cast<char>(~c);
  overwrite(file, offset, bytes);
}

struct Damage {
  const char* name;
  void (*inflict)(const fs::path& file);
};

// The offsets are those of a segment's header (magic, version, layout) and near those of other formats, whose
// beginning tells the same.
const std::vector<Damage> kDamages = {
    {"cut to 0 bytes", [](const fs::path& file) { fs::resize_file(file, 0); }},
    {"cut to 1 byte", [](const fs::path& file) { fs::resize_file(file, 1); }},
    {"cut to 100 bytes", [](const fs::path& file) { fs::resize_file(file, 100); }},
    {"cut to 4,095 bytes", [](const fs::path& file) { fs::resize_file(file, 4095); }},
    {"cut to half", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }},
    {"cut by a byte", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) - 1); }},
    {"with a random first page", [](const fs::path& file) { overwrite(file, 0, random_bytes(4096)); }},
    {"replaced by random bytes",
     [](const fs::path& file) {
       fs::resize_file(file, 0);
       overwrite(file, 0, random_bytes(3 * 4096));
     }},
    {"with another magic", [](const fs::path& file) { invert(file, 0, 8); }},
    {"with another version", [](const fs::path& file) { invert(file, 8, 8); }},
    {"with another layout", [](const fs::path& file) { invert(file, 16, 32); }},
};

Expected kept() {
  Expected expected;
  for (std::uint64_t i = 0; i < kKeys; ++i) expected.stored(key_of(i), value_of(key_of(i), i));
  return expected;
}

std::string store(Engine& engine) {
  const auto dict = engine.attach();
  for (std::uint64_t i = 0; i < kKeys; ++i) dict->set(key_of(i), value_of(key_of(i), i));
  return {};
}

// "whole", or the code of the Error that said no.
std::string read_and_use(Engine& engine, const Contract& contract) {
  Expected expected = kept();
  const auto error = error_of([&] {
    const auto dict = engine.attach();
    if (const auto refused = expected.check_until_error(*dict, "read")) throw *refused;
    require(dict->size() == kKeys, "size() says {}, {} were stored", dict->size(), kKeys);
    std::uint64_t visited = 0;
    if (contract.lists) {
      dict->for_each([&](std::string_view key, std::string_view value) {
        ++visited;
        require(value == *expected.value(std::string(key)), "for_each gives {} a wrong value", key);
        return true;
      });
      require(visited == kKeys, "for_each visits {} keys, {} were stored", visited, kKeys);
    }
    for (std::uint64_t i = 0; i < kKeys; i += 2) {
      dict->set(key_of(i), value_of(key_of(i), i + 1));
      expected.stored(key_of(i), value_of(key_of(i), i + 1));
    }
    dict->erase(key_of(1));
    expected.erased(key_of(1));
    dict->add("torture-counter", 1);
    if (const auto refused = expected.check_until_error(*dict, "written")) throw *refused;
  });
  return error ? std::string(to_string(error->code())) : "whole";
}

}  // namespace

TortureRecord inflict_header(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    std::map<std::string, std::uint64_t> answers;
    std::size_t files = 1;
    for (std::size_t file = 0; file < files; ++file) {
      for (const Damage& damage : kDamages) {
        const auto engine = subject.create();
        const ChildEnd stored = in_child([&] { return store(*engine); }, kPatience);
        require(stored.ok(), "storing {}", stored.trouble);
        const auto paths = files_at(engine->address());
        if (paths.empty()) throw NotApplicable("it has no files");
        files = paths.size();
        if (file >= files) break;
        damage.inflict(paths[file]);
        ++record.tried;
        const ChildEnd end = in_child([&] { return read_and_use(*engine, subject.contract); }, kPatience);
        require(end.ok(), "{} {}: {}", paths[file].filename().string(), damage.name, end.trouble);
        ++answers[end.text];
        ++record.survived;
      }
    }
    record.operations = record.tried * kKeys;
    std::string counts;
    for (const auto& [answer, count] : answers)
      counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, answer);
    record.found = fmt::format("{} damaged files: {}", record.tried, counts);
  });
}

}  // namespace dictbench::torture
