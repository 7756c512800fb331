"""Sizes that are computed: none wraps around. What does not fit becomes SIZE_MAX, which nothing can allocate, and no object
is larger than 1 GiB, so that an `int` holds every length. Indices and counts from Python code are checked before use."""
from .change import change

# --- allocation ---

change("py/misc.h", """// TODO make a lazy m_renew""", """// Sums and products of sizes; SIZE_MAX for more than fits.
static inline size_t mp_size_times(size_t a, size_t b) {
    size_t product;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}
static inline size_t mp_size_plus(size_t a, size_t b) {
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}
// The most bytes that one object may have.
#define MP_MAXIMUM_BYTES ((size_t)1 << 30)

// TODO make a lazy m_renew""")
for name, function in (("m_new", "m_malloc"), ("m_new_maybe", "m_malloc_maybe"), ("m_new0", "m_malloc0")):
    change("py/misc.h", f"#define {name}(type, num) ((type *)({function}(sizeof(type) * (num))))",
           f"#define {name}(type, num) ((type *)({function}(mp_size_times(sizeof(type), (num)))))")
change("py/misc.h", "offsetof(obj_type, var_field) + sizeof(var_type) * (var_num)))\n#define",
       "mp_size_plus(offsetof(obj_type, var_field), mp_size_times(sizeof(var_type), (var_num)))))\n#define", 2)
change("py/misc.h", "m_malloc_maybe(offsetof(obj_type, var_field) + sizeof(var_type) * (var_num)))",
       "m_malloc_maybe(mp_size_plus(offsetof(obj_type, var_field), mp_size_times(sizeof(var_type), (var_num)))))")
change("py/misc.h", "((type *)(m_realloc((ptr), sizeof(type) * (new_num))))", "((type *)(m_realloc((ptr), mp_size_times(sizeof(type), (new_num)))))")
change("py/misc.h", "((type *)(m_realloc_maybe((ptr), sizeof(type) * (new_num), (allow_move))))",
       "((type *)(m_realloc_maybe((ptr), mp_size_times(sizeof(type), (new_num)), (allow_move))))")
change("py/obj.h", "mp_obj_malloc_helper(offsetof(struct_type, var_field) + sizeof(var_type) * (var_num), obj_type)",
       "mp_obj_malloc_helper(mp_size_plus(offsetof(struct_type, var_field), mp_size_times(sizeof(var_type), (var_num))), obj_type)")
change("py/gc.c", """void *gc_alloc(size_t n_bytes, unsigned int alloc_flags) {
""", """void *gc_alloc(size_t n_bytes, unsigned int alloc_flags) {
    if (n_bytes > MP_MAXIMUM_BYTES) {
        return NULL;
    }
""")
change("py/gc.c", """    void *ptr = ptr_in;

    GC_ENTER();
""", """    void *ptr = ptr_in;
    if (n_bytes > MP_MAXIMUM_BYTES) {
        return NULL;
    }

    GC_ENTER();
""")
# Where there is no memory for a heap twice as large there may be some for what is needed.
change("py/gc.c", """    DEBUG_printf("MP_PLAT_ALLOC_HEAP " UINT_FMT " = %p\\n",
""", """    if (new_heap == NULL && to_alloc > needed) {
        to_alloc = MIN(avail, needed);
        new_heap = MP_PLAT_ALLOC_HEAP(to_alloc);
    }

    DEBUG_printf("MP_PLAT_ALLOC_HEAP " UINT_FMT " = %p\\n",
""")
# The figure of the error is the true one.
change("py/runtime.c", """    mp_raise_msg_varg(&mp_type_MemoryError,
        MP_ERROR_TEXT("memory allocation failed, allocating %u bytes"), (uint)num_bytes);
""", """    if (num_bytes == SIZE_MAX) {
        mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("memory allocation failed, allocating more bytes than an address can name"));
    }
    mp_raise_msg_varg(&mp_type_MemoryError,
        MP_ERROR_TEXT("memory allocation failed, allocating " UINT_FMT " bytes"), (mp_uint_t)num_bytes);
""")

