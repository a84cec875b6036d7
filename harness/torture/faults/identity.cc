// `identity`: who is dead, when a pid alone cannot tell.
//
// An owner is killed and not reaped: as a zombie it keeps its pid, and must count as dead. Then its things are
// renamed to a process that lives but has another start time, as after the pid was reused. Both times the clean-up
// must take everything of the dead, and touch neither the living owner beside it nor the process that has the pid.
#include <signal.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "engines/shm/leftovers.h"
#include "engines/shm/private_directory.h"
#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

namespace fs = std::filesystem;

constexpr milliseconds kPatience{10'000};
constexpr milliseconds kServerPatience{
    3'000};  // the kernel kills it with its owner, but it may have memory to give back
constexpr int kMostServers = 4;

struct Owned {
  std::atomic<bool> ready = false;
  ProcessIdentity servers[kMostServers];
  SharedText failure;
};

// A process that makes an engine, uses it and waits for its death.
std::string own_engine(const Subject& subject, Owned& owned) {
  try {
    const auto engine = subject.create();
    const auto dict = engine->attach();
    for (std::uint64_t i = 0; i < 20; ++i) dict->set(key_of(i), value_of(key_of(i), 0));
    int count = 0;
    for (const pid_t server : engine->server_pids())
      if (count < kMostServers) owned.servers[count++] = ProcessIdentity::of(server).value_or(ProcessIdentity{});
    owned.ready = true;
    while (true) pause();
  } catch (const std::exception& error) {
    owned.failure.put(error.what());
    owned.ready = true;
  }
  return {};
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Writes another identity into the file's first page: as text, and as it lies in a segment's header.
void forge_content(const fs::path& file, const ProcessIdentity& from, const ProcessIdentity& to) {
  constexpr std::size_t kPage = 4096;
  std::string page(kPage, '\0');
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.read(page.data(), kPage);
  page.resize(static_cast<std::size_t>(stream.gcount()));
  stream.clear();
  const auto bytes = [](const ProcessIdentity& identity) {
    std::string text(sizeof identity, '\0');
    std::memcpy(text.data(), &identity, sizeof identity);
    return text;
  };
  const std::string before = page;
  replace_all(page, bytes(from), bytes(to));
  if (page == before) return;
  stream.seekp(0);
  stream.write(page.data(), static_cast<std::streamsize>(page.size()));
}

// What `owner` left now looks as if `other` had left it.
void forge(const ProcessIdentity& owner, const ProcessIdentity& other) {
  for (const fs::path& thing : things_of(owner)) {
    std::string name = thing.filename();
    replace_all(name, owner.text(), other.text());
    const fs::path renamed = thing.parent_path() / name;
    fs::rename(thing, renamed);
    if (fs::is_regular_file(renamed)) forge_content(renamed, owner, other);
    // As if the server's pid had passed to the living process, too.
    if (fs::exists(renamed / kServerIdentityFile)) std::ofstream(renamed / kServerIdentityFile) << other.text() << '\n';
  }
}

// Kills an owner, has `before_cleanup` meddle with what it left, cleans up.
std::size_t kill_owner(const Subject& subject, bool reused, const ProcessIdentity& bystander) {
  const SharedPage<Owned> owned;
  Child owner([&] { return own_engine(subject, *owned); });
  require(becomes_true([&] { return owned->ready.load(); }, kPatience), "an engine is not made within 10 s");
  if (const auto failure = owned->failure.get()) throw Unavailable(*failure);
  const ProcessIdentity identity = owner.identity();
  const auto used = things_of(identity);
  remove_leftovers();
  require(things_of(identity) == used, "the clean-up took things of a living owner");

  owner.make_zombie();
  for (const ProcessIdentity& server : owned->servers)
    require(server.pid == 0 || becomes_true([&] { return liveness(server) == Liveness::dead; }, kServerPatience),
            "server {} outlives its owner, a zombie now, for 3 s", server.pid);
  ProcessIdentity left_by = identity;
  if (reused) {
    left_by = bystander;
    ++left_by.start_time;
    forge(identity, left_by);
  }
  remove_leftovers();
  require_none_left(left_by, reused ? "a dead owner whose pid is another process's now" : "a zombie");
  return used.size();
}

}  // namespace

TortureRecord inflict_identity(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const Child bystander([] {
      while (true) pause();
      return std::string();
    });
    const auto neighbour = subject.create();
    const auto dict = neighbour->attach();
    Expected expected;
    std::size_t things = 0;
    constexpr std::uint64_t kRounds = 3;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      for (const bool reused : {false, true}) {
        ++record.tried;
        things += kill_owner(subject, reused, bystander.identity());
        require(liveness(bystander.identity()) == Liveness::alive, "the process that has the pid now was killed");
        const std::string key = key_of(record.tried);
        dict->set(key, value_of(key, round));
        expected.stored(key, value_of(key, round));
        expected.check(*dict, "the living owner's dict after a clean-up");
        ++record.survived;
      }
    }
    record.operations = record.tried;
    record.found =
        fmt::format("{} owners killed, half of them with a reused pid: {} things removed, nothing of the living",
                    record.tried, things);
  });
}

}  // namespace dictbench::torture
