#include "harness/choose/interview.h"

#include <unistd.h>

#include <istream>
#include <ostream>
#include <string>

namespace dictbench {
namespace {

// Without the blanks around it; of a list also without those after its commas.
std::string trimmed(const std::string& line) {
  std::string text;
  for (const char c : line)
    if (c != ' ' && c != '\t' && c != '\r') text += c;
  return text;
}

// Whether the input goes on.
bool ask(const Question& question, Requirements& asked, std::istream& in, std::ostream& out) {
  while (true) {
    out << question.ask << "\n  " << question.allowed << " [" << question.told(asked) << "]: " << std::flush;
    std::string line;
    const bool answered = static_cast<bool>(std::getline(in, line));
    // A terminal has echoed the end of the line already; a pipe has not.
    if (!isatty(STDIN_FILENO)) out << '\n';
    if (!answered) return false;
    const std::string answer = trimmed(line);
    if (answer.empty()) return true;
    try {
      Requirements changed = asked;
      question.set(changed, answer);
      asked = changed;
      return true;
    } catch (const RequirementError& error) {
      if (in.peek() == std::istream::traits_type::eof()) throw;
      out << "  " << error.what() << '\n';
    }
  }
}

}  // namespace

void interview(Requirements& asked, std::istream& in, std::ostream& out) {
  for (const Question& question : questions())
    if (!ask(question, asked, in, out)) return;
}

}  // namespace dictbench
