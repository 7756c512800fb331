// Text to floating point, correctly rounded, for Swift's `Double(_: String)` and `Float(_: String)`. Decimal numbers are kept
// as digits and halved or doubled exactly until they lie in [1/2, 1); no product is ever rounded before the last step.
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

// More digits than any exact midpoint between two doubles has (767); what follows only has to be known as nonzero.
enum { MAX_DIGITS = 800, MAX_SHIFT = 27 };

typedef struct {
    uint8_t digits[MAX_DIGITS];
    int count;
    /// The decimal point stands before this digit; may lie outside of the digits.
    int point;
    /// Nonzero digits were left out at the end.
    bool truncated;
} decimal;

typedef struct { int mantissa_bits, exponent_bits; } format;

static void trim(decimal *a) {
    while (a->count > 0 && a->digits[a->count - 1] == 0) a->count--;
    if (a->count == 0) a->point = 0;
}

// a /= 2^shift
static void shift_right(decimal *a, int shift) {
    uint64_t n = 0;
    int read = 0, write = 0;
    for (; n >> shift == 0; read++) {
        if (read >= a->count) {
            if (n == 0) { a->count = 0; return; }
            while (n >> shift == 0) { n *= 10; read++; }
            break;
        }
        n = n * 10 + a->digits[read];
    }
    a->point -= read - 1;
    uint64_t mask = ((uint64_t)1 << shift) - 1;
    for (; read < a->count; read++) {
        uint8_t digit = (uint8_t)(n >> shift);
        n = (n & mask) * 10 + a->digits[read];
        a->digits[write++] = digit;
    }
    while (n > 0) {
        uint8_t digit = (uint8_t)(n >> shift);
        n = (n & mask) * 10;
        if (write < MAX_DIGITS) a->digits[write++] = digit;
        else if (digit > 0) a->truncated = true;
    }
    a->count = write;
    trim(a);
}

// a *= 2^shift
static void shift_left(decimal *a, int shift) {
    uint8_t product[MAX_DIGITS + 24];
    int at = MAX_DIGITS + 24;
    uint64_t n = 0;
    for (int i = a->count - 1; i >= 0; i--) {
        n += (uint64_t)a->digits[i] << shift;
        product[--at] = (uint8_t)(n % 10);
        n /= 10;
    }
    while (n > 0) {
        product[--at] = (uint8_t)(n % 10);
        n /= 10;
    }
    int length = MAX_DIGITS + 24 - at;
    a->point += length - a->count;
    for (int i = 0; i < length; i++) {
        if (i < MAX_DIGITS) a->digits[i] = product[at + i];
        else if (product[at + i] != 0) a->truncated = true;
    }
    a->count = length < MAX_DIGITS ? length : MAX_DIGITS;
    trim(a);
}

static void shift(decimal *a, int by) {
    if (a->count == 0) return;
    for (; by > MAX_SHIFT; by -= MAX_SHIFT) shift_left(a, MAX_SHIFT);
    if (by > 0) shift_left(a, by);
    for (; by < -MAX_SHIFT; by += MAX_SHIFT) shift_right(a, MAX_SHIFT);
    if (by < 0) shift_right(a, -by);
}

// The integer part, rounded to nearest, ties to even.
static uint64_t rounded(const decimal *a) {
    uint64_t n = 0;
    if (a->point > 20) return UINT64_MAX;
    int i = 0;
    for (; i < a->point && i < a->count; i++) n = n * 10 + a->digits[i];
    for (; i < a->point; i++) n *= 10;
    if (a->point < 0 || a->point >= a->count) return n;
    uint8_t next = a->digits[a->point];
    bool is_tie = next == 5 && a->point + 1 == a->count && !a->truncated;
    return n + (is_tie ? n & 1 : next >= 5);
}

static uint64_t encode(decimal *a, format f) {
    static const int powers[] = {0, 3, 6, 9, 13, 16, 19, 23, 26};
    const int bias = (1 << (f.exponent_bits - 1)) - 1;
    const uint64_t infinity = (((uint64_t)1 << f.exponent_bits) - 1) << f.mantissa_bits;
    if (a->count == 0 || a->point < -400) return 0;
    if (a->point > 400) return infinity;
    int exponent = 0;
    while (a->point > 0) {
        int by = a->point >= 9 ? MAX_SHIFT : powers[a->point];
        shift(a, -by);
        exponent += by;
    }
    while (a->point < 0 || (a->point == 0 && a->digits[0] < 5)) {
        int by = -a->point >= 9 ? MAX_SHIFT : -a->point == 0 ? 1 : powers[-a->point];
        shift(a, by);
        exponent -= by;
    }
    exponent--;                                 // [1/2, 1) to [1, 2)
    if (exponent < 1 - bias) {                  // subnormal
        shift(a, -(1 - bias - exponent));
        exponent = 1 - bias;
    }
    if (exponent > bias) return infinity;
    shift(a, f.mantissa_bits + 1);
    uint64_t mantissa = rounded(a);
    if (mantissa == (uint64_t)2 << f.mantissa_bits) {
        mantissa >>= 1;
        if (++exponent > bias) return infinity;
    }
    uint64_t biased = mantissa >> f.mantissa_bits ? (uint64_t)(exponent + bias) : 0;
    return biased << f.mantissa_bits | (mantissa & (((uint64_t)1 << f.mantissa_bits) - 1));
}

