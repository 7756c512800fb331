// Doubles and decimals, exactly: big integers of a fixed size, long division and nothing else.
#include <stdbool.h>
#include <stdint.h>
#include "decimal.h"

enum { words = 136, most_digits = 780 };

typedef struct {
    uint32_t word[words];
    int count;
} big;

static void multiply(big *a, uint32_t factor, uint32_t carry_in) {
    uint64_t carry = carry_in;
    for (int i = 0; i < a->count; i++) {
        carry += (uint64_t)a->word[i] * factor;
        a->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && a->count < words) a->word[a->count++] = (uint32_t)carry;
}

static void multiply_power(big *a, uint32_t base, int exponent) {
    // 5^13 and 10^9 are the largest powers that fit a word.
    int step = base == 5 ? 13 : 9;
    uint32_t power = base == 5 ? 1220703125u : 1000000000u;
    for (; exponent >= step; exponent -= step) multiply(a, power, 0);
    for (; exponent > 0; exponent--) multiply(a, base, 0);
}

static int bit_length(const big *a) {
    return a->count == 0 ? 0 : 32 * a->count - __builtin_clz(a->word[a->count - 1]);
}

static void shift_left(big *a, int bits) {
    int whole = bits / 32, rest = bits % 32;
    if (a->count == 0 || a->count + whole + 1 > words) return;
    a->word[a->count] = 0;
    for (int i = a->count; i >= 0; i--) {
        uint32_t low = i > 0 && rest ? a->word[i - 1] >> (32 - rest) : 0;
        a->word[i + whole] = a->word[i] << rest | low;
    }
    for (int i = 0; i < whole; i++) a->word[i] = 0;
    a->count += whole + 1;
    while (a->count > 0 && a->word[a->count - 1] == 0) a->count--;
}

static bool less(const big *a, const big *b) {
    if (a->count != b->count) return a->count < b->count;
    for (int i = a->count - 1; i >= 0; i--) if (a->word[i] != b->word[i]) return a->word[i] < b->word[i];
    return false;
}

