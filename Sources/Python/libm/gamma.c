// The gamma function and the logarithm of its magnitude: in x87 precision, so that the cancellations cost bits that a
// double does not have.
#include <math.h>

static const long double ln2 = 0.693147180559945309417232121458176568L;
static const long double pi = 3.141592653589793238462643383279502884L;

static long double log_long(long double x) {
    long double result;
    __asm__("fld1; fxch; fyl2x" : "=t"(result) : "0"(x));
    return result * ln2;
}

static long double exp_long(long double x) {
    long double scaled = x / ln2, whole, power;
    __asm__("frndint" : "=t"(whole) : "0"(scaled));
    __asm__("f2xm1" : "=t"(power) : "0"(scaled - whole));
    power += 1;
    __asm__("fscale" : "=t"(power) : "0"(power), "u"(whole));
    return power;
}

/// |sin(pi x)|. The distance to the nearest integer is exact.
static long double sin_pi(double x) {
    long double angle = pi * __builtin_fabs(x - __builtin_rint(x));
    double high = (double)angle;
    return sin(high) + (angle - high) * cos(high);
}

/// zeta(k) - 1 for k = 2...
static const long double zeta_less_one[] = {
    0.644934066848226436472415166646025189L, 0.202056903159594285399738161511449991L,
    0.0823232337111381915160036965411679028L, 0.0369277551433699263313654864570341681L,
    0.0173430619844491397145179297909205279L, 0.0083492773819228268397975498497967596L,
    0.00407735619794433937868523850865246526L, 0.00200839282608221441785276923241206049L,
    0.000994575127818085337145958900319017006L, 0.000494188604119464558702282526469936469L,
    0.000246086553308048298637998047739670960L, 0.000122713347578489146751836526357395714L,
    6.12481350587048292585451051353337475e-5L, 3.05882363070204935517285106450625876e-5L,
    1.52822594086518717325714876367220232e-5L, 7.63719763789976227360029356302921309e-6L,
    3.81729326499983985646164462193973046e-6L, 1.90821271655393892565695779510135326e-6L,
    9.53962033872796113152038683449345943e-7L, 4.76932986787806463116719604373045966e-7L,
};

/// lgamma(2 + d) for |d| <= 1/4: its Taylor series, which is exact to the last bit near the root at 2.
static long double near_two(long double d) {
    const int count = sizeof zeta_less_one / sizeof zeta_less_one[0];
    long double sum = 0;
    for (int k = count - 1; k >= 0; k--) sum = zeta_less_one[k] / (k + 2) - d * sum;
    return d * (0.422784335098467139393487909917597568957840664060076L + d * sum);
}

/// log(gamma(x)) for x >= 20: Stirling's series.
static long double stirling(long double x) {
    static const long double terms[] = {
        1 / 12.0L, -1 / 360.0L, 1 / 1260.0L, -1 / 1680.0L, 1 / 1188.0L, -691 / 360360.0L, 1 / 156.0L, -3617 / 122400.0L,
    };
    long double inverse = 1 / x, square = inverse * inverse, sum = 0;
    for (int k = 7; k >= 0; k--) sum = sum * square + terms[k];
    return (x - 0.5L) * log_long(x) - x + 0.918938533204672741780329736405617640L + sum * inverse;
}

/// log(gamma(x)) for x > 0.
static long double log_gamma(long double x) {
    if (x >= 1.75L && x <= 2.25L) return near_two(x - 2);
    if (x >= 0.75L && x <= 1.25L) {
        // lgamma(x) = lgamma(x + 1) - log(x); the logarithm near 1 by fyl2xp1, which keeps its relative precision.
        long double log;
        __asm__("fldln2; fxch; fyl2xp1" : "=t"(log) : "0"(x - 1));
        return near_two(x - 1) - log;
    }
    long double shift = 1;
    while (x < 20) shift *= x++;
    return stirling(x) - log_long(shift);
}

double lgamma(double x) {
    if (x != x) return x;
    if (__builtin_isinf(x)) return __builtin_inf();
    if (x > 0) return x > 2.6e305 ? __builtin_inf() : (double)log_gamma(x);
    if (x == __builtin_floor(x)) return __builtin_inf();
    if (x > -0x1p-70) return (double)-log_long(-(long double)x);
    // Reflection: |gamma(x)| = pi / (|sin(pi x)| gamma(1 - x)).
    return (double)(log_long(pi / sin_pi(x)) - log_gamma(1 - (long double)x));
}

/// gamma(x) for 0 < x < 200.
static long double gamma_long(long double x) {
    long double shift = 1;
    while (x < 20) shift *= x++;
    return exp_long(stirling(x)) / shift;
}

double tgamma(double x) {
    if (x != x || x == __builtin_inf()) return x;
    if (x == 0) return __builtin_copysign(__builtin_inf(), x);
    if (x > 0) return x > 172 ? __builtin_inf() : (double)gamma_long(x);
    if (x == __builtin_floor(x)) return __builtin_nan("");
    // Between -2k and -2k + 1 it is positive.
    double sign = __builtin_floor(x) == 2 * __builtin_floor(__builtin_floor(x) / 2) ? 1 : -1;
    if (x < -185) return sign * 0.0;
    return sign * (double)(pi / (sin_pi(x) * gamma_long(1 - (long double)x)));
}
