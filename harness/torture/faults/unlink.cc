// `unlink`: somebody who tidies up removes a segment, file, socket or folder under a living engine.
//
// Who is attached may go on or get an Error. Who attaches then must get an Error: a new, empty dict in the place
// of the old one would be two dicts where the processes believe in one.
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kPatience{10'000};
constexpr std::uint64_t kKeys = 100;

struct Page {
  std::atomic<bool> attached = false, removed = false;
};

// A process that was attached before.
std::string go_on(Engine& engine, Page& page) {
  const auto dict = engine.attach();
  Expected expected;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    dict->set(key_of(i), value_of(key_of(i), 0));
    expected.stored(key_of(i), value_of(key_of(i), 0));
  }
  page.attached = true;
  require(becomes_true([&] { return page.removed.load(); }, kPatience), "nobody removed anything");
  const auto error = error_of([&] {
    if (const auto refused = expected.check_until_error(*dict, "attached before, reading")) throw *refused;
    for (std::uint64_t i = 0; i < kKeys; ++i) {
      expected.in_flight(key_of(i), value_of(key_of(i), 1));
      dict->set(key_of(i), value_of(key_of(i), 1));
      expected.stored(key_of(i), value_of(key_of(i), 1));
    }
    if (const auto refused = expected.check_until_error(*dict, "attached before, written")) throw *refused;
  });
  return error ? std::string(to_string(error->code())) : "goes on";
}

// A process that comes later. Where nothing behind the address was removed (a TCP server's folder) it may find the
// dict.
std::string attach_anew(Engine& engine, bool removed_behind_address) {
  const auto error = error_of([&] {
    const auto dict = engine.attach();
    Value out;
    const bool found = dict->get(key_of(0), out);
    require(found && !removed_behind_address, "a new process attaches and finds {} dict", found ? "a" : "an empty");
    require(out.view() == value_of(key_of(0), 1), "a new process attaches and finds another value");
  });
  return error ? std::string(to_string(error->code())) : "the same dict";
}

// What is removed at once: each thing in a shared place, then each file behind the address.
std::vector<fs::path> targets(Engine& engine) {
  std::vector<fs::path> all = things_of(ProcessIdentity::self());
  for (const fs::path& file : files_at(engine.address()))
    if (std::ranges::find(all, file) == all.end()) all.push_back(file);
  return all;
}

}  // namespace

TortureRecord inflict_unlink(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    std::size_t count = 1;
    std::set<std::string> told;
    for (std::size_t target = 0; target < count; ++target) {
      const auto engine = subject.create();
      const auto all = targets(*engine);
      if (all.empty()) throw NotApplicable("it names nothing in shared places");
      count = all.size();
      const SharedPage<Page> page;
      Child attached([&] { return go_on(*engine, *page); });
      require(becomes_true([&] { return page->attached.load(); }, kPatience), "a process does not attach within 10 s");
      ++record.tried;
      const auto behind = files_at(engine->address());
      fs::remove_all(all[target]);
      const bool removed_behind = !behind.empty() && files_at(engine->address()) != behind;
      page->removed = true;
      const std::string what = all[target].filename().string();
      const ChildEnd before = attached.finish(kPatience);
      require(before.ok(), "{} removed: {}", what, before.trouble);
      const ChildEnd after = in_child([&] { return attach_anew(*engine, removed_behind); }, kPatience);
      require(after.ok(), "{} removed: {}", what, after.trouble);
      ++record.survived;
      record.operations += 4 * kKeys;
      told.insert(fmt::format("who was attached {}, who comes gets {}", before.text, after.text));
    }
    record.found = fmt::format("{} names removed: {}", record.tried, fmt::join(told, "; "));
  });
}

}  // namespace dictbench::torture
