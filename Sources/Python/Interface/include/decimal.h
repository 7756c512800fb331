// Exact conversion between doubles and decimal digits.
#pragma once
#include <stddef.h>

/// A double's exact expansion never has more digits.
enum { decimal_maximum_digits = 1100 };

/// All digits of a finite, positive value: 0.d1d2… × 10^point. Returns their number; neither first nor last is '0'.
int decimal_expand(double value, char *digits, int *point);

/// Keeps the first `keep` digits (none if it is 0 or less), rounded half to even; trailing zeros go. Returns the number that
/// is left, 0 for a value rounded to nothing; a carry moves the point.
int decimal_round(char *digits, int count, int keep, int *point);

/// The fewest digits that read back as `value` (finite, positive), the nearest of those to it. `digits` holds 17 or more.
int decimal_shortest(double value, char *digits, int *point);

/// The double nearest to 0.d1d2… × 10^point; ties to even, infinity beyond the largest. Digits only; leading zeros allowed.
double decimal_parse(const char *digits, size_t count, long point);
