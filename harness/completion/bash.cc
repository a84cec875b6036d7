#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/completion/shells.h"

namespace dictbench {
namespace {

std::string options_of(const CommandModel& command) {
  std::vector<std::string> names;
  for (const ArgumentModel& option : command.options) names.push_back(option.name);
  return fmt::format("{}", fmt::join(names, " "));
}

// The lines that complete one value, below a `case`'s pattern.
std::string value_lines(const ArgumentModel& argument) {
  const std::string words = fmt::format("{}", fmt::join(argument.values, " "));
  switch (argument.kind) {
    case ValueKind::none: return "";
    case ValueKind::text: return "";
    case ValueKind::words: return fmt::format("_dictbench_words '{}'", words);
    case ValueKind::lists: return fmt::format("_dictbench_list '{}'", words);
    case ValueKind::files: return fmt::format("_dictbench_files '{}'", words);
  }
  return "";
}

constexpr const char* kHelpers = R"sh(# Completion of dictbench for bash, printed by `dictbench completion bash`.

_dictbench_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# Words with commas between: what stands before the last comma is kept.
_dictbench_list() {
  local before=''
  if [[ $cur == *,* ]]; then before=${cur%,*},; fi
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
}

_dictbench_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"; compgen -f -- "$cur")
}

)sh";

constexpr const char* kBegin = R"sh(_dictbench() {
  local cur=${COMP_WORDS[COMP_CWORD]} previous='' command='' at
  COMPREPLY=()
  if ((COMP_CWORD > 0)); then previous=${COMP_WORDS[COMP_CWORD - 1]}; fi
  for ((at = 1; at < COMP_CWORD; ++at)); do
    if [[ ${COMP_WORDS[at]} != -* ]]; then
      command=${COMP_WORDS[at]}
      break
    fi
  done
  case $command:$previous in
)sh";

}  // namespace

std::string bash_completion(const ProgramModel& program) {
  std::string text = kHelpers;
  text += kBegin;
  std::vector<std::string> names;
  for (const CommandModel& command : program.commands) {
    names.push_back(command.name);
    for (const ArgumentModel& option : command.options) {
      if (option.kind == ValueKind::none) continue;
      const std::string lines = value_lines(option);
      text += fmt::format("    {}:{})\n{}      return\n      ;;\n", command.name, option.name,
                          lines.empty() ? "" : fmt::format("      {}\n", lines));
    }
  }
  text += "  esac\n  case $command in\n";
  text += fmt::format("    '') _dictbench_words '{} --help --version' ;;\n", fmt::join(names, " "));
  for (const CommandModel& command : program.commands) {
    text += fmt::format("    {})\n      if [[ $cur == -* ]]; then\n        _dictbench_words '{}'\n", command.name,
                        options_of(command));
    if (!command.positionals.empty()) {
      const std::string lines = value_lines(command.positionals.front());
      if (!lines.empty()) text += fmt::format("      else\n        {}\n", lines);
    }
    text += "      fi\n      ;;\n";
  }
  text += "  esac\n}\n\ncomplete -F _dictbench dictbench\n";
  return text;
}

}  // namespace dictbench
