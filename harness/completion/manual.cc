#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/completion/shells.h"

namespace dictbench {
namespace {

// As text: no request at the beginning of a line, no escape, and '-' as it is typed.
std::string roff(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\\')
      safe += "\\e";
    else if (c == '-')
      safe += "\\-";
    else
      safe += c;
  }
  if (safe.starts_with(".") || safe.starts_with("'")) safe.insert(0, "\\&");
  return safe;
}

std::string item(const ArgumentModel& argument) {
  std::string text = fmt::format(".TP\n.B {}\n{}", roff(argument.name), roff(argument.help));
  const bool few = !argument.values.empty() && argument.kind != ValueKind::files;
  if (few) text += fmt::format(".\nOne of {}", roff(fmt::format("{}", fmt::join(argument.values, ", "))));
  return text + ".\n";
}

}  // namespace

std::string manual_page(const ProgramModel& program) {
  std::string text = fmt::format(
      ".TH DICTBENCH 1 \"\" \"dictbench {}\" \"User Commands\"\n"
      ".SH NAME\n"
      "dictbench \\- benchmark and comparison of dictionaries shared between processes\n"
      ".SH SYNOPSIS\n"
      ".B dictbench\n"
      ".I COMMAND\n"
      ".RI [ OPTION ]...\n"
      ".SH DESCRIPTION\n"
      "{}\n"
      ".PP\n"
      "Every engine stands behind one interface; real processes share one dict; speed, latency, memory, context "
      "switches\n"
      "and correctness are measured and written to records, from which all tables are computed.\n"
      ".SH COMMANDS\n",
      roff(program.version), roff(program.help));
  for (const CommandModel& command : program.commands) {
    text += fmt::format(".SS {}\n{}.\n", roff(command.name), roff(command.help));
    for (const ArgumentModel& positional : command.positionals) text += item(positional);
    for (const ArgumentModel& option : command.options) text += item(option);
  }
  text +=
      ".SH EXIT STATUS\n"
      ".TP\n.B 0\ndone.\n"
      ".TP\n.B 1\na check failed.\n"
      ".TP\n.B 2\nwrong usage.\n"
      ".TP\n.B 3\nthe environment could not give a valid result.\n"
      ".SH ENVIRONMENT\n"
      ".TP\n.B DICTBENCH_WORKLOADS\nfolder of the standard workloads.\n"
      ".TP\n.B DICTBENCH_RESULTS\nfolder of the records that are read when none are named.\n"
      ".TP\n.B DICTBENCH_PLOTS\nfolder of the Python package that draws the report.\n"
      ".TP\n.B DICTBENCH_PUBLISHED\nfolder of the documents' figures.\n"
      ".TP\n.B TMPDIR\nwhere private servers and files on the disk are put.\n"
      ".SH FILES\n"
      "Below the prefix of the installation: share/dictbench (workloads, published figures, records), "
      "share/doc/dictbench\n"
      "(the pages).\n";
  return text;
}

}  // namespace dictbench
