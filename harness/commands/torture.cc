// `dictbench torture`: inflicts faults on engines, checks what their contracts promise, records what it found.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engines/shm/crash_point.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/driver/progress.h"
#include "harness/driver/run_record.h"
#include "harness/driver/worker_group.h"
#include "harness/torture/fault.h"

namespace dictbench {
namespace {

using torture::Fault;
using torture::Subject;

struct TortureArguments {
  std::vector<std::string> engines, faults, plugins;
  std::optional<double> seconds;
  double patience_s = 10;
  torture::Options options;
  std::string out;
};

std::vector<Fault> chosen_faults(const std::vector<std::string>& names) {
  const std::vector<Fault>& all = torture::faults();
  if (names.empty()) return all;
  std::vector<Fault> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &Fault::name);
    if (found == all.end()) {
      std::vector<std::string> known;
      for (const Fault& fault : all) known.push_back(fault.name);
      throw std::invalid_argument(
          fmt::format("--faults: '{}' is no fault; there are {}", name, fmt::join(known, ", ")));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

std::vector<Subject> chosen_subjects(const std::vector<std::string>& engines) {
  std::vector<Subject> subjects;
  for (const std::string& engine : engines.empty() ? usual_engines() : engines)
    subjects.push_back(torture::make_subject(engine));
  return subjects;
}

// Crash points are compiled into the command's sibling only, in libexec where the command is installed; it then does
// all that was asked, so that one record file comes from one program. Returns when there is no sibling.
void hand_over_to_crash_points() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  auto sibling = self.parent_path() / "dictbench_crash_points";
  if (access(sibling.c_str(), X_OK) != 0)
    sibling = self.parent_path().parent_path() / "libexec/dictbench/dictbench_crash_points";
  if (error || self == sibling || access(sibling.c_str(), X_OK) != 0) return;
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> command;
  for (std::string argument; std::getline(file, argument, '\0');) command.push_back(argument);
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);
  execv(sibling.c_str(), argv.data());
}

TortureRecord inflict(const Subject& subject, const Fault& fault, const torture::Options& options) {
  const auto begun = std::chrono::steady_clock::now();
  TortureRecord record;
  const auto missing =
      subject.description.missing == nullptr ? std::nullopt : subject.description.missing(subject.spec);
  if (missing) {
    record.status = fmt::format("unavailable: {}", *missing);
  } else if (std::string why = fault.not_applicable(subject); !why.empty()) {
    record.status = fmt::format("not applicable: {}", why);
  } else {
    record = fault.inflict(subject, options);
  }
  record.engine = subject.text;
  record.fault = fault.name;
  record.elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return record;
}

void print(const TortureRecord& record) {
  const std::string verdict = record.status.substr(0, record.status.find(':'));
  const std::string words = record.ok() || verdict == "broken"
                                ? record.found
                                : record.status.substr(std::min(record.status.size(), verdict.size() + 2));
  fmt::print("{:<12} {:<13} {:<14} {}\n", record.engine, record.fault, verdict, words);
  std::fflush(stdout);
}

Facts options_told(const TortureArguments& arguments, const std::vector<Subject>& subjects,
                   const std::vector<Fault>& faults) {
  std::vector<std::string> engines, names;
  for (const Subject& subject : subjects) engines.push_back(subject.text);
  for (const Fault& fault : faults) names.push_back(fault.name);
  return {{"command", "torture"},
          {"engines", fmt::format("{}", fmt::join(engines, " "))},
          {"faults", fmt::format("{}", fmt::join(names, " "))},
          {"processes", std::to_string(arguments.options.processes)},
          {"kills", std::to_string(arguments.options.tries)},
          {"seconds", arguments.seconds ? fmt::format("{}", *arguments.seconds) : "none"},
          {"patience_s", fmt::format("{}", arguments.patience_s)}};
}

int execute(TortureArguments arguments) {
  for (const std::string& plugin : arguments.plugins) load_engine_plugin(plugin);
  const std::vector<Fault> faults = chosen_faults(arguments.faults);
  const std::vector<Subject> subjects = chosen_subjects(arguments.engines);
  if (crash_point_names().empty() && std::ranges::find(faults, "crash-points", &Fault::name) != faults.end())
    hand_over_to_crash_points();
  torture::Options& options = arguments.options;
  const auto milliseconds = [](double seconds) { return std::chrono::milliseconds(std::llround(1e3 * seconds)); };
  options.patience = milliseconds(arguments.patience_s);
  if (arguments.seconds) options.duration = milliseconds(*arguments.seconds);
  if (arguments.out.empty()) arguments.out = new_record_file();

  install_interrupt_handlers();
  std::vector<std::string> names;
  for (const Subject& subject : subjects) names.push_back(subject.text);
  const RunRecord run = describe_run(names, options_told(arguments, subjects, faults), options.seed, options.processes);
  RecordWriter writer(arguments.out);
  writer.write(run);
  std::size_t broken = 0, ok = 0;
  Progress progress(subjects.size() * faults.size());
  for (const Subject& subject : subjects) {
    for (const Fault& fault : faults) {
      progress.begin(fmt::format("{}: {}", subject.text, fault.name));
      TortureRecord record = inflict(subject, fault, options);
      if (interrupted()) break;  // cut short: no result
      record.run_id = run.run_id;
      writer.write(record);
      progress.clear();
      print(record);
      ok += record.ok();
      broken += record.status.starts_with("broken");
      progress.end();
    }
    if (interrupted()) break;
  }
  fmt::print(stderr, "{} ok, {} broken{}; records: {}\n", ok, broken, interrupted() ? "; interrupted" : "",
             arguments.out);
  if (interrupted()) return kNoValidResult;
  if (broken > 0) return kCheckFailed;
  return ok > 0 ? kDone : kNoValidResult;
}

std::string list_of_faults() {
  std::string text = "Faults:\n";
  for (const Fault& fault : torture::faults()) text += fmt::format("  {:<14} {}\n", fault.name, fault.summary);
  return text;
}

}  // namespace

void add_torture_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<TortureArguments>();
  CLI::App* command = app.add_subcommand("torture", "inflict faults on engines and check what they promise");
  command->add_option("--engine", arguments->engines, "engine and options; repeatable (default: all but rival-*)")
      ->allow_extra_args(false);
  command->add_option("--faults", arguments->faults, "names, like kill,stop (default: all)")->delimiter(',');
  auto* kills = command->add_option("--kills", arguments->options.tries,
                                    "how often a fault is inflicted; slow ones a tenth as often (default: 20)");
  kills->check(CLI::Range(1U, 10'000'000U));
  command->add_option("--seconds", arguments->seconds, "of each fault, instead of a number of kills")
      ->check(CLI::PositiveNumber)
      ->excludes(kills);
  command->add_option("--processes", arguments->options.processes, "workers (default: 3)")->check(CLI::Range(2U, 16U));
  command->add_option("--seed", arguments->options.seed, "of the operations and the moments (default: 1)");
  command->add_option("--patience", arguments->patience_s, "seconds without progress that are a hang (default: 10)")
      ->check(CLI::Range(0.1, 3600.0));
  command->add_option("--out", arguments->out, "record file to append to (default: a new one in dictbench-records/)");
  command->add_option("--plugin", arguments->plugins, "shared object with an engine; repeatable")
      ->allow_extra_args(false);
  command->footer(list_of_faults());
  command->callback([arguments, &action] { action = [arguments] { return execute(*arguments); }; });
}

}  // namespace dictbench