# --- strings that grow: by half of their size, not by some bytes ---

change("py/vstr.c", "#define ROUND_ALLOC(a) (((a) & ((~0U) - 7)) + 8)", "#define ROUND_ALLOC(a) mp_size_plus((a) & ~(size_t)7, 8)")
change("py/vstr.c", "    vstr_init(vstr, len + 1);\n", "    vstr_init(vstr, mp_size_plus(len, 1));\n")
change("py/vstr.c", "m_renew(char, vstr->buf, vstr->alloc, vstr->alloc + size);", "m_renew(char, vstr->buf, vstr->alloc, mp_size_plus(vstr->alloc, size));")
change("py/vstr.c", "    if (vstr->len + size > vstr->alloc) {\n", "    if (mp_size_plus(vstr->len, size) > vstr->alloc) {\n")
change("py/vstr.c", """        size_t new_alloc = ROUND_ALLOC((vstr->len + size) + 16);
""", """        size_t new_alloc = ROUND_ALLOC(mp_size_plus(mp_size_plus(vstr->len, size), 16));
        if (new_alloc < vstr->alloc + vstr->alloc / 2 && vstr->alloc < MP_MAXIMUM_BYTES / 2) {
            new_alloc = vstr->alloc + vstr->alloc / 2;
        }
""")

# --- repetition ---

change("py/objstr.c", "        vstr_init_len(&vstr, lhs_len * n);\n", "        vstr_init_len(&vstr, mp_size_times(lhs_len, n));\n")
change("py/objlist.c", "list_new(o->len * n);", "list_new(mp_size_times(o->len, n));")
change("py/objtuple.c", "mp_obj_new_tuple(o->len * n, NULL)", "mp_obj_new_tuple(mp_size_times(o->len, n), NULL)")
# A long sequence of short pieces is copied in doubling steps, and one of nothing at all is done at once.
change("py/sequence.c", """    for (size_t i = 0; i < times; i++) {
        size_t copy_sz = item_sz * len;
        memcpy(dest, items, copy_sz);
        dest = (char *)dest + copy_sz;
    }
""", """    size_t size = item_sz * len, total = size * times;
    if (total == 0) {
        return;
    }
    memcpy(dest, items, size);
    for (size_t done = size; done < total;) {
        size_t step = MIN(done, total - done);
        memcpy((char *)dest + done, dest, step);
        done += step;
    }
""")

# --- strings: widths and counts that Python code gives ---

