// `fd-limit`: so few file descriptors that making, attaching or a first operation cannot work.
//
// The limit is raised one by one, so that each step that needs a descriptor is the one that fails. Each failure must be
// an Error, leave no descriptor, process or name behind, and be over when the limit is.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <iterator>

#include "harness/torture/expected.h"
#include "harness/torture/faults/environment_faults.h"
#include "harness/torture/judge.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

constexpr rlim_t kMostSteps = 64;       // descriptors that an engine may need until it works
constexpr unsigned kStepsAfter = 3;     // limits that are tried once it works
constexpr double kPatienceSeconds = 5;  // an Error that takes longer is no clear one

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// The limit under which nothing can be opened: the number of the lowest free descriptor.
rlim_t lowest_limit() {
  const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (lowest < 0) throw Unavailable("no file descriptor is free to begin with");
  close(lowest);
  return static_cast<rlim_t>(lowest);
}

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low{.rlim_cur = limit, .rlim_max = before_.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) throw Unavailable("the limit of file descriptors cannot be set");
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_{};
};

// The first operations of every kind: some engines open files only then.
void use(Dict& dict) {
  Expected expected;
  for (std::uint64_t i = 0; i < 10; ++i) {
    dict.set(key_of(i), value_of(key_of(i), i));
    expected.stored(key_of(i), value_of(key_of(i), i));
  }
  dict.add("torture-counter", 1);
  dict.erase("torture-counter");
  if (const auto error = expected.check_until_error(dict, "under a low limit")) throw *error;
}

struct Sweep {
  std::uint64_t tried = 0;   // limits
  std::uint64_t failed = 0;  // limits under which it could not work
  std::uint64_t named = 0;   // of them, those whose message names the cause
  double longest_s = 0;
};

// Tries `attempt` under rising limits until it works.
template <typename Attempt>
Sweep sweep(const char* what, const Attempt& attempt) {
  const std::size_t names_before = things_of(ProcessIdentity::self()).size();
  const std::size_t before = open_descriptors();
  const rlim_t lowest = lowest_limit();
  Sweep sweep;
  unsigned worked = 0;
  for (rlim_t limit = lowest; worked < kStepsAfter; ++limit) {
    require(limit < lowest + kMostSteps, "{}: does not work with {} descriptors either", what, limit);
    const auto begin = std::chrono::steady_clock::now();
    const auto error = error_of([&] {
      const DescriptorLimit low(limit);
      attempt();
    });
    const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ++sweep.tried;
    sweep.longest_s = std::max(sweep.longest_s, took);
    require(took < kPatienceSeconds, "{}: the answer takes {:.1f} s with {} descriptors free: {}", what, took,
            limit - lowest, code_of(error));
    require(!error || error->code() != ErrorCode::corrupt, "{}: with {} descriptors free: {}", what, limit - lowest,
            code_of(error));
    if (error) {
      ++sweep.failed;
      sweep.named += std::string_view(error->what()).find("open files") != std::string_view::npos ? 1 : 0;
      worked = 0;
    } else {
      ++worked;
    }
    const std::size_t after = open_descriptors();
    require(after == before, "{}: {} descriptors are open after a failure, {} were before", what, after, before);
    const auto things = things_of(ProcessIdentity::self());
    require(things.size() == names_before, "{}: a failure leaves {}", what,
            things.empty() ? "nothing of what was there" : things.back().string());
  }
  attempt();  // the limit is lifted
  return sweep;
}

}  // namespace

TortureRecord inflict_fd_limit(const Subject& subject, const Options& options) {
  return judge(subject, options, [&](TortureRecord& record) {
    const auto make = [&] {
      const auto engine = subject.create();
      const auto dict = engine->attach();
      use(*dict);
    };
    make();  // what a library opens once and keeps is no leak
    const Sweep making = sweep("making it", make);

    const auto engine = subject.create();
    const auto witness = engine->attach();
    use(*witness);
    const auto attach = [&] {
      const auto dict = engine->attach();
      use(*dict);
    };
    attach();
    const Sweep attaching = sweep("attaching to it", attach);
    use(*witness);

    record.tried = making.tried + attaching.tried;
    record.survived = record.tried;
    record.facts.emplace_back("messages that name the cause", fmt::format("{} of {}", making.named + attaching.named,
                                                                          making.failed + attaching.failed));
    record.facts.emplace_back("longest answer",
                              fmt::format("{:.0f} ms", 1000 * std::max(making.longest_s, attaching.longest_s)));
    record.found =
        fmt::format("{} limits too low to make it, {} to attach: a clear error each time, no descriptor lost",
                    making.failed, attaching.failed);
  });
}

}  // namespace dictbench::torture
