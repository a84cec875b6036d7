#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>

#include "engines/registry.h"
#include "harness/commands/commands.h"
#include "harness/completion/shells.h"
#include "harness/driver/suite.h"
#include "harness/torture/fault.h"
#include "results/choose/requirements.h"
#include "results/tables/tables.h"
#include "workloads/workload.h"

namespace dictbench {
namespace {

// What an option's values are where the parser does not know: by the name of the option or the argument.
std::map<std::string, std::vector<std::string>> known_values() {
  std::map<std::string, std::vector<std::string>> values;
  for (const EngineDescription& engine : engine_descriptions()) values["--engine"].push_back(engine.name);
  values["--head-engine"] = values["--ratio-to"] = values["--engine"];  // of the gate
  values["--workload"] = list_workloads();
  values["table name"] = table_names();
  values["table name"].emplace_back("all");
  for (const torture::Fault& fault : torture::faults()) values["--faults"].emplace_back(fault.name);
  for (const Guarantee guarantee : all_guarantees()) values["--must"].emplace_back(to_string(guarantee));
  values["--suite"] = suite_names();
  values["--reads-are"] = {"gets", "scans"};
  values["--writes-are"] = {"sets", "churn", "adds"};
  values["--rank-by"] = {"ops", "p99", "memory"};
  return values;
}

// The words of "TEXT:{markdown,csv,json}", which is how the parser tells a choice.
std::vector<std::string> choices_in(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.rfind('}');
  std::vector<std::string> words;
  if (open == std::string::npos || close == std::string::npos || close < open) return words;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1)) {
    if (c != ',') {
      word += c;
      continue;
    }
    words.push_back(word);
    word.clear();
  }
  words.push_back(word);
  return words;
}

bool is_number(const std::string& type) {
  return type.starts_with("INT") || type.starts_with("UINT") || type.starts_with("FLOAT");
}

bool is_text(const std::string& name) {
  // Not numbers for the parser, and no files either: sizes, shares, times with their units.
  static const std::vector<Question>& all = questions();
  return name == "--host" || std::ranges::find(all, name, &Question::option) != all.end();
}

ArgumentModel argument_model(const CLI::App& command, const CLI::Option& option,
                             const std::map<std::string, std::vector<std::string>>& known) {
  ArgumentModel model;
  model.name = option.get_positional() ? option.get_name(true) : "--" + option.get_lnames().front();
  model.help = option.get_description();
  if (!option.get_positional() && option.get_items_expected_max() == 0) return model;
  const std::string type = option.get_type_name();
  model.values = choices_in(type);
  const auto own = known.find(option.get_positional() ? command.get_name() + " " + model.name : model.name);
  if (own != known.end()) model.values = own->second;
  if (model.name == "--workload")
    model.kind = ValueKind::files;
  else if (model.name == "--faults" || model.name == "--must")
    model.kind = ValueKind::lists;
  else if (!model.values.empty())
    model.kind = ValueKind::words;
  else
    model.kind = is_number(type) || is_text(model.name) ? ValueKind::text : ValueKind::files;
  return model;
}

ProgramModel program_model(const CLI::App& app) {
  const auto known = known_values();
  ProgramModel program{"dictbench", app.get_description(), DICTBENCH_VERSION, {}};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;  // hidden
    CommandModel model{command->get_name(), command->get_description(), {}, {}};
    for (const CLI::Option* option : command->get_options()) {
      if (option->get_positional())
        model.positionals.push_back(argument_model(*command, *option, known));
      else if (!option->get_lnames().empty())
        model.options.push_back(argument_model(*command, *option, known));
    }
    program.commands.push_back(std::move(model));
  }
  return program;
}

int print_completion(const CLI::App& app, const std::string& shell) {
  const ProgramModel program = program_model(app);
  fmt::print("{}", shell == "bash"  ? bash_completion(program)
                   : shell == "zsh" ? zsh_completion(program)
                                    : fish_completion(program));
  return kDone;
}

}  // namespace

void add_completion_commands(CLI::App& app, Action& action) {
  auto shell = std::make_shared<std::string>();
  CLI::App* completion = app.add_subcommand("completion", "print a script that completes commands, options and values");
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell, &app, &action] { action = [shell, &app] { return print_completion(app, *shell); }; });
  CLI::App* manual = app.add_subcommand("manual", "print the manual page (roff)");
  manual->callback([&app, &action] {
    action = [&app] {
      fmt::print("{}", manual_page(program_model(app)));
      return kDone;
    };
  });
}

}  // namespace dictbench
