#include "results/number_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace dictbench {
namespace {

constexpr const char* kNoFigure = "-";

// Decimals that give `digits` significant digits once the figure has been rounded to them: 9.996 is "10.0".
int decimals_for(double figure, int digits) {
  if (figure == 0) return 0;
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(figure))));
  const double step = std::pow(10.0, magnitude - digits + 1);
  const double rounded = std::abs(std::round(figure / step) * step);
  const int rounded_magnitude = static_cast<int>(std::floor(std::log10(rounded) + 1e-12));
  return std::max(0, digits - 1 - rounded_magnitude);
}

std::string significant(double figure, int digits) {
  return fmt::format("{:.{}f}", figure, decimals_for(figure, digits));
}

struct Prefix {
  double factor;
  const char* name;
};
constexpr std::array<Prefix, 5> kPrefixes = {{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}};

// 999.6 k is written 1.00 M: hence the comparison with what three digits round up.
Prefix prefix_of(double figure) {
  for (const Prefix& prefix : kPrefixes) {
    if (std::abs(figure) >= prefix.factor * 0.9995) return prefix;
  }
  return kPrefixes.back();
}

std::string with_unit(const std::string& number, const std::string& unit) {
  return unit.empty() ? number : number + " " + unit;
}

}  // namespace

std::string engineering(double figure) {
  if (!std::isfinite(figure)) return kNoFigure;
  const Prefix prefix = prefix_of(figure);
  return with_unit(significant(figure / prefix.factor, 3), prefix.name);
}

std::string engineering_interval(double median, double low, double high) {
  if (!std::isfinite(median)) return kNoFigure;
  const Prefix prefix = prefix_of(median);
  const int decimals = decimals_for(median / prefix.factor, 3);
  return fmt::format("{} [{:.{}f}, {:.{}f}]", engineering(median), low / prefix.factor, decimals, high / prefix.factor,
                     decimals);
}

std::string rate(double per_second) {
  if (!std::isfinite(per_second)) return kNoFigure;
  const Prefix prefix = prefix_of(per_second);
  return fmt::format("{} {}/s", significant(per_second / prefix.factor, 3), prefix.name);
}

std::string nanoseconds(double ns) {
  if (!std::isfinite(ns)) return kNoFigure;
  if (std::abs(ns) < 9.95) return fmt::format("{:.1f} ns", ns);
  if (std::abs(ns) < 999.5) return fmt::format("{:.0f} ns", ns);
  if (std::abs(ns) < 999.5e3) return significant(ns / 1e3, 3) + " us";
  if (std::abs(ns) < 999.5e6) return significant(ns / 1e6, 3) + " ms";
  return significant(ns / 1e9, 3) + " s";
}

std::string seconds(double s) {
  if (!std::isfinite(s)) return kNoFigure;
  if (std::abs(s) >= 999.5) return grouped(static_cast<std::uint64_t>(std::llround(s)));
  if (std::abs(s) >= 1 && std::abs(s) < 9.9995) return fmt::format("{:.3f}", s);
  return significant(s, 3);
}

std::string byte_size(double bytes) {
  if (!std::isfinite(bytes) || bytes < 0) return kNoFigure;
  if (bytes < 9999.5) return bytes_number(bytes) + " B";
  const Prefix prefix = prefix_of(bytes);
  return fmt::format("{} {}B", significant(bytes / prefix.factor, 3), prefix.name);
}

std::string bytes_number(double bytes) {
  if (!std::isfinite(bytes) || bytes < 0) return kNoFigure;
  if (bytes > 0 && bytes < 9.95) return fmt::format("{:.1f}", bytes);
  return grouped(static_cast<std::uint64_t>(std::llround(bytes)));
}

std::string grouped(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t end = digits.size(); end > 3;) {
    end -= 3;
    digits.insert(end, 1, ',');
  }
  return digits;
}

std::string small_number(double figure) {
  if (!std::isfinite(figure)) return kNoFigure;
  if (figure == 0) return "0";
  if (std::abs(figure) >= 999.5) {
    return fmt::format("{}{}", figure < 0 ? "-" : "",
                       grouped(static_cast<std::uint64_t>(std::llround(std::abs(figure)))));
  }
  if (std::abs(figure) < 0.0005) return "<0.001";
  return std::abs(figure) < 0.9995 ? significant(figure, std::abs(figure) < 0.01 ? 1 : 2) : significant(figure, 3);
}

std::string ratio_text(double ratio) {
  if (!std::isfinite(ratio)) return kNoFigure;
  if (std::abs(ratio) >= 0.995 && std::abs(ratio) < 9.995) return fmt::format("{:.2f}", ratio);
  return small_number(ratio);
}

std::string percent(double share) {
  if (!std::isfinite(share)) return kNoFigure;
  return fmt::format("{:.0f} %", share * 100);
}

std::string percent_change(double change) {
  if (!std::isfinite(change)) return kNoFigure;
  return fmt::format("{:+.1f} %", change * 100);
}

}  // namespace dictbench
