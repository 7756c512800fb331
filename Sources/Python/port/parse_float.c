// Decimal text to floats, exactly; called by the changed py/parsenum.c, which has checked the syntax.
#include <string.h>
#include "py/obj.h"
#include "hooks.h"
#include "../Interface/include/decimal.h"

double python_parse_decimal(const char *start, const char *end, long exponent) {
    // Digits without point and underscores; more than a double's halfway points ever have count as a sticky one.
    enum { most = 800 };
    char digits[most + 1];
    size_t count = 0;
    long point = 0;
    bool has_point = false, has_digit = false;
    for (; start < end && (*start | 0x20) != 'e' && (*start | 0x20) != 'j'; start++) {
        if (*start == '.') {
            has_point = true;
        } else if (*start >= '0' && *start <= '9') {
            if (*start != '0') has_digit = true;
            if (!has_digit) {
                // leading zeros move the point only
                if (has_point) point--;
                continue;
            }
            if (!has_point) point++;
            if (count < most) digits[count++] = *start; else if (*start != '0') digits[most - 1] |= 1;
        }
    }
    return decimal_parse(digits, count, point + exponent);
}
