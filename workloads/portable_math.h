// Logarithm and exponential from the four basic operations alone, which IEEE 754 rounds alike on every
// machine. The C library's differ in the last bit between versions and processors, and one such bit
// would now and then give another key: the same seed must give the same operations everywhere. Errors
// stay below 1e-14, relatively. The library is compiled with -ffp-contract=off for the same reason.
#pragma once

namespace dictbench {

double portable_log(double x) noexcept;  // x > 0 and normal
double portable_exp(double x) noexcept;  // 0 below -708; x < 709

// log(1 + x) / x and (exp(x) - 1) / x, exact also near x = 0, where both are 1.
double portable_log1p_over(double x) noexcept;  // x > -1
double portable_expm1_over(double x) noexcept;

}  // namespace dictbench
