#include "results/host_name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <sstream>

namespace dictbench {
namespace {

// Lower case; everything but letters, digits and dots becomes one '-'; trademark signs vanish.
std::string slug(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (const std::string_view sign : {"(r)", "(tm)", "(c)"}) {
    std::size_t at = 0;
    while ((at = text.find(sign, at)) != std::string::npos) std::fill_n(text.begin() + at, sign.size(), ' ');
  }
  // "AMD A8-4500M APU with Radeon HD Graphics": the graphics do not matter here.
  text = text.substr(0, text.find(" with "));

  std::string words;
  for (const unsigned char c : text) words += std::isalnum(c) != 0 || c == '.' ? static_cast<char>(c) : ' ';
  std::istringstream stream(words);
  std::string name;
  constexpr std::array<std::string_view, 3> kNoise = {"cpu", "processor", "apu"};
  for (std::string word; stream >> word;) {
    if (std::find(kNoise.begin(), kNoise.end(), word) != kNoise.end()) continue;
    const std::size_t begin = word.find_first_not_of('.');  // a folder must not be hidden or point upwards
    if (begin == std::string::npos) continue;
    if (!name.empty()) name += '-';
    name += word.substr(begin);
  }
  return name;
}

}  // namespace

std::optional<std::string> known_fact(const Facts& facts, std::string_view name) {
  for (const auto& [fact, value] : facts) {
    if (fact != name) continue;
    if (value.empty() || value.starts_with("unavailable")) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

std::string host_name(const Facts& host) {
  constexpr std::size_t kLongest = 80;  // some firmware's model names are sentences
  std::string name = slug(known_fact(host, "cpu_model").value_or("unknown cpu model"));
  if (name.empty() || !known_fact(host, "cpu_model")) name = "unknown-cpu";
  name = name.substr(0, kLongest);
  const long cores = std::strtol(known_fact(host, "cores").value_or("0").c_str(), nullptr, 10);
  if (cores <= 0) return name + "-unknown-cores";
  return name + "-" + std::to_string(cores) + (cores == 1 ? "-core" : "-cores");
}

}  // namespace dictbench
