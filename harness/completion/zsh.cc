#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/completion/shells.h"

namespace dictbench {
namespace {

// Inside single quotes of a specification of _arguments, where these characters have a meaning.
std::string quoted(const std::string& text, const char* special) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'')
      safe += "'\\''";
    else if (std::string(special).find(c) != std::string::npos)
      safe += fmt::format("\\{}", c);
    else
      safe += c;
  }
  return safe;
}

std::string action_of(const ArgumentModel& argument) {
  std::vector<std::string> values;
  for (const std::string& value : argument.values) values.push_back(quoted(value, ":()[]? "));
  const std::string words = fmt::format("{}", fmt::join(values, " "));
  switch (argument.kind) {
    case ValueKind::none: return "";
    case ValueKind::text: return ": ";
    case ValueKind::words: return fmt::format(":({})", words);
    case ValueKind::lists: return fmt::format(":_values -s , value {}", words);
    case ValueKind::files:
      return values.empty() ? ":_files"
                            : fmt::format(":{{_alternative \"names\\:name\\:({})\" \"files\\:file\\:_files\"}}", words);
  }
  return "";
}

std::string specification(const ArgumentModel& argument) {
  const std::string help = quoted(argument.help, "[]:");
  if (argument.kind == ValueKind::none) return fmt::format("'{}[{}]'", argument.name, help);
  return fmt::format("'*{}[{}]:value{}'", argument.name, help, action_of(argument));
}

}  // namespace

std::string zsh_completion(const ProgramModel& program) {
  std::string text =
      "#compdef dictbench\n"
      "# Completion of dictbench for zsh, printed by `dictbench completion zsh`.\n\n"
      "_dictbench() {\n"
      "  local curcontext=$curcontext state line\n"
      "  typeset -A opt_args\n"
      "  _arguments -C '1:command:->command' '*::argument:->argument'\n"
      "  case $state in\n"
      "    command)\n"
      "      local -a commands\n"
      "      commands=(\n";
  for (const CommandModel& command : program.commands)
    text += fmt::format("        '{}:{}'\n", command.name, quoted(command.help, ":"));
  text +=
      "      )\n"
      "      _describe command commands\n"
      "      ;;\n"
      "    argument)\n"
      "      case $words[1] in\n";
  for (const CommandModel& command : program.commands) {
    text += fmt::format("        {})\n          _arguments", command.name);
    for (const ArgumentModel& option : command.options)
      text += fmt::format(" \\\n            {}", specification(option));
    for (const ArgumentModel& positional : command.positionals)
      text += fmt::format(" \\\n            '1:{}{}'", quoted(positional.name, ":"), action_of(positional));
    text += "\n          ;;\n";
  }
  text += "      esac\n      ;;\n  esac\n}\n\n_dictbench \"$@\"\n";
  return text;
}

}  // namespace dictbench
