// Floats as text, every digit exact: in place of MicroPython's own (py/formatfloat.c).
#include <string.h>
#include "py/formatfloat.h"
#include "py/mpconfig.h"
#include "../Interface/include/decimal.h"

typedef struct {
    char *next, *end;
} writer;

static void put(writer *out, char c) { if (out->next < out->end) *out->next++ = c; }

static void put_digits(writer *out, const char *digits, int count, int from, int to) {
    for (int i = from; i < to; i++) put(out, i >= 0 && i < count ? digits[i] : '0');
}

static void put_exponent(writer *out, char letter, int exponent) {
    put(out, letter);
    put(out, exponent < 0 ? '-' : '+');
    if (exponent < 0) exponent = -exponent;
    if (exponent >= 100) put(out, (char)('0' + exponent / 100));
    put(out, (char)('0' + exponent / 10 % 10));
    put(out, (char)('0' + exponent % 10));
}

/// d.ddd with `after` digits after the point, then the exponent.
static void put_scientific(writer *out, const char *digits, int count, int point, int after, char letter) {
    put_digits(out, digits, count, 0, 1);
    if (after > 0) put(out, '.');
    put_digits(out, digits, count, 1, 1 + after);
    put_exponent(out, letter, count == 0 ? 0 : point - 1);
}

static void put_positional(writer *out, const char *digits, int count, int point, int after) {
    if (point <= 0) put(out, '0'); else put_digits(out, digits, count, 0, point);
    if (after > 0) put(out, '.');
    put_digits(out, digits, count, point, point + after);
}

/// Formats 'e', 'f', 'g' and their capitals as C does; 'r' writes the fewest digits that read back, as `repr`.
int mp_format_float(mp_float_t f, char *buffer, size_t size, char format, int precision, char sign) {
    writer out = { buffer, buffer + size - 1 };
    char kind = format | 0x20, letter = format & 0x20 ? 'e' : 'E';
    if (__builtin_signbit(f) && f == f) put(&out, '-'); else if (sign) put(&out, sign);
    double value = __builtin_fabs(f);
    if (value != value || __builtin_isinf(value)) {
        const char *name = value != value ? (letter == 'E' ? "NAN" : "nan") : (letter == 'E' ? "INF" : "inf");
        while (*name) put(&out, *name++);
        *out.next = 0;
        return (int)(out.next - buffer);
    }
    if (precision < 0) precision = 6;
    if (precision > 400) precision = 400;
    char digits[decimal_maximum_digits];
    int point = 0, count = 0;
    if (kind == 'r') {
        if (value != 0) count = decimal_shortest(value, digits, &point);
        if (value == 0 || (point > -4 && point <= 16)) {
            put_positional(&out, digits, count, value == 0 ? 1 : point, count > point ? count - point : 0);
        } else {
            put_scientific(&out, digits, count, point, count - 1, letter);
        }
    } else {
        if (value != 0) count = decimal_expand(value, digits, &point);
        if (kind == 'g') {
            int keep = precision == 0 ? 1 : precision;
            count = decimal_round(digits, count, keep, &point);
            if (value == 0 || (point > -4 && point <= keep)) {
                put_positional(&out, digits, count, value == 0 ? 1 : point, count > point ? count - point : 0);
            } else {
                put_scientific(&out, digits, count, point, count - 1, letter);
            }
        } else if (kind == 'e') {
            count = decimal_round(digits, count, precision + 1, &point);
            put_scientific(&out, digits, count, point, precision, letter);
        } else {
            if (value != 0) count = decimal_round(digits, count, point + precision, &point);
            if (count == 0) point = 0;
            put_positional(&out, digits, count, point, precision);
        }
    }
    *out.next = 0;
    return (int)(out.next - buffer);
}
