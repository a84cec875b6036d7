// The command line as data: what completion scripts and the manual page are made of. harness/commands/completion.cc
// reads it off the parser itself, so that neither can tell of an option that is not there. Plain values.
#pragma once

#include <string>
#include <vector>

namespace dictbench {

enum class ValueKind {
  none,   // a flag
  words,  // one of `values`
  lists,  // some of `values`, with commas between
  files,  // a file's name; `values` are names that stand for files
  text,   // nothing that could be completed: numbers
};

struct ArgumentModel {
  std::string name;  // "--engine"; of a positional argument "name"
  std::string help;
  ValueKind kind = ValueKind::none;
  std::vector<std::string> values;
};

struct CommandModel {
  std::string name, help;
  std::vector<ArgumentModel> options, positionals;
};

struct ProgramModel {
  std::string name, help, version;
  std::vector<CommandModel> commands;
};

}  // namespace dictbench
