// A text as one word of a shell's command line, for the commands that tables and messages hand out.
#pragma once

#include <string>

namespace dictbench {

// As it is where it holds nothing that a shell would take for its own, else in single quotes: 'redis?pipeline=16'.
std::string shell_word(const std::string& text);

}  // namespace dictbench
