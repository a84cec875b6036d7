#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "harness/torture/fault.h"

namespace dictbench::torture {

Subject make_subject(const std::string& text) {
  Spec spec = parse_engine_spec(text);
  const EngineDescription& description = find_engine(spec.name());
  const Contract contract = description.contract(spec);
  return {.text = text, .spec = std::move(spec), .description = description, .contract = contract};
}

std::unique_ptr<Engine> Subject::create() const { return description.create(spec, SizeHint{}); }

std::optional<Subject> Subject::with(const std::string& option, const std::string& value) const {
  if (std::ranges::find(description.options, option, &OptionRule::name) == description.options.end())
    return std::nullopt;
  // The spec's own text, with the option's former value left out.
  const std::string before = spec.text();
  const auto question = before.find('?');
  std::string options = fmt::format("{}={}", option, value);
  if (question != std::string::npos) {
    std::istringstream given(before.substr(question + 1));
    for (std::string one; std::getline(given, one, '&');)
      if (!one.starts_with(option + "=")) options += fmt::format("&{}", one);
  }
  Spec changed = Spec::parse(fmt::format("{}?{}", spec.name(), options));
  changed.bind(description.options);
  const Contract promise = description.contract(changed);
  return Subject{.text = changed.text(), .spec = std::move(changed), .description = description, .contract = promise};
}

}  // namespace dictbench::torture
