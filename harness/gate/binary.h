// What a gate compares: a program, or a commit of this checkout that is built first.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace dictbench {

// A commit that is none of dictbench's, or that does not build; then the message names the log. It is the
// call that is wrong: a pipeline that took it for a noisy machine would stay green for ever.
class BuildFailed : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

struct Binary {
  std::filesystem::path program;
  std::string label;  // for people: the file, or the commit
};

// `text` names an executable file, or else a commit (branch, tag, hash) of the Git checkout that the working directory
// belongs to. A commit is cloned to build/gate/HASH in the checkout and built there as a Release, once: a second
// call finds it, and two calls at the same time wait for each other. Says on standard error what it does. Throws
// std::invalid_argument for a text that is neither, BuildFailed, Interrupted.
Binary find_binary(const std::string& text);

// This program itself.
Binary this_binary();

}  // namespace dictbench
