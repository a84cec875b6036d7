#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/completion/shells.h"

namespace dictbench {
namespace {

std::string quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\'' || c == '\\') safe += '\\';
    safe += c;
  }
  return fmt::format("'{}'", safe);
}

// -x: no file names; -r: a value is needed, files are offered too.
std::string value_of(const ArgumentModel& argument) {
  const std::string words = fmt::format("{}", fmt::join(argument.values, " "));
  switch (argument.kind) {
    case ValueKind::none: return " -f";
    case ValueKind::text: return " -x";
    case ValueKind::words: return fmt::format(" -x -a {}", quoted(words));
    case ValueKind::lists: return fmt::format(" -x -a '(__fish_append , {})'", words);
    case ValueKind::files: return words.empty() ? " -r -F" : fmt::format(" -r -F -a {}", quoted(words));
  }
  return "";
}

}  // namespace

std::string fish_completion(const ProgramModel& program) {
  std::string text =
      "# Completion of dictbench for fish, printed by `dictbench completion fish`.\n\n"
      "complete -c dictbench -f\n";
  for (const CommandModel& command : program.commands) {
    text += fmt::format("\ncomplete -c dictbench -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        quoted(command.help));
    const std::string seen = fmt::format("complete -c dictbench -n '__fish_seen_subcommand_from {}'", command.name);
    for (const ArgumentModel& option : command.options)
      text += fmt::format("{} -l {}{} -d {}\n", seen, option.name.substr(2), value_of(option), quoted(option.help));
    for (const ArgumentModel& positional : command.positionals) {
      if (positional.kind == ValueKind::files) text += fmt::format("{} -F\n", seen);
      if (!positional.values.empty())
        text += fmt::format("{} -a {}\n", seen, quoted(fmt::format("{}", fmt::join(positional.values, " "))));
    }
  }
  return text;
}

}  // namespace dictbench
