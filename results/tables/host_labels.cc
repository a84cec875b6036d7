#include "results/tables/host_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace dictbench {

std::vector<std::string> sorted_hosts(const std::vector<Block>& blocks) {
  std::vector<std::string> hosts;
  for (const Block& block : blocks)
    if (std::ranges::find(hosts, block.host) == hosts.end()) hosts.push_back(block.host);
  std::ranges::sort(hosts);
  return hosts;
}

std::string host_label(std::size_t host) {
  return host < 26 ? std::string(1, static_cast<char>('A' + host)) : fmt::format("H{}", host + 1);
}

std::string host_legend(const std::vector<std::string>& hosts) {
  std::vector<std::string> legend;
  for (std::size_t host = 0; host < hosts.size(); ++host)
    legend.push_back(fmt::format("{}: {}", host_label(host), hosts[host]));
  return fmt::format("{}.", fmt::join(legend, "; "));
}

}  // namespace dictbench
