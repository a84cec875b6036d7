#include "results/choose/choose.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include "engines/registry.h"
#include "harness/choose/interview.h"
#include "harness/choose/knowledge.h"
#include "harness/choose/need_workload.h"
#include "harness/commands/commands.h"
#include "harness/commands/printing.h"
#include "harness/meters/host.h"
#include "results/choose/answer.h"
#include "results/host_name.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

struct ChooseArguments {
  std::vector<std::pair<const Question*, std::string>> answers;
  std::vector<std::string> results, also, workloads, plugins;
  std::string host, write_workload;
  std::string format = "markdown";
  bool interactive = false;
  bool given = false;  // any option at all
};

// Whose records are used, and a note where they are another machine's.
struct ChosenHost {
  std::string name;
  std::string note;
};

ChosenHost host_for(const RecordFile& records, const std::string& wanted) {
  const std::vector<std::string> hosts = hosts_with_cells(records);
  const auto has = [&](const std::string& name) { return std::ranges::find(hosts, name) != hosts.end(); };
  if (!wanted.empty()) {
    if (!has(wanted))
      throw std::invalid_argument(fmt::format("--host '{}': allowed is a host that the records have: {}", wanted,
                                              hosts.empty() ? "none" : fmt::format("{}", fmt::join(hosts, ", "))));
    return {wanted, ""};
  }
  const std::string here = host_name(host_facts());
  if (hosts.empty() || has(here)) return {here, ""};
  return {
      hosts.front(),
      fmt::format("Another machine's records: {}. None are of this one, {}; `dictbench run` makes some, --also FILE "
                  "adds them.",
                  hosts.front(), here)};
}

void write_need_workload(const Requirements& asked, const std::string& path) {
  if (std::filesystem::path(path).extension() != ".toml")
    throw std::invalid_argument(fmt::format("--write-workload '{}': allowed is a name that ends in .toml", path));
  const std::string text = need_workload(asked);
  std::ofstream stream(path, std::ios::trunc);
  stream << text << std::flush;
  if (!stream) throw std::invalid_argument(fmt::format("cannot write {}", path));
  fmt::print(stderr, "{}: dictbench run --workload {} measures it, {} --workload {} --also FILE judges what it found\n",
             path, path, command_line(asked), path);
}

RecordFile records_for(const ChooseArguments& arguments) {
  std::vector<std::string> files = arguments.results;
  if (!arguments.also.empty() && files.empty())
    for (const std::filesystem::path& path : committed_record_files()) files.push_back(path.string());
  files.insert(files.end(), arguments.also.begin(), arguments.also.end());
  try {
    return load_records(files);
  } catch (const RecordError&) {
    if (!files.empty()) throw;
    return {};  // none at all: what would measure the need is still told
  }
}

int choose(const ChooseArguments& arguments) {
  for (const std::string& plugin : arguments.plugins) load_engine_plugin(plugin);
  Requirements asked;
  for (const auto& [question, text] : arguments.answers) question->set(asked, text);
  const bool interactive = arguments.interactive || (!arguments.given && isatty(STDIN_FILENO) == 1);
  if (interactive) interview(asked, std::cin, std::cerr);
  if (!arguments.write_workload.empty()) {
    write_need_workload(asked, arguments.write_workload);
    return kDone;
  }
  for (const std::string& file : arguments.workloads) load_workload(file);  // a wrong one is refused before all else
  const RecordFile records = records_for(arguments);
  const ChosenHost host = host_for(records, arguments.host);
  const Choice choice = choose_engines(records, host.name, asked, knowledge_of(arguments.workloads),
                                       arguments.workloads.empty() ? "need.toml" : arguments.workloads.front());
  std::vector<Table> tables = answer_tables(choice);
  if (!host.note.empty()) tables.front().notes.insert(tables.front().notes.begin(), host.note);
  fmt::print("{}", render_tables(tables, arguments.format));
  if (interactive) fmt::print(stderr, "The same without questions: {}\n", command_line(asked));
  if (choice.workload.empty()) return kNoValidResult;
  if (!choice.fits.empty()) return kDone;
  return choice.undecided.empty() ? kCheckFailed : kNoValidResult;
}

}  // namespace

void add_choose_command(CLI::App& app, Action& action) {
  auto arguments = std::make_shared<ChooseArguments>();
  CLI::App* command = app.add_subcommand("choose", "which engine fits what you need, from records and contracts");
  for (const Question& question : questions()) {
    command->add_option_function<std::string>(
        question.option,
        [arguments, &question](const std::string& text) { arguments->answers.emplace_back(&question, text); },
        fmt::format("{} {} (default: {})", question.ask, question.allowed, question.told({})));
  }
  command->add_option("--host", arguments->host, "whose records count (default: this machine's, else those there are)");
  command->add_option("--results", arguments->results, "record file; repeatable (default: those under results/hosts)")
      ->allow_extra_args(false);
  command->add_option("--also", arguments->also, "record file beside those; repeatable")->allow_extra_args(false);
  command->add_option("--workload", arguments->workloads, "a .toml file of your own that the records name; repeatable")
      ->allow_extra_args(false);
  command->add_option("--write-workload", arguments->write_workload,
                      "write a workload file for exactly this need, and end");
  command->add_option("--format", arguments->format, "markdown, csv or json")
      ->check(CLI::IsMember({"markdown", "csv", "json"}));
  command->add_flag("--interactive", arguments->interactive,
                    "ask for each requirement (default: in a terminal, without options)");
  command->add_option("--plugin", arguments->plugins, "shared object with an engine; repeatable")
      ->allow_extra_args(false);
  command->callback([arguments, command, &action] {
    const auto options = command->get_options();
    arguments->given = std::ranges::any_of(options, [](const CLI::Option* option) { return option->count() > 0; });
    action = [arguments] { return choose(*arguments); };
  });
}

}  // namespace dictbench
