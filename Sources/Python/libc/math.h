// The C math library of ring 0, in double precision: MicroPython's lib/libm_dbl and Sources/Python/libm.
#pragma once

#define NAN __builtin_nanf("")
#define INFINITY __builtin_inff()
#define HUGE_VAL __builtin_inf()
#define M_PI 3.14159265358979323846
#define M_E 2.7182818284590452354
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402

typedef float float_t;
typedef double double_t;

#define FP_NAN 0
#define FP_INFINITE 1
#define FP_ZERO 2
#define FP_SUBNORMAL 3
#define FP_NORMAL 4
#define fpclassify(x) __builtin_fpclassify(FP_NAN, FP_INFINITE, FP_NORMAL, FP_SUBNORMAL, FP_ZERO, x)
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)
#define isfinite(x) __builtin_isfinite(x)
#define isnormal(x) __builtin_isnormal(x)
#define signbit(x) __builtin_signbit(x)

double acos(double), acosh(double), asin(double), asinh(double), atan(double), atan2(double, double), atanh(double);
double cbrt(double), ceil(double), copysign(double, double), cos(double), cosh(double), erf(double), erfc(double);
double exp(double), exp2(double), expm1(double), fabs(double), floor(double), fma(double, double, double);
double fmax(double, double), fmin(double, double), fmod(double, double), frexp(double, int *), hypot(double, double);
double ldexp(double, int), lgamma(double), log(double), log10(double), log1p(double), log2(double);
double modf(double, double *), nearbyint(double), pow(double, double), remainder(double, double), rint(double);
double round(double), scalbn(double, int), sin(double), sinh(double), sqrt(double), tan(double), tanh(double);
double tgamma(double), trunc(double);
float nanf(const char *);
double nan(const char *);
