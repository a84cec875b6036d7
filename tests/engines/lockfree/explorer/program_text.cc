// Programs and their failures as text.
#include <fmt/format.h>

#include <algorithm>

#include "tests/engines/lockfree/explorer/running.h"

namespace dictbench::explorer {
namespace {

std::string step_text(const Program& program, const Step& step) {
  const std::string& key = program.keys[step.key];
  switch (step.what) {
    case Step::What::get: return fmt::format("get {}", key);
    case Step::What::set: return fmt::format("set {} {}", key, step.number);
    case Step::What::erase: return fmt::format("erase {}", key);
    case Step::What::add: return fmt::format("add {} {}", key, step.number);
    case Step::What::size: return "size";
    case Step::What::for_each: return "for_each";
    case Step::What::sweep: return "sweep";
    case Step::What::freeze: return "freeze";
    case Step::What::rest: return "rest";
    case Step::What::wait: return "wait";
    case Step::What::attach: return fmt::format("attach to {}'s arena", fiber_name(static_cast<unsigned>(step.number)));
    case Step::What::adopt: return "adopt";
  }
  return "";
}

std::string step_source(const Step& step) {
  switch (step.what) {
    case Step::What::get: return fmt::format("get({})", step.key);
    case Step::What::set: return fmt::format("set({}, {})", step.key, step.number % 10);
    case Step::What::erase: return fmt::format("erase({})", step.key);
    case Step::What::add: return fmt::format("add({}, {})", step.key, step.number);
    case Step::What::size: return "size()";
    case Step::What::for_each: return "for_each()";
    case Step::What::sweep: return "sweep()";
    case Step::What::freeze: return "freeze()";
    case Step::What::rest: return "rest()";
    case Step::What::wait: return fmt::format("wait({})", step.number);
    case Step::What::attach: return fmt::format("attach({})", step.number);
    case Step::What::adopt: return fmt::format("adopt({})", step.number);
  }
  return "";
}

std::string key_source(const std::string& key) {
  const bool is_long = key.size() > 20 && std::ranges::all_of(key, [&](char letter) { return letter == key[0]; });
  return is_long ? fmt::format("std::string({}, '{}')", key.size(), key[0]) : fmt::format("\"{}\"", key);
}

template <class Items, class Text>
std::string list_of(const Items& items, const Text& text) {
  std::string list;
  for (const auto& item : items) list += (list.empty() ? "" : ", ") + text(item);
  return "{" + list + "}";
}

std::string fiber_source(const Fiber& fiber) {
  std::string source = list_of(fiber.steps, step_source);
  if (fiber.may_die || fiber.stock != Stock::full) source += fiber.may_die ? ", true" : ", false";
  if (fiber.stock != Stock::full) source += fiber.stock == Stock::none ? ", Stock::none" : ", Stock::adopted";
  return "{" + source + "}";
}

}  // namespace

std::string report(const Program& program, const Failure& failure) {
  Running running(program);
  std::string text = fmt::format("{}\nwith {} preemptions:\n", failure.what, failure.preemptions);
  unsigned last = kMostFibers;
  std::size_t last_step = 0;
  running.replay(failure.schedule, [&](unsigned fiber, std::uint64_t word, Access access) {
    const std::size_t step = running.step_of(fiber);
    if (fiber != last || step != last_step)
      text += fmt::format("{}: {}\n", fiber_name(fiber), step_text(program, program.fibers[fiber].steps[step]));
    last = fiber;
    last_step = step;
    if (access == Access::read && !running.memory().is_shared(word)) return;
    constexpr const char* kAccess[] = {"reads", "writes", "changes"};
    text += fmt::format("     {} {} (was {:x})\n", kAccess[static_cast<unsigned>(access)],
                        word_name(running.table(), word), running.memory().value(word));
  });
  return text + fmt::format("replay: DICTBENCH_EXPLORER_REPLAY=\"{}\"\n", to_text(failure.schedule));
}

std::string source_of(const Program& program, const std::string& name) {
  const Bounds& bounds = program.bounds;
  std::string source =
      fmt::format("TEST({}) {{\n  expect_right({{.keys = {},\n", name, list_of(program.keys, key_source));
  source += fmt::format("                .before = {},\n", list_of(program.before, step_source));
  source += fmt::format("                .fibers = {},\n", list_of(program.fibers, fiber_source));
  source +=
      fmt::format("                .bounds = {{.preemptions = {}, .kills = {}}}", bounds.preemptions, bounds.kills);
  if (program.chunks) source += fmt::format(",\n                .chunks = {}", *program.chunks);
  return source + "});\n}\n";
}

}  // namespace dictbench::explorer