static void subtract(big *a, const big *b) {
    int64_t borrow = 0;
    for (int i = 0; i < a->count; i++) {
        borrow += (int64_t)a->word[i] - (i < b->count ? b->word[i] : 0);
        a->word[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    while (a->count > 0 && a->word[a->count - 1] == 0) a->count--;
}

static big from_u64(uint64_t value) {
    big a = { .word = { (uint32_t)value, (uint32_t)(value >> 32) }, .count = value >> 32 ? 2 : value ? 1 : 0 };
    return a;
}

int decimal_expand(double value, char *digits, int *point) {
    union { double value; uint64_t bits; } u = { value };
    int exponent = (int)(u.bits >> 52 & 0x7ff);
    uint64_t mantissa = u.bits & 0xfffffffffffffull;
    if (exponent) mantissa |= 1ull << 52; else exponent = 1;
    exponent -= 1075;
    int zeros = __builtin_ctzll(mantissa | 1ull << 63);
    mantissa >>= zeros;
    exponent += zeros;
    big a = from_u64(mantissa);
    if (exponent >= 0) shift_left(&a, exponent); else multiply_power(&a, 5, -exponent);
    // Nine digits a division, from the end.
    char reversed[decimal_maximum_digits + 9];
    int count = 0;
    while (a.count > 0) {
        uint64_t rest = 0;
        for (int i = a.count - 1; i >= 0; i--) {
            rest = rest << 32 | a.word[i];
            a.word[i] = (uint32_t)(rest / 1000000000);
            rest %= 1000000000;
        }
        while (a.count > 0 && a.word[a.count - 1] == 0) a.count--;
        for (int i = 0; i < 9; i++, rest /= 10) reversed[count++] = (char)('0' + rest % 10);
    }
    while (count > 0 && reversed[count - 1] == '0') count--;
    *point = exponent < 0 ? count + exponent : count;
    int last = 0;
    while (last < count && reversed[last] == '0') last++;
    for (int i = 0; i < count - last; i++) digits[i] = reversed[count - 1 - i];
    return count - last;
}

int decimal_round(char *digits, int count, int keep, int *point) {
    if (keep < 0) return 0;
    if (keep < count) {
        bool is_half = digits[keep] == '5' && keep + 1 == count;
        bool is_odd = keep > 0 && (digits[keep - 1] - '0') % 2;
        bool goes_up = is_half ? is_odd : digits[keep] >= '5';
        count = keep;
        if (goes_up) {
            int i = keep - 1;
            while (i >= 0 && digits[i] == '9') i--;
            if (i < 0) {
                digits[0] = '1';
                ++*point;
                return 1;
            }
            digits[i]++;
            count = i + 1;
        }
    }
    while (count > 0 && digits[count - 1] == '0') count--;
    return count;
}

int decimal_shortest(double value, char *digits, int *point) {
    char exact[decimal_maximum_digits];
    int exact_point, exact_count = decimal_expand(value, exact, &exact_point);
    // Fifteen digits always survive the way back, so that fewer need a look only below the normal range.
    for (int keep = value < 2.2250738585072014e-308 ? 1 : 15; keep < 17; keep++) {
        for (int upwards = 0; upwards < 2; upwards++) {
            int count = exact_count < keep ? exact_count : keep;
            for (int i = 0; i < count; i++) digits[i] = exact[i];
            *point = exact_point;
            if (upwards) {
                // The next one above: at a power of two the interval reaches further up than down.
                if (exact_count <= keep) continue;
                char above[18];
                for (int i = 0; i < keep; i++) above[i] = exact[i];
                above[keep] = '9';
                count = decimal_round(above, keep + 1, keep, point);
                for (int i = 0; i < count; i++) digits[i] = above[i];
            } else {
                char copy[decimal_maximum_digits];
                for (int i = 0; i < exact_count; i++) copy[i] = exact[i];
                count = decimal_round(copy, exact_count, keep, point);
                for (int i = 0; i < count; i++) digits[i] = copy[i];
            }
            if (decimal_parse(digits, (size_t)count, *point) == value) return count;
        }
    }
    char copy[decimal_maximum_digits];
    for (int i = 0; i < exact_count; i++) copy[i] = exact[i];
    *point = exact_point;
    int count = decimal_round(copy, exact_count, 17, point);
    for (int i = 0; i < count; i++) digits[i] = copy[i];
    return count;
}

/// mantissa * 2^exponent, rounded once; `is_inexact` stands for a rest below the last bit.
static double assemble(uint64_t mantissa, int exponent, bool is_inexact) {
    int length = 64 - __builtin_clzll(mantissa);
    int keep = 53;
    if (exponent + length < -1021) keep = 53 - (-1021 - (exponent + length));  // subnormal
    if (keep < 0) return 0;
    int drop = length - keep;
    if (drop > 0) {
        uint64_t rest = drop == 64 ? mantissa : mantissa & ((1ull << drop) - 1), half = 1ull << (drop - 1);
        mantissa = drop == 64 ? 0 : mantissa >> drop;
        exponent += drop;
        if (rest > half || (rest == half && (is_inexact || mantissa & 1))) mantissa++;
    }
    if (mantissa == 0) return 0;
    // Both factors are exact, and so is the product unless it overflows.
    double result = (double)mantissa;
    for (; exponent > 900; exponent -= 900) result *= 0x1p900;
    for (; exponent < -900; exponent += 900) result *= 0x1p-900;
    union { uint64_t bits; double value; } power = { (uint64_t)(exponent + 1023) << 52 };
    return result * power.value;
}

double decimal_parse(const char *digits, size_t length, long point) {
    size_t start = 0;
    while (start < length && digits[start] == '0') start++, point--;
    while (length > start && digits[length - 1] == '0') length--;
    size_t count = length - start;
    if (count == 0 || point < -330) return 0;
    if (point > 310) return __builtin_inf();
    bool is_cut = count > most_digits;
    if (is_cut) count = most_digits;
    big a = { .count = 0 };
    for (size_t i = 0; i < count; i++) multiply(&a, 10, (uint32_t)(digits[start + i] - '0'));
    int exponent = (int)(point - (long)count);
    int scale = 0;
    bool is_inexact = is_cut;
    uint64_t top = 0;
    if (exponent >= 0) {
        multiply_power(&a, 5, exponent);
        scale = exponent;
    } else {
        // a / 5^k with at least 64 bits of quotient.
        big divisor = from_u64(1);
        multiply_power(&divisor, 5, -exponent);
        int shift = bit_length(&divisor) - bit_length(&a) + 64;
        if (shift > 0) shift_left(&a, shift); else shift = 0;
        scale = exponent - shift;
        int steps = bit_length(&a) - bit_length(&divisor);
        shift_left(&divisor, steps);
        big quotient = { .count = 0 };
        for (int i = steps; i >= 0; i--) {
            uint32_t bit = 0;
            if (!less(&a, &divisor)) {
                subtract(&a, &divisor);
                bit = 1;
            }
            if (quotient.count) multiply(&quotient, 2, bit); else if (bit) quotient = from_u64(1);
            // divisor >>= 1
            for (int w = 0; w < divisor.count; w++) {
                uint32_t above = w + 1 < divisor.count ? divisor.word[w + 1] : 0;
                divisor.word[w] = divisor.word[w] >> 1 | above << 31;
            }
            while (divisor.count > 0 && divisor.word[divisor.count - 1] == 0) divisor.count--;
        }
        is_inexact = is_inexact || a.count > 0;
        a = quotient;
    }
    int bits = bit_length(&a), drop = bits > 64 ? bits - 64 : 0;
    for (int i = 0; i < a.count; i++) {
        int at = 32 * i - drop;
        if (at <= -32) {
            is_inexact = is_inexact || a.word[i] != 0;
        } else if (at < 0) {
            top |= a.word[i] >> -at;
            is_inexact = is_inexact || (a.word[i] & ((1u << -at) - 1)) != 0;
        } else {
            top |= (uint64_t)a.word[i] << at;
        }
    }
    return assemble(top, scale + drop, is_inexact);
}