change("py/objstr.c", """    mp_uint_t width = mp_obj_get_int(width_in);
    if (str_len >= width) {
        return str_in;
    }
""", """    mp_int_t width = mp_obj_get_int(width_in);
    if (width < 0 || str_len >= (size_t)width) {
        return str_in;
    }
""")
change("py/objstr.c", "    int left = (width - str_len) / 2;\n", "    size_t left = (width - str_len) / 2;\n")
change("py/objstr.c", """    mp_int_t org_splits = splits;
""", """    // There are never more parts than bytes, and one.
    splits = MIN(splits, (mp_int_t)len);
    mp_int_t org_splits = splits;
""")
change("py/objstr.c", """        *num = 0;
        do {
            *num = *num * 10 + (*str - '0');
            str++;
""", """        *num = 0;
        do {
            *num = check_format_number((mp_int_t)*num * 10 + (*str - '0'));
            str++;
""")
change("py/objstr.c", """// Takes an int arg, but only parses unsigned numbers, and only changes
""", """// A width, a precision or an index; more than any string can have is refused.
static int check_format_number(mp_int_t number) {
    if (number > (mp_int_t)MP_MAXIMUM_BYTES || number < -(mp_int_t)MP_MAXIMUM_BYTES) {
        mp_raise_ValueError(MP_ERROR_TEXT("too large a number in format string"));
    }
    return number;
}

// Takes an int arg, but only parses unsigned numbers, and only changes
""")
change("py/objstr.c", "                width = mp_obj_get_int(args[arg_i++]);\n", """                width = check_format_number(mp_obj_get_int(args[arg_i++]));
                if (width < 0) {
                    flags |= PF_FLAG_LEFT_ADJUST;
                    width = -width;
                }
""")
change("py/objstr.c", "                    prec = mp_obj_get_int(args[arg_i++]);\n", "                    prec = MAX(check_format_number(mp_obj_get_int(args[arg_i++])), 0);\n")
# A character by its number is a character, not a byte.
change("py/objstr.c", """                    char ch = mp_obj_get_int(arg);
                    mp_print_strn(&print, &ch, 1, flags, fill, width);
""", """                    print_character(&print, arg, false, flags, fill, width);
""")
change("py/objstr.c", """                    char ch = mp_obj_get_int(arg);
                    mp_print_strn(&print, &ch, 1, flags, ' ', width);
""", """                    print_character(&print, arg, is_bytes, flags, ' ', width);
""")
change("py/objstr.c", """static vstr_t mp_obj_str_format_helper(const char *str""", """static void print_character(const mp_print_t *print, mp_obj_t arg, bool is_byte, int flags, char fill, int width) {
    mp_uint_t number = mp_obj_get_int(arg);
    if (number >= (is_byte ? 256 : 0x110000)) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("%c arg not in range"));
    }
    VSTR_FIXED(character, 4);
    if (is_byte) {
        vstr_add_byte(&character, number);
    } else {
        vstr_add_char(&character, number);
    }
    mp_print_strn(print, character.buf, character.len, flags, fill, width + (int)character.len - 1);
}

static vstr_t mp_obj_str_format_helper(const char *str""")
change("py/objstr.c", "                if (s[1] == '\\n') {\n", "                if (s + 1 < top && s[1] == '\\n') {\n")
# Bytes that are no UTF-8 are not looked for behind the string.
change("py/objstrunicode.c", """            for (char mask = 0x40; *s & mask; mask >>= 1) {
                ++len;
            }
""", """            for (char mask = 0x40; (*s & mask) && s + len < self_data + self_len; mask >>= 1) {
                ++len;
            }
""")
# Padding in pieces of the buffer's size, whatever the character.
change("py/mpprint.c", """    int left_pad = 0;
    int right_pad = 0;
    int pad = width - len;
""", """    int left_pad = 0;
    int right_pad = 0;
    int pad = width - (int)len;
    char pad_others[64];
""")
change("py/mpprint.c", """        // Other pad characters are fairly unusual, so we'll take the hit
        // and output them 1 at a time.
        pad_chars = &fill;
        pad_size = 1;
""", """        memset(pad_others, fill, sizeof(pad_others));
        pad_chars = pad_others;
        pad_size = sizeof(pad_others);
""")

# --- constructors ---

change("py/objarray.c", """        mp_uint_t len = mp_obj_get_int(args[0]);
        mp_obj_array_t *o = array_new(BYTEARRAY_TYPECODE, len);
""", """        mp_int_t len = mp_obj_get_int(args[0]);
        if (len < 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("negative count"));
        }
        mp_obj_array_t *o = array_new(BYTEARRAY_TYPECODE, len);
""")
change("py/objarray.c", """    o->len = n;
    o->items = m_new(byte, typecode_size * o->len);
""", """    o->len = 0;
    o->items = m_new(byte, mp_size_times(typecode_size, n));
    o->len = n;
""")
change("py/objstr.c", """    if (mp_obj_is_small_int(args[0])) {
        mp_int_t len = MP_OBJ_SMALL_INT_VALUE(args[0]);
        if (len < 0) {
            mp_raise_ValueError(NULL);
        }
        vstr_t vstr;
""", """    if (mp_obj_is_int(args[0])) {
        mp_int_t len = mp_obj_get_int(args[0]);
        if (len < 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("negative count"));
        }
        vstr_t vstr;
""")
change("py/objdeque.c", """    if (maxlen < 0) {
        mp_raise_ValueError(NULL);
    }

    mp_obj_deque_t *o = mp_obj_malloc(mp_obj_deque_t, type);
    o->alloc = maxlen + 1;
""", """    if (maxlen < 0) {
        mp_raise_ValueError(NULL);
    }

    mp_obj_deque_t *o = mp_obj_malloc(mp_obj_deque_t, type);
    o->flags = 0;
    o->items = NULL;
    o->alloc = (size_t)maxlen + 1;
""")
change("py/objstringio.c", """            sz = mp_obj_get_int(args[0]);
""", """            if (mp_obj_get_int(args[0]) < 0) {
                mp_raise_ValueError(MP_ERROR_TEXT("negative count"));
            }
            sz = mp_obj_get_int(args[0]);
""")

