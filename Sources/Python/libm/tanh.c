// The hyperbolic tangent from expm1, whose relative error stays small near zero.
#include <math.h>

double tanh(double x) {
    if (x != x) return x;
    double magnitude = __builtin_fabs(x), result;
    if (magnitude > 22) {
        result = 1;
    } else if (magnitude >= 1) {
        result = 1 - 2 / (expm1(2 * magnitude) + 2);
    } else if (magnitude < 0x1p-28) {
        result = magnitude;
    } else {
        double t = expm1(-2 * magnitude);
        result = -t / (t + 2);
    }
    return __builtin_copysign(result, x);
}