static bool matches(const char *text, const char *word) {
    for (; *word != 0; text++, word++) {
        if ((*text | 0x20) != *word) return false;
    }
    return true;
}

static int digit_of(char c, int base) {
    if (c >= '0' && c <= '9') return c - '0';
    if (base == 16 && (c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

// Reads an exponent "e-12" or "p+3" at `c`; leaves `c` where there is none.
static const char *exponent_at(const char *c, char letter, int *value) {
    if ((*c | 0x20) != letter) return c;
    const char *p = c + 1;
    bool negative = *p == '-';
    if (*p == '-' || *p == '+') p++;
    if (*p < '0' || *p > '9') return c;
    int n = 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (n < 100000) n = n * 10 + (*p - '0');
    }
    *value += negative ? -n : n;
    return p;
}

// Hexadecimal: the bits as they are, doubled or halved as a decimal to be rounded alike.
static const char *parse_hexadecimal(const char *c, decimal *a, int *binary) {
    uint64_t mantissa = 0;
    bool any = false, sticky = false, after_point = false;
    for (;; c++) {
        if (*c == '.' && !after_point) { after_point = true; continue; }
        int digit = digit_of(*c, 16);
        if (digit < 0) break;
        any = true;
        if (mantissa >> 58 == 0) {
            mantissa = mantissa << 4 | (uint64_t)digit;
            if (after_point) *binary -= 4;
        } else {
            sticky = sticky || digit != 0;
            if (!after_point) *binary += 4;
        }
    }
    if (!any) return NULL;
    if (sticky) mantissa |= 1;                  // 58 bits at least: the lowest only breaks ties
    for (uint64_t n = mantissa; n > 0; n /= 10) a->count++;
    a->point = a->count;
    for (int i = a->count - 1; i >= 0; i--, mantissa /= 10) a->digits[i] = (uint8_t)(mantissa % 10);
    trim(a);
    return exponent_at(c, 'p', binary);
}

static const char *parse_decimal(const char *c, decimal *a) {
    bool any = false, after_point = false;
    for (;; c++) {
        if (*c == '.' && !after_point) { after_point = true; continue; }
        int digit = digit_of(*c, 10);
        if (digit < 0) break;
        any = true;
        if (digit == 0 && a->count == 0) {
            if (after_point) a->point--;
            continue;
        }
        if (a->count < MAX_DIGITS) a->digits[a->count++] = (uint8_t)digit;
        else if (digit != 0) a->truncated = true;
        if (!after_point) a->point++;
    }
    if (!any) return NULL;
    c = exponent_at(c, 'e', &a->point);
    trim(a);
    return c;
}

static const char *parse(const char *text, format f, uint64_t *bits) {
    const char *c = text;
    while (*c == ' ' || (*c >= '\t' && *c <= '\r')) c++;
    uint64_t sign = *c == '-' ? (uint64_t)1 << (f.mantissa_bits + f.exponent_bits) : 0;
    if (*c == '-' || *c == '+') c++;
    uint64_t infinity = (((uint64_t)1 << f.exponent_bits) - 1) << f.mantissa_bits;
    if (matches(c, "inf")) {
        *bits = sign | infinity;
        return c + (matches(c, "infinity") ? 8 : 3);
    }
    if (matches(c, "nan")) {
        *bits = sign | infinity | (uint64_t)1 << (f.mantissa_bits - 1);
        return c + 3;
    }
    decimal a = {.count = 0};
    int binary = 0;
    const char *end = NULL;
    if (c[0] == '0' && (c[1] | 0x20) == 'x') end = parse_hexadecimal(c + 2, &a, &binary);
    else end = parse_decimal(c, &a);
    if (end == NULL) return NULL;
    if (binary > 1200) binary = 1200;
    if (binary < -1400) binary = -1400;
    shift(&a, binary);
    *bits = sign | encode(&a, f);
    return end;
}

/// The end of the number, or NULL where there is none.
const char *_swift_stdlib_strtod_clocale(const char *text, double *result) {
    union { uint64_t bits; double value; } v = {0};
    const char *end = parse(text, (format){52, 11}, &v.bits);
    *result = v.value;
    return end;
}

const char *_swift_stdlib_strtof_clocale(const char *text, float *result) {
    uint64_t bits = 0;
    const char *end = parse(text, (format){23, 8}, &bits);
    union { uint32_t bits; float value; } v = {(uint32_t)bits};
    *result = v.value;
    return end;
}