# --- module struct: counts are numbers of their own, and every offset is compared with the buffer's length ---

change("py/modstruct.c", """    uint len = 1;
    while (unichar_isdigit(*++num)) {
        len++;
    }
    mp_uint_t val = (mp_uint_t)MP_OBJ_SMALL_INT_VALUE(mp_parse_num_integer(*p, len, 10, NULL));
    *p = num;
""", """    mp_uint_t val = 0;
    for (; unichar_isdigit(*num); num++) {
        val = val * 10 + (*num - '0');
        if (val > MP_MAXIMUM_BYTES) {
            mp_raise_ValueError(MP_ERROR_TEXT("too large a count in format"));
        }
    }
    *p = num;
""")
change("py/modstruct.c", """            while (cnt--) {
                // Apply alignment
                size = (size + align - 1) & ~(align - 1);
                size += sz;
            }
        }
    }
    *total_sz = size;
""", """            if (cnt > 0) {
                // Apply alignment, which the first of them does for all
                size = (size + align - 1) & ~(align - 1);
                size += cnt * sz;
            }
        }
        if (size > MP_MAXIMUM_BYTES || total_cnt > MP_MAXIMUM_BYTES) {
            mp_raise_ValueError(MP_ERROR_TEXT("too large a format"));
        }
    }
    *total_sz = size;
""")
change("py/modstruct.c", """        p += offset;
    }
    byte *p_base = p;

    // Check that the input buffer is big enough to unpack all the values
    if (p + total_sz > end_p) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffer too small"));
    }
""", """    }

    // Check that the input buffer is big enough to unpack all the values
    if ((size_t)offset > bufinfo.len || total_sz > bufinfo.len - offset) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffer too small"));
    }
    p += offset;
    byte *p_base = p;
""")
change("py/modstruct.c", "    byte *end_p = &p[bufinfo.len];\n    mp_int_t offset = 0;\n", "    mp_int_t offset = 0;\n")
change("py/modstruct.c", """    byte *end_p = &p[bufinfo.len];
    p += offset;

    // Check that the output buffer is big enough to hold all the values
    mp_int_t sz = MP_OBJ_SMALL_INT_VALUE(struct_calcsize(args[0]));
    if (p + sz > end_p) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffer too small"));
    }
""", """    // Check that the output buffer is big enough to hold all the values
    size_t sz = MP_OBJ_SMALL_INT_VALUE(struct_calcsize(args[0]));
    if ((size_t)offset > bufinfo.len || sz > bufinfo.len - offset) {
        mp_raise_ValueError(MP_ERROR_TEXT("buffer too small"));
    }
    p += offset;
""")

# --- streams in memory: a position beyond the end is a size like any other ---

change("py/objstringio.c", """    if (new_pos > o->vstr->alloc) {
        // Take all what's already allocated...
        o->vstr->len = o->vstr->alloc;
        // ... and add more
        vstr_add_len(o->vstr, new_pos - o->vstr->alloc);
    }
    // If there was a seek past EOF, clear the hole
    if (o->pos > org_len) {
        memset(o->vstr->buf + org_len, 0, o->pos - org_len);
    }
""", """    if (new_pos > org_len) {
        vstr_hint_size(o->vstr, new_pos - org_len);
    }
    // If there was a seek past EOF, clear the hole
    if (o->pos > org_len) {
        memset(o->vstr->buf + org_len, 0, o->pos - org_len);
    }
""")
change("py/objstringio.c", """        case MP_STREAM_SEEK: {
            struct mp_stream_seek_t *s = (struct mp_stream_seek_t *)arg;
""", """        case MP_STREAM_SEEK: {
            check_stringio_is_open(o);
            struct mp_stream_seek_t *s = (struct mp_stream_seek_t *)arg;
""")

