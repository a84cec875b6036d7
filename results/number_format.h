// How figures are written in tables: short, with the unit where it varies, one place for all tables.
//
// Pure functions; ASCII. Three significant digits unless said otherwise: the third already moves from run to
// run. A figure that is not finite is written "-".
#pragma once

#include <cstdint>
#include <string>

namespace dictbench {

// 12.3 M, 164, 1.20 k: three significant digits and the SI prefix (k, M, G, T).
std::string engineering(double figure);

// 12.3 M [11.9, 12.8]: the interval in the median's prefix.
std::string engineering_interval(double median, double low, double high);

// 12.3 M/s, from operations per second.
std::string rate(double per_second);

// 8.2 ns, 164 ns, 1.20 us, 3.40 ms, 2.10 s, from nanoseconds.
std::string nanoseconds(double ns);

// 3.140, 0.0287, 12.3, 1,204, from seconds; the unit stands in the column's head.
std::string seconds(double s);

// 7.5 B, 56 B, 1,280 B, 12.3 kB, 80.6 MB, from bytes (powers of 1000).
std::string byte_size(double bytes);

// 7.5, 56, 1,280: bytes where the unit stands in the column's head.
std::string bytes_number(double bytes);

// 80,632.
std::string grouped(std::uint64_t count);

// 0, 0.012, 1.23, 12.3, 1,003: a rate of events.
std::string small_number(double figure);

// 0.012, 0.43, 1.00, 12.3, 1,003.
std::string ratio_text(double ratio);

// 153 %, from 1.53.
std::string percent(double share);

// +3.1 %, from 0.031.
std::string percent_change(double change);

}  // namespace dictbench
