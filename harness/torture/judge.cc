#include "harness/torture/judge.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "engines/shm/leftovers.h"
#include "harness/torture/expected.h"
#include "harness/torture/things.h"

namespace dictbench::torture {
namespace {

// No fault takes long; this is for one that hangs where no finer limit holds.
constexpr milliseconds kLimit{60'000};

// Of a message that may quote anything: records are lines of UTF-8.
std::string one_line(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return text;
}

std::string encode(const TortureRecord& record) {
  std::string text = fmt::format("{} {} {} {} {}\n{}\n{}\n", record.tried, record.survived, record.operations,
                                 record.lost, record.longest_stall_s, one_line(record.found), one_line(record.status));
  for (const auto& [name, value] : record.facts) text += fmt::format("{}\t{}\n", one_line(name), one_line(value));
  return text;
}

void decode(const std::string& text, TortureRecord& record) {
  std::istringstream lines(text);
  std::string counts;
  std::getline(lines, counts);
  std::istringstream(counts) >> record.tried >> record.survived >> record.operations >> record.lost >>
      record.longest_stall_s;
  std::getline(lines, record.found);
  std::getline(lines, record.status);
  for (std::string fact; std::getline(lines, fact);) {
    const auto tab = fact.find('\t');
    record.facts.emplace_back(fact.substr(0, tab), fact.substr(tab + 1));
  }
}

void run_body(TortureRecord& record, const std::function<void(TortureRecord&)>& body) {
  record.status = "ok";
  try {
    body(record);
  } catch (const NotApplicable& reason) {
    record.status = fmt::format("not applicable: {}", reason.what());
  } catch (const Unavailable& reason) {
    record.status = fmt::format("unavailable: {}", reason.what());
  } catch (const Broken& invariant) {
    record.status = fmt::format("broken: {}", invariant.what());
  } catch (const Error& error) {
    record.status = fmt::format("broken: Error({}) where none may be: {}", to_string(error.code()), error.what());
  } catch (const std::exception& error) {
    record.status = fmt::format("broken: an exception that is no Error: {}", error.what());
  }
}

// Kills and reaps every child, those that come to us from killed ones included; how many had to be killed.
std::size_t end_children() {
  std::size_t killed = 0;
  const auto none_runs = [] {  // reaps what has ended
    pid_t ended = 0;
    while ((ended = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    return ended < 0;
  };
  constexpr milliseconds kPatience{1'000};  // they may be ending
  while (!becomes_true(none_runs, kPatience)) {
    std::ifstream children("/proc/thread-self/children");
    for (pid_t child = 0; children >> child; ++killed) kill(child, SIGKILL);
  }
  return killed;
}

// Everything that the body made is out of scope by now.
void look_round(TortureRecord& record) {
  const std::size_t processes = end_children();
  const auto things = things_of(ProcessIdentity::self());
  if (!record.ok()) return;
  if (processes != 0) record.status = fmt::format("broken: {} processes run on", processes);
  if (!things.empty()) record.status = fmt::format("broken: left over is {}", things.front().string());
}

bool says_nothing(const ChildEnd& end, Late late) {
  return end.trouble == "interrupted" || (end.late && late == Late::unavailable);
}

}  // namespace

std::string code_of(const std::optional<Error>& error) {
  return error ? fmt::format("Error({}): {}", to_string(error->code()), error->what()) : "no error";
}

TortureRecord judge(const Subject& subject, const Options& options,
                    const std::function<void(TortureRecord& record)>& body, Late late) {
  TortureRecord record;
  record.processes = options.processes;
  if (subject.description.missing != nullptr) {
    if (const auto why = subject.description.missing(subject.spec)) {
      record.status = fmt::format("unavailable: {}", *why);
      return record;
    }
  }
  const ChildEnd end = in_child(
      [&] {
        prctl(PR_SET_CHILD_SUBREAPER, 1);  // children of killed children come to us
        set_longest_value(subject.contract.largest_value);
        run_body(record, body);
        look_round(record);
        return encode(record);
      },
      kLimit);
  if (end.ok())
    decode(end.text, record);
  else
    record.status = fmt::format("{}: {}", says_nothing(end, late) ? "unavailable" : "broken", end.trouble);
  if (!record.ok()) remove_leftovers();
  return record;
}

void require_none_left(const ProcessIdentity& owner, std::string_view who) {
  constexpr milliseconds kPatience{2'000};
  if (becomes_true([&] { return things_of(owner).empty(); }, kPatience)) return;
  throw Broken(fmt::format("the clean-up leaves {} of {}", things_of(owner).front().string(), who));
}

bool names_a_server(const Subject& subject) {
  return std::ranges::find(subject.description.options, "address", &OptionRule::name) !=
             subject.description.options.end() &&
         !subject.spec.get("address").empty();
}

}  // namespace dictbench::torture