# --- slices and ranges: a step past the end ends, and values beyond a small integer are themselves ---

change("py/sequence.c", """    if (step < 0) {
        while (start >= stop) {
            mp_obj_list_append(res, seq[start]);
            start += step;
        }
    } else {
        while (start < stop) {
            mp_obj_list_append(res, seq[start]);
            start += step;
        }
    }
    return res;
""", """    // Counted: a large step would overflow the index.
    mp_uint_t distance = step < 0 ? (mp_uint_t)(start - stop) + 1 : (mp_uint_t)(stop - start);
    mp_uint_t size = step < 0 ? -(mp_uint_t)step : (mp_uint_t)step;
    if (step < 0 ? start < stop : start >= stop) {
        distance = 0;
    }
    for (mp_uint_t done = 0; done < distance; done += size) {
        mp_obj_list_append(res, seq[step < 0 ? start - done : start + done]);
        if (size >= distance - done) {
            break;
        }
    }
    return res;
""")
change("py/objslice.c", """    mp_int_t length = mp_obj_get_int(length_obj);
""", """    mp_int_t length = mp_obj_get_int(length_obj);
    if (length < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("length should not be negative"));
    }
""")
change("py/objslice.c", "mp_obj_get_int(self->", "slice_bound(self->", 5)
change("py/objslice.c", """void mp_obj_slice_indices(""", """// A bound beyond what memory can have is as good as any other.
static mp_int_t slice_bound(mp_obj_t bound) {
    if (mp_obj_is_int(bound) && !mp_obj_is_small_int(bound)) {
        return mp_obj_int_sign(bound) < 0 ? -(INTPTR_MAX >> 2) : INTPTR_MAX >> 2;
    }
    return mp_obj_get_int(bound);
}

void mp_obj_slice_indices(""")
change("py/objslice.c", """#include "py/runtime.h"

/""", """#include "py/runtime.h"
#include "py/objint.h"

/""")
change("py/objstrunicode.c", "    } else if (!mp_obj_get_int_maybe(index, &i)) {\n", """    } else if (is_slice && mp_obj_is_int(index)) {
        i = mp_obj_int_sign(index) < 0 ? -(INTPTR_MAX >> 2) : INTPTR_MAX >> 2;
    } else if (!mp_obj_get_int_maybe(index, &i)) {
""")
change("py/objstrunicode.c", """#include "py/objlist.h"
""", """#include "py/objlist.h"
#include "py/objint.h"
""")
for field in ("start", "stop", "step"):
    change("py/objslice.c", f"MP_OBJ_NEW_SMALL_INT(bound_indices.{field})", f"mp_obj_new_int(bound_indices.{field})")
