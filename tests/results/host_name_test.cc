#include "results/host_name.h"

#include <gtest/gtest.h>

namespace dictbench {
namespace {

std::string name_of(const std::string& model, const std::string& cores) {
  return host_name({{"cpu_model", model}, {"cores", cores}});
}

TEST(HostName, IsModelAndCores) {
  EXPECT_EQ(name_of("Intel(R) Xeon(R) Processor @ 2.50GHz", "2"), "intel-xeon-2.50ghz-2-cores");
  EXPECT_EQ(name_of("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "8"), "intel-core-i7-8650u-1.90ghz-8-cores");
  EXPECT_EQ(name_of("AMD A8-4500M APU with Radeon(tm) HD Graphics", "4"), "amd-a8-4500m-4-cores");
  EXPECT_EQ(name_of("Cortex-A72", "1"), "cortex-a72-1-core");
}

TEST(HostName, IsAlwaysASafeFolderName) {
  EXPECT_EQ(name_of("../../etc/passwd\n", "2"), "etc-passwd-2-cores");
  EXPECT_EQ(name_of("", "2"), "unknown-cpu-2-cores");
  EXPECT_EQ(name_of("unavailable: no /proc/cpuinfo", "unavailable: x"), "unknown-cpu-unknown-cores");
  EXPECT_EQ(name_of("(R)@@", "x"), "unknown-cpu-unknown-cores");
  EXPECT_EQ(host_name({}), "unknown-cpu-unknown-cores");
  EXPECT_LE(name_of(std::string(500, 'a'), "2").size(), 100u);
}

TEST(HostName, UsesNeitherNetworkNameNorOtherFacts) {
  EXPECT_EQ(host_name({{"hostname", "secret"}, {"cpu_model", "X"}, {"cores", "2"}}), "x-2-cores");
}

}  // namespace
}  // namespace dictbench
