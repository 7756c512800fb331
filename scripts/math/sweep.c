// The greatest error of the math functions of the loop form, in units of the last place: in f32 over all 2^32 operands, or every step-th,
// against the C library's double functions; of two operands, and in f64 (against long double), at 2^30 / step and 2^26 / step
// random points.
//
//     LANEMATH_C=build/lane.h swift test --filter writesCSource
//     cc -O3 -march=x86-64-v3 -ffp-contract=off -fno-math-errno -fno-trapping-math -Ibuild scripts/math/sweep.c -lmvec -lm -o build/sweep
//     build/sweep [step [name]]
#define _GNU_SOURCE
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline float as_float(int32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
static inline double as_double(int64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
static inline int32_t float_bits(float x) { int32_t bits; memcpy(&bits, &x, 4); return bits; }
static inline int64_t double_bits(double x) { int64_t bits; memcpy(&bits, &x, 8); return bits; }
// The rounding mode is to nearest; the compiler vectorises these.
#define __builtin_roundevenf __builtin_rintf
#define __builtin_roundeven __builtin_rint
#include "lane.h"

enum { block = 4096 };
static uint64_t state = 42;
static uint64_t next(void) {
    state ^= state << 13; state ^= state >> 7; state ^= state << 17;
    return state * 0x2545F4914F6CDD1D;
}

struct worst { double error; double x, y; uint64_t wrong; double wrong_x, wrong_y; };

// NaN where both are; infinite and of the other sign only where the exact value rounds to that.
static void judge(struct worst *w, long double value, long double exact, long double rounded, int fraction, int least, double x, double y) {
    int exponent;
    if (value == rounded && !signbit(value) == !signbit(rounded) && isinf(value)) return;
    if (isnan(value) && isnan(rounded)) return;
    if (isnan(value) || isnan(rounded) || isinf(exact) || (rounded != 0 && value != 0 && !signbit(value) != !signbit(rounded))
        || (rounded == 0 && value == 0 && !signbit(value) != !signbit(rounded))) {
        w->wrong++; w->wrong_x = x; w->wrong_y = y; return;
    }
    frexpl(rounded, &exponent);
    if (isinf(rounded) || isinf(value)) {
        // As if the exponents went on.
        exponent = 3 - least - fraction;
        if (isinf(value)) value = copysignl(ldexpl(1, exponent), value);
    }
    if (exponent < least || rounded == 0) exponent = least;
    double error = fabsl(value - exact) * ldexpl(1, fraction + 1 - exponent);
    if (error > w->error) { w->error = error; w->x = x; w->y = y; }
}

static void judge_single(struct worst *w, float value, double exact, double x, double y) {
    float rounded = exact;
    int32_t exponent = float_bits(rounded) >> 23 & 255;
    // The common case without calls.
    if (exponent > 0 && exponent < 254 && value == value && (float_bits(value) ^ float_bits(rounded)) >= 0) {
        double error = fabs(value - exact) * as_double((int64_t)(1023 + 150 - exponent) << 52);
        if (error > w->error) { w->error = error; w->x = x; w->y = y; }
    } else judge(w, value, exact, rounded, 23, -125, x, y);
}

static void show(const char *type, const char *name, struct worst w, int two) {
    printf("%s %-26s %.3f at %a", type, name, w.error, w.x);
    if (two) printf(", %a", w.y);
    if (w.wrong) printf("; %lu WRONG, as at %a, %a", w.wrong, w.wrong_x, w.wrong_y);
    printf("\n");
    fflush(stdout);
}

static double any_double(void) {
    uint64_t bits = next();
    // Half of them near 1.
    if (next() & 1) bits = (bits & 0x800FFFFFFFFFFFFF) | (1023 - 30 + next() % 42) << 52;
    return as_double(bits);
}
static float any_single(void) {
    uint32_t bits = next();
    if (next() & 1) bits = (bits & 0x807FFFFF) | (127 - 12 + next() % 20) << 23;
    return as_float(bits);
}

static long double logisticl(long double x) { return 1 / (1 + expl(-x)); }
static long double rsqrtl(long double x) { return 1 / sqrtl(x); }

// The reference for a block, four doubles at once (libmvec, whose 4 units of a double are nothing here).
#define VECTOR(c) __m256d _ZGVdN4v_##c(__m256d); static void c##_block(const float *x, double *r) { \
    for (int i = 0; i < block; i += 4) _mm256_storeu_pd(r + i, _ZGVdN4v_##c(_mm256_cvtps_pd(_mm_loadu_ps(x + i)))); }
VECTOR(exp) VECTOR(expm1) VECTOR(log) VECTOR(log1p) VECTOR(cbrt) VECTOR(sin) VECTOR(cos) VECTOR(tan) VECTOR(tanh) VECTOR(sinh)
VECTOR(cosh) VECTOR(asin) VECTOR(acos) VECTOR(atan) VECTOR(asinh) VECTOR(acosh) VECTOR(atanh) VECTOR(erf) VECTOR(erfc)
static void rsqrt_block(const float *x, double *r) { for (int i = 0; i < block; i++) r[i] = 1 / sqrt((double)x[i]); }
static void round_block(const float *x, double *r) { for (int i = 0; i < block; i++) r[i] = round(x[i]); }
static void logistic_block(const float *x, double *r) {
    for (int i = 0; i < block; i += 4)
        _mm256_storeu_pd(r + i, _ZGVdN4v_exp(_mm256_sub_pd(_mm256_setzero_pd(), _mm256_cvtps_pd(_mm_loadu_ps(x + i)))));
    for (int i = 0; i < block; i++) r[i] = 1 / (1 + r[i]);
}

#define UNARY(lane, c) static void sweep_##lane(uint64_t step) { \
    static float x[block], r[block]; static double exact[block]; struct worst w = {0}, d = {0}; \
    for (uint64_t start = 0; start < 1ull << 32; start += block * step) { \
        for (int i = 0; i < block; i++) x[i] = as_float((uint32_t)(start + i * step)); \
        for (int i = 0; i < block; i++) r[i] = lane_##lane##_f32(x[i]); \
        c##_block(x, exact); \
        for (int i = 0; i < block; i++) judge_single(&w, r[i], exact[i], x[i], 0); \
    } \
    show("f32", #lane, w, 0); \
    for (uint64_t n = 0; n < (1ull << 26) / step; n++) { \
        double a = any_double(); long double exact = c##l(a); \
        judge(&d, lane_##lane##_f64(a), exact, (double)exact, 52, -1021, a, 0); \
    } \
    show("f64", #lane, d, 0); }
#define BINARY(lane, c) static void sweep_##lane(uint64_t step) { \
    struct worst w = {0}, d = {0}; \
    for (uint64_t n = 0; n < (1ull << 30) / step; n++) { \
        float a = any_single(), b = any_single(); judge_single(&w, lane_##lane##_f32(a, b), c(a, b), a, b); \
    } \
    show("f32", #lane, w, 1); \
    for (uint64_t n = 0; n < (1ull << 26) / step; n++) { \
        double a = any_double(), b = any_double(); \
        if (n & 1) { a = 0.5 + 1.5 * fabs(a / (1 + fabs(a))); b = ldexp(b, 0) / (1 + fabs(b)) * 1000; } \
        long double exact = c##l(a, b); judge(&d, lane_##lane##_f64(a, b), exact, (double)exact, 52, -1021, a, b); \
    } \
    show("f64", #lane, d, 1); }

#define ALL UNARY_F(exponential, exp) UNARY_F(exponentialMinusOne, expm1) UNARY_F(log, log) UNARY_F(logPlusOne, log1p) \
    UNARY_F(logistic, logistic) UNARY_F(rsqrt, rsqrt) UNARY_F(cbrt, cbrt) UNARY_F(sine, sin) UNARY_F(cosine, cos) UNARY_F(tan, tan) \
    UNARY_F(tanh, tanh) UNARY_F(sinh, sinh) UNARY_F(cosh, cosh) UNARY_F(asin, asin) UNARY_F(acos, acos) UNARY_F(atan, atan) \
    UNARY_F(asinh, asinh) UNARY_F(acosh, acosh) UNARY_F(atanh, atanh) UNARY_F(erf, erf) UNARY_F(erfc, erfc) \
    UNARY_F(roundNearestAwayFromZero, round) BINARY_F(power, pow) BINARY_F(atan2, atan2) BINARY_F(remainder, fmod)
#define UNARY_F UNARY
#define BINARY_F BINARY
ALL
#undef UNARY_F
#undef BINARY_F
#define UNARY_F(lane, c) if (!name || !strcmp(name, #lane)) sweep_##lane(step);
#define BINARY_F UNARY_F

int main(int count, char **arguments) {
    uint64_t step = count > 1 ? strtoull(arguments[1], 0, 0) : 1;
    const char *name = count > 2 ? arguments[2] : 0;
    ALL
}
