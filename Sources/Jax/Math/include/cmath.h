// The C math library that Sources/Jax/Ops uses: the host's libm in hosted builds, MicroPython's lib/libm_dbl in ring 0.
#pragma once
#if __STDC_HOSTED__
#include <math.h>
#else
double acos(double), acosh(double), asin(double), asinh(double), atan(double), atan2(double, double), atanh(double);
double cbrt(double), ceil(double), copysign(double, double), cos(double), cosh(double), erf(double), erfc(double);
double exp(double), exp2(double), expm1(double), fabs(double), floor(double), fmod(double, double), frexp(double, int *);
double hypot(double, double), ldexp(double, int), lgamma(double), log(double), log10(double), log1p(double), log2(double);
double modf(double, double *), nearbyint(double), pow(double, double), remainder(double, double), rint(double);
double round(double), scalbn(double, int), sin(double), sinh(double), sqrt(double), tan(double), tanh(double);
double tgamma(double), trunc(double);
#endif
