// Cube root and hypotenuse: a double-precision estimate, then one correction with fused multiply-add.
#include <math.h>
#include <stdint.h>

double cbrt(double x) {
    if (x == 0 || x != x || __builtin_isinf(x)) return x;
    double magnitude = __builtin_fabs(x), scale = 1;
    if (magnitude < 0x1p-900) { magnitude *= 0x1p300; scale = 0x1p-100; }
    if (magnitude > 0x1p900) { magnitude *= 0x1p-300; scale = 0x1p100; }
    // A third of the exponent, with the bias made good: within 6 %.
    union { double value; uint64_t bits; } guess = { magnitude };
    guess.bits = guess.bits / 3 + 0x2a9f7893b0000000ull;
    double y = guess.value;
    for (int step = 0; step < 3; step++) {  // Halley: the error cubes
        double cube = y * y * y;
        y *= (cube + 2 * magnitude) / (2 * cube + magnitude);
    }
    // magnitude - y*y*y, exactly but for the last product.
    double square = y * y, rest = __builtin_fma(y, y, -square);
    double residue = __builtin_fma(-square, y, magnitude) - rest * y;
    y += residue / (3 * square);
    return __builtin_copysign(y * scale, x);
}

double hypot(double x, double y) {
    x = __builtin_fabs(x);
    y = __builtin_fabs(y);
    if (__builtin_isinf(x) || __builtin_isinf(y)) return __builtin_inf();
    if (x != x || y != y) return x + y;
    if (x < y) { double t = x; x = y; y = t; }
    if (y == 0 || x > y * 0x1p60) return x + y;
    double scale = 1;
    if (x > 0x1p500) { scale = 0x1p600; x *= 0x1p-600; y *= 0x1p-600; }
    else if (y < 0x1p-450) { scale = 0x1p-600; x *= 0x1p600; y *= 0x1p600; }
    // h*h - x*x - y*y from the rounding errors of the three squares (Borges, 2019).
    double h = __builtin_sqrt(__builtin_fma(x, x, y * y)), h2 = h * h, x2 = x * x;
    double error = __builtin_fma(-y, y, h2 - x2) + __builtin_fma(h, h, -h2) - __builtin_fma(x, x, -x2);
    return (h - error / (2 * h)) * scale;
}
