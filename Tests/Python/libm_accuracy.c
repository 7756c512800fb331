// Measures the ring-0 math library against the host's long double functions: the largest error of each function in units
// in the last place, over random arguments, and the special cases against the host's double functions.
// The library's symbols carry the prefix ring0_ here (python.mk).
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARE1(f) double ring0_##f(double);
#define DECLARE2(f) double ring0_##f(double, double);

typedef struct { const char *name; double (*ours)(double); long double (*reference)(long double); double (*host)(double);
                 double from, to, limit; } Unary;
typedef struct { const char *name; double (*ours)(double, double); long double (*reference)(long double, long double);
                 double (*host)(double, double); double from, to, limit; } Binary;

#define UNARY(X) \
    X(acos, -1, 1, 1.0) X(acosh, 1, 1e3, 2.0) X(asin, -1, 1, 1.0) X(asinh, -1e3, 1e3, 2.0) X(atan, -1e3, 1e3, 1.0) \
    X(atanh, -1, 1, 2.0) X(cbrt, -1e300, 1e300, 0.6) X(ceil, -1e6, 1e6, 0.5) X(cos, -1e6, 1e6, 1.0) \
    X(cosh, -700, 700, 2.0) X(erf, -6, 6, 1.0) X(erfc, -6, 26, 2.5) X(exp, -740, 709, 1.0) X(exp2, -1070, 1023, 0.6) \
    X(expm1, -40, 700, 1.0) X(fabs, -10, 10, 0.5) X(floor, -1e6, 1e6, 0.5) X(lgamma, -1, 200, 1.0) \
    X(log, 0, 1e300, 1.0) X(log10, 0, 1e300, 0.6) X(log1p, -1, 1e6, 1.0) X(log2, 0, 1e300, 0.6) \
    X(nearbyint, -1e6, 1e6, 0.5) X(rint, -1e6, 1e6, 0.5) X(round, -1e6, 1e6, 0.5) X(sin, -1e6, 1e6, 1.0) \
    X(sinh, -700, 700, 2.0) X(sqrt, 0, 1e300, 0.5) X(tan, -1e6, 1e6, 1.0) X(tanh, -25, 25, 2.0) \
    X(tgamma, -20, 170, 2.0) X(trunc, -1e6, 1e6, 0.5)
#define BINARY(X) \
    X(atan2, -1e3, 1e3, 1.5) X(copysign, -9, 9, 0.5) X(fmod, -1e6, 1e6, 0.5) X(hypot, -1e3, 1e3, 0.7) \
    X(pow, 0, 50, 1.0) X(remainder, -1e6, 1e6, 0.5)

#define X(f, a, b, l) DECLARE1(f)
UNARY(X)
#undef X
#define X(f, a, b, l) DECLARE2(f)
BINARY(X)
#undef X

static uint64_t state = 88172645463325252ull;
static uint64_t bits(void) { state ^= state << 13; state ^= state >> 7; state ^= state << 17; return state; }
static double unit(void) { return (double)(bits() >> 11) * 0x1p-53; }

/// Uniform, near zero, and uniform in the exponent by turns, all inside [from, to].
static double argument(double from, double to, int turn) {
    for (;;) {
        double x = from + unit() * (to - from);
        if (turn % 3 == 1) x = from + (to - from) * unit() * 1e-3;
        if (turn % 3 == 2) x = ldexp(unit() + 0.5, (int)(bits() % 40) - 30) * (bits() & 1 ? 1 : -1);
        if (x >= from && x <= to) return x;
        turn = 0;
    }
}

static double ulps(double got, long double wanted) {
    double nearest = (double)wanted;
    if (isnan(got) || isnan(nearest)) return isnan(got) && isnan(nearest) ? 0 : INFINITY;
    if (isinf(got) || isinf(nearest)) return got == nearest ? 0 : INFINITY;
    int exponent;
    frexp(nearest, &exponent);
    if (exponent < -1021) exponent = -1021;
    return (double)(fabsl(wanted - got) / ldexpl(1, exponent - 53));
}

static int same(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b)); }

static int failures, functions;

static void report(const char *name, double worst, double at, double limit) {
    int bad = !(worst <= limit);
    failures += bad;
    functions++;
    printf("%-10s %8.3f ulp at %-24.17g%s\n", name, worst, at, bad ? "  EXCEEDS ITS LIMIT" : "");
}

int main(void) {
    static const Unary unary[] = {
#define LONG(f) f##l
#define X(f, a, b, limit) {#f, ring0_##f, LONG(f), f, a, b, limit},
        UNARY(X)
#undef X
    };
    static const Binary binary[] = {
#define X(f, a, b, limit) {#f, ring0_##f, LONG(f), f, a, b, limit},
        BINARY(X)
#undef X
    };
    static const double special[] = {0.0, -0.0, 1, -1, 2, 0.5, -0.5, -2.5, 2.5, INFINITY, -INFINITY, NAN, 1e308, -1e308,
                                     5e-324, -5e-324, 1e-310, 4503599627370497.5, 1e22};
    const int specials = sizeof special / sizeof special[0];
    for (size_t i = 0; i < sizeof unary / sizeof unary[0]; i++) {
        const Unary *f = &unary[i];
        double worst = 0, at = 0;
        for (int turn = 0; turn < 30000; turn++) {
            double x = argument(f->from, f->to, turn), error = ulps(f->ours(x), f->reference(x));
            if (error > worst) worst = error, at = x;
        }
        report(f->name, worst, at, f->limit);
        for (int s = 0; s < specials; s++) {
            double x = special[s], got = f->ours(x), wanted = f->host(x);
            if (same(got, wanted) || (isfinite(wanted) && wanted != 0 && ulps(got, f->reference(x)) <= f->limit)) continue;
            printf("%s(%g) is %.17g, expected %.17g\n", f->name, x, got, wanted);
            failures++;
        }
    }
    for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++) {
        const Binary *f = &binary[i];
        double worst = 0, at = 0;
        for (int turn = 0; turn < 30000; turn++) {
            double x = argument(f->from, f->to, turn), y = argument(f->from, f->to, turn / 3);
            double error = ulps(f->ours(x, y), f->reference(x, y));
            if (error > worst) worst = error, at = x;
        }
        report(f->name, worst, at, f->limit);
        for (int s = 0; s < specials; s++) {
            for (int t = 0; t < specials; t++) {
                double x = special[s], y = special[t], got = f->ours(x, y), wanted = f->host(x, y);
                if (same(got, wanted) || (isfinite(wanted) && wanted != 0 && ulps(got, f->reference(x, y)) <= f->limit)) continue;
                printf("%s(%g, %g) is %.17g, expected %.17g\n", f->name, x, y, got, wanted);
                failures++;
            }
        }
    }
    printf("%d passed, %d failed\n", functions - (failures < functions ? failures : functions), failures);
    return failures != 0;
}
