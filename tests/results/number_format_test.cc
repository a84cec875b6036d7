#include "results/number_format.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dictbench {
namespace {

TEST(NumberFormat, Engineering) {
  EXPECT_EQ(engineering(12'345'678), "12.3 M");
  EXPECT_EQ(engineering(0), "0");
  EXPECT_EQ(engineering(164), "164");
  EXPECT_EQ(engineering(1.5), "1.50");
  EXPECT_EQ(engineering(1204), "1.20 k");
  EXPECT_EQ(engineering(999.4), "999");
  EXPECT_EQ(engineering(999.6), "1.00 k") << "rounds into the next prefix";
  EXPECT_EQ(engineering(9.996e6), "10.0 M");
  EXPECT_EQ(engineering(999.7e6), "1.00 G");
  EXPECT_EQ(engineering(NAN), "-");
  EXPECT_EQ(rate(12'345'678), "12.3 M/s");
  EXPECT_EQ(rate(930'000), "930 k/s");
  EXPECT_EQ(rate(12), "12.0 /s");
  EXPECT_EQ(engineering_interval(12.34e6, 11.9e6, 12.81e6), "12.3 M [11.9, 12.8]");
  EXPECT_EQ(engineering_interval(1.02e6, 0.9e6, 1.1e6), "1.02 M [0.90, 1.10]");
}

TEST(NumberFormat, Times) {
  EXPECT_EQ(nanoseconds(3.21), "3.2 ns");
  EXPECT_EQ(nanoseconds(9.97), "10 ns");
  EXPECT_EQ(nanoseconds(164.4), "164 ns");
  EXPECT_EQ(nanoseconds(999.7), "1.00 us");
  EXPECT_EQ(nanoseconds(1204), "1.20 us");
  EXPECT_EQ(nanoseconds(15.8e6), "15.8 ms");
  EXPECT_EQ(nanoseconds(2.1e9), "2.10 s");
  EXPECT_EQ(seconds(3.13951), "3.140");
  EXPECT_EQ(seconds(0.0287), "0.0287");
  EXPECT_EQ(seconds(124.343), "124");
  EXPECT_EQ(seconds(12.34), "12.3");
  EXPECT_EQ(seconds(1204.4), "1,204");
  EXPECT_EQ(seconds(0), "0");
}

TEST(NumberFormat, Bytes) {
  EXPECT_EQ(byte_size(0), "0 B");
  EXPECT_EQ(byte_size(7.46), "7.5 B");
  EXPECT_EQ(byte_size(56), "56 B");
  EXPECT_EQ(byte_size(1280), "1,280 B");
  EXPECT_EQ(byte_size(12'345), "12.3 kB");
  EXPECT_EQ(byte_size(961e6), "961 MB");
  EXPECT_EQ(bytes_number(56.2), "56");
  EXPECT_EQ(bytes_number(-1), "-");
}

TEST(NumberFormat, Counts) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(18446744073709551615ull), "18,446,744,073,709,551,615");
  EXPECT_EQ(small_number(0), "0");
  EXPECT_EQ(small_number(0.0001), "<0.001");
  EXPECT_EQ(small_number(0.0123), "0.012");
  EXPECT_EQ(small_number(0.006), "0.006");
  EXPECT_EQ(small_number(1.234), "1.23");
  EXPECT_EQ(small_number(45.67), "45.7");
  EXPECT_EQ(small_number(1003.2), "1,003");
}

TEST(NumberFormat, Ratios) {
  EXPECT_EQ(ratio_text(1), "1.00");
  EXPECT_EQ(ratio_text(0.4321), "0.43");
  EXPECT_EQ(ratio_text(0.9996), "1.00");
  EXPECT_EQ(ratio_text(0.0123), "0.012");
  EXPECT_EQ(ratio_text(12.34), "12.3");
  EXPECT_EQ(percent(1.53), "153 %");
  EXPECT_EQ(percent_change(0.031), "+3.1 %");
  EXPECT_EQ(percent_change(-0.25), "-25.0 %");
}

}  // namespace
}  // namespace dictbench