change("py/objrange.c", """    if ((o->step > 0 && o->cur < o->stop) || (o->step < 0 && o->cur > o->stop)) {
        mp_obj_t o_out = MP_OBJ_NEW_SMALL_INT(o->cur);
        o->cur += o->step;
        return o_out;
""", """    if ((o->step > 0 && o->cur < o->stop) || (o->step < 0 && o->cur > o->stop)) {
        mp_obj_t o_out = mp_obj_new_int(o->cur);
        if (__builtin_add_overflow(o->cur, o->step, &o->cur)) {
            o->cur = o->stop;
        }
        return o_out;
""")
change("py/objrange.c", """    // When computing length, need to take into account step!=1 and step<0.
    mp_int_t len = self->stop - self->start + self->step;
    if (self->step > 0) {
        len -= 1;
    } else {
        len += 1;
    }
    len = len / self->step;
    if (len < 0) {
        len = 0;
    }
    return len;
""", """    // When computing length, need to take into account step!=1 and step<0.
    if (self->step > 0 ? self->start >= self->stop : self->start <= self->stop) {
        return 0;
    }
    mp_uint_t distance = self->step > 0 ? (mp_uint_t)self->stop - self->start : (mp_uint_t)self->start - self->stop;
    mp_uint_t len = (distance - 1) / (self->step > 0 ? (mp_uint_t)self->step : -(mp_uint_t)self->step) + 1;
    if (len > UINTPTR_MAX >> 2) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("range has too many items"));
    }
    return len;
""")
change("py/objrange.c", """    mp_int_t len = range_len(self);
    switch (op) {
        case MP_UNARY_OP_BOOL:
            return mp_obj_new_bool(len > 0);
        case MP_UNARY_OP_LEN:
            return MP_OBJ_NEW_SMALL_INT(len);
""", """    switch (op) {
        case MP_UNARY_OP_BOOL:
            return mp_obj_new_bool(self->step > 0 ? self->start < self->stop : self->start > self->stop);
        case MP_UNARY_OP_LEN:
            return MP_OBJ_NEW_SMALL_INT(range_len(self));
""")
change("py/objrange.c", "return MP_OBJ_NEW_SMALL_INT(self->start + index_val * self->step);", "return mp_obj_new_int(self->start + index_val * self->step);")
for bound in ("start", "stop"):
    change("py/objrange.c", f"            o->{bound} = self->start + slice.{bound} * self->step;\n",
           f"            o->{bound} = bound_of_slice(self->start, slice.{bound}, self->step);\n")
change("py/objrange.c", """            o->step = slice.step * self->step;
            if (slice.step < 0) {
                // Negative slice steps have inclusive stop, so adjust for exclusive
                o->stop -= self->step;
            }
""", """            if (__builtin_mul_overflow(slice.step, self->step, &o->step)) {
                mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("range step too large"));
            }
            if (slice.step < 0) {
                // Negative slice steps have inclusive stop, so adjust for exclusive
                o->stop = bound_of_slice(o->stop, -1, self->step);
            }
""")
change("py/objrange.c", """static mp_obj_t range_subscr(mp_obj_t self_in, mp_obj_t index, mp_obj_t value) {
""", """// start + count * step
static mp_int_t bound_of_slice(mp_int_t start, mp_int_t count, mp_int_t step) {
    mp_int_t bound;
    if (__builtin_mul_overflow(count, step, &bound) || __builtin_add_overflow(start, bound, &bound)) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("range bound too large"));
    }
    return bound;
}

static mp_obj_t range_subscr(mp_obj_t self_in, mp_obj_t index, mp_obj_t value) {
""")

# --- integers ---

change("py/objint_mpz.c", """        mpz_t l_temp, r_temp, m_temp;
""", """        if (mp_obj_int_sign(modulus) == 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("pow() 3rd argument cannot be 0"));
        }
        if (mp_obj_int_sign(exponent) < 0) {
            mp_raise_ValueError(MP_ERROR_TEXT("pow() with 3 arguments needs an exponent that is not negative"));
        }
        mpz_t l_temp, r_temp, m_temp;
""")
change("extmod/modtime.c", """    mp_uint_t start = MP_OBJ_SMALL_INT_VALUE(start_in);
    mp_uint_t end = MP_OBJ_SMALL_INT_VALUE(end_in);
""", """    mp_uint_t start = mp_obj_get_int_truncated(start_in);
    mp_uint_t end = mp_obj_get_int_truncated(end_in);
""")
change("extmod/modtime.c", "    mp_uint_t ticks = MP_OBJ_SMALL_INT_VALUE(ticks_in);\n", "    mp_uint_t ticks = mp_obj_get_int_truncated(ticks_in);\n")
change("extmod/modtime.c", "    mp_hal_delay_ms((mp_uint_t)(1000 * mp_obj_get_float(seconds_o)));\n", """    mp_float_t seconds = mp_obj_get_float(seconds_o);
    if (!(seconds >= 0)) {
        mp_raise_ValueError(MP_ERROR_TEXT("sleep length must not be negative"));
    }
    mp_hal_delay_ms(seconds > 1e9 ? (mp_uint_t)1e12 : (mp_uint_t)(1000 * seconds));
""")

