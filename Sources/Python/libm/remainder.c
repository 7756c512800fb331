// The IEEE 754 remainder, exact, by the x87 unit's partial remainder; and the float forms, exact in double.
#include <math.h>

double remainder(double x, double y) {
    if (x != x || y != y || __builtin_isinf(x) || y == 0) return __builtin_nan("");
    if (__builtin_isinf(y)) return x;
    long double rest = x;
    unsigned short status;
    do {  // each step takes up to 63 bits off the exponents' difference; C2 says that it is not done
        __asm__ volatile("fprem1; fnstsw %1" : "=t"(rest), "=a"(status) : "0"(rest), "u"((long double)y) : "cc");
    } while (status & 0x400);
    return __builtin_copysign((double)rest, rest == 0 ? x : (double)rest);
}

float remainderf(float x, float y) { return (float)remainder(x, y); }
float fmodf(float x, float y) { return (float)fmod(x, y); }
