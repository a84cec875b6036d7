// Completion scripts of three shells, and the manual page, from the model of the command line. Pure functions.
#pragma once

#include <string>

#include "harness/completion/command_model.h"

namespace dictbench {

// Needs nothing but bash 4: the package bash-completion only loads it.
std::string bash_completion(const ProgramModel& program);
std::string zsh_completion(const ProgramModel& program);
std::string fish_completion(const ProgramModel& program);

// roff, section 1.
std::string manual_page(const ProgramModel& program);

}  // namespace dictbench