# --- what a length says: `__len__` of a class is a small number, or an error ---

change("py/objtype.c", """            case MP_UNARY_OP_INT_MAYBE:
                // Must return int
""", """            case MP_UNARY_OP_LEN:
                if (!mp_obj_is_small_int(val) || MP_OBJ_SMALL_INT_VALUE(val) < 0) {
                    mp_raise_msg(mp_obj_is_int(val) ? &mp_type_ValueError : &mp_type_TypeError, MP_ERROR_TEXT("__len__() should return an int >= 0"));
                }
                break;
            case MP_UNARY_OP_INT_MAYBE:
                // Must return int
""")

# --- compiled code: counts that its instructions hold ---

for field in ("num_pos_args", "num_kwonly_args", "num_def_pos_args", "num_locals", "stack_size", "exc_stack_size", "id_info_alloc",
              "id_info_len", "simple_name"):
    change("py/scope.h", f"    uint16_t {field};", f"    uint32_t {field};")
change("py/scope.h", "    uint16_t local_num;\n", "    uint32_t local_num;\n")
change("py/bc.h", "    uint16_t n_state;\n", "    uint32_t n_state;\n", 2)
change("py/qstr.h", "typedef uint16_t qstr_short_t;", "typedef uint32_t qstr_short_t;")
change("py/obj.h", "    uint16_t name;\n", "    uint32_t name;\n", 3)
change("py/compile.c", """    if (star_flags != 0) {
        // one extra object that contains the star_args map
""", """    if (n_positional > 255 || n_keyword > 255) {
        compile_syntax_error(comp, (mp_parse_node_t)pn_arglist, MP_ERROR_TEXT("more than 255 arguments"));
        return;
    }

    if (star_flags != 0) {
        // one extra object that contains the star_args map
""")
change("py/compile.c", """    comp->cur_except_level += 1;
    if (comp->cur_except_level > comp->scope_cur->exc_stack_size) {
""", """    comp->cur_except_level += 1;
    if (comp->cur_except_level > 100) {
        compile_syntax_error(comp, MP_PARSE_NODE_NULL, MP_ERROR_TEXT("too many statically nested blocks"));
    }
    if (comp->cur_except_level > comp->scope_cur->exc_stack_size) {
""")
change("py/emitbc.c", """            assert(id->local_num <= 255);
            emit_write_code_info_byte(emit, id->local_num); // write""", """            if (id->local_num > 255) {
                mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("more than 255 locals before one that an inner function uses"));
            }
            emit_write_code_info_byte(emit, id->local_num); // write""")
change("py/emitbc.c", "        assert(n_closed_over <= 255);\n", "")
change("py/emitbc.c", """    if (n_pos_defaults == 0 && n_kw_defaults == 0) {
        int stack_adj = -n_closed_over + 1;
""", """    if (n_closed_over > 255) {
        mp_raise_msg(&mp_type_RuntimeError, MP_ERROR_TEXT("more than 255 variables of outer functions"));
    }
    if (n_pos_defaults == 0 && n_kw_defaults == 0) {
        int stack_adj = -n_closed_over + 1;
""")
change("py/emitglue.h", "    uint16_t n_children;\n", "    uint32_t n_children;\n", 2)
change("py/emitglue.h", "    uint16_t n_children,\n", "    uint32_t n_children,\n", 2)
change("py/emitglue.c", "    uint16_t n_children,\n", "    uint32_t n_children,\n", 2)
change("py/emit.h", "    uint16_t ct_cur_child;\n", "    uint32_t ct_cur_child;\n")

# --- the heap's lock: one that nobody holds cannot be let go of ---

change("py/modmicropython.c", """    gc_unlock();
""", """    if (MP_STATE_THREAD(gc_lock_depth) >> GC_LOCK_DEPTH_SHIFT > 0) {
        gc_unlock();
    }
""")
