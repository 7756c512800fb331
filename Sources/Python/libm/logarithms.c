// Base 2 and base 10: the x87 unit computes them to 64 bits of precision, so that the result is rounded once.
#include <math.h>

static long double log2_long(long double x) {
    long double result;
    __asm__("fld1; fxch; fyl2x" : "=t"(result) : "0"(x));
    return result;
}

/// log2(x) * scale, with the cases that the instruction does not define the C way.
static double scaled_log2(double x, long double scale) {
    if (!(x > 0)) return x == 0 ? -__builtin_inf() : x != x ? x : __builtin_nan("");
    if (x == __builtin_inf()) return x;
    return (double)(log2_long(x) * scale);
}

double log2(double x) { return scaled_log2(x, 1); }
double log10(double x) { return scaled_log2(x, 0.301029995663981195213738894724493026768L); }

double exp2(double x) {
    if (x != x) return x;
    if (x >= 1025) return __builtin_inf();
    if (x < -1100) return 0;
    long double whole = __builtin_rint(x), power;
    __asm__("f2xm1" : "=t"(power) : "0"((long double)x - whole));
    power += 1;
    __asm__("fscale" : "=t"(power) : "0"(power), "u"(whole));
    return (double)power;
}
