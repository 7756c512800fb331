"""Running text can be ended (Sources/Python/port/attend.c): whatever may take long asks `python_poll`, whatever recurs looks at
the stack, and a collection can be cut short."""
from .change import change

POLL = """    #ifdef PYTHON_PORT
    python_poll();
    #endif
"""


def poll(file, anchor, indent=4, times=1):
    """Asks after `anchor`, which is whole lines."""
    change(file, anchor, anchor + POLL.replace("    ", " " * indent), times)


# --- calls, iteration, comparison, printing: where Python code goes on and on ---

poll("py/runtime.c", """    DEBUG_OP_printf("calling function %p(n_args=" UINT_FMT ", n_kw=" UINT_FMT ", args=%p)\\n", fun_in, n_args, n_kw, args);
""")
poll("py/runtime.c", """mp_obj_t mp_iternext_allow_raise(mp_obj_t o_in) {
""")
poll("py/runtime.c", """    mp_cstack_check(); // enumerate, filter, map and zip can recursively call mp_iternext
""")
change("py/objtype.c", """mp_obj_t mp_obj_instance_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
""", """mp_obj_t mp_obj_instance_call(mp_obj_t self_in, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_cstack_check();
""")
change("py/obj.c", """    // generic type, call binary_op(MP_BINARY_OP_EQUAL)
""", """    mp_cstack_check();
""" + POLL + """    // generic type, call binary_op(MP_BINARY_OP_EQUAL)
""")
change("py/runtime.c", """    } else {
        const mp_obj_type_t *type = mp_obj_get_type(arg);
        if (MP_OBJ_TYPE_HAS_SLOT(type, unary_op)) {
""", """    } else {
        mp_cstack_check();
""" + POLL.replace("    ", "        ") + """        const mp_obj_type_t *type = mp_obj_get_type(arg);
        if (MP_OBJ_TYPE_HAS_SLOT(type, unary_op)) {
""")
poll("py/obj.c", """    // There can be data structures nested too deep, or just recursive
    mp_cstack_check();
""")
change("py/objdict.c", """    size_t max = dict->map.alloc;
    mp_map_t *map = &dict->map;
""", POLL + """    size_t max = dict->map.alloc;
    mp_map_t *map = &dict->map;
""")
# (A dictionary that has become smaller on the way is at its end, too.)
change("py/objdict.c", "    assert(map->used == 0 || i == max);\n", "")

# --- sequences ---

poll("py/sequence.c", """    for (size_t i = 0; i < len; i++) {
        // If current elements equal, can't decide anything - go on
""", 8)
poll("py/sequence.c", "    for (size_t i = start; i < stop; i++) {\n", 8)
poll("py/sequence.c", "    size_t count = 0;\n    for (size_t i = 0; i < len; i++) {\n", 8)
poll("py/sequence.c", "    for (mp_uint_t done = 0; done < distance; done += size) {\n", 8)
change("py/objstr.c", """            if (memcmp(&haystack[str_index], needle, nlen) == 0) {
""", POLL.replace("    ", "            ") + """            if (memcmp(&haystack[str_index], needle, nlen) == 0) {
""")
poll("py/mpprint.c", "        while (left_pad > 0) {\n", 12)
poll("py/mpprint.c", "        while (right_pad > 0) {\n", 12)
change("py/mpprint.c", """#include "py/mpprint.h"
""", """#include "py/mpprint.h"
#include "py/runtime.h"
""")
for start in ("mp_obj_t mp_binary_get_val(char struct_type, char val_type, byte *p_base, byte **ptr) {\n",
              "void mp_binary_set_val(char struct_type, char val_type, mp_obj_t val_in, byte *p_base, byte **ptr) {\n"):
    poll("py/binary.c", start)

# --- integers ---

poll("py/objint_mpz.c", """mp_obj_t mp_obj_int_binary_op(mp_binary_op_t op, mp_obj_t lhs_in, mp_obj_t rhs_in) {
""")
poll("py/mpz.c", "    for (; klen > 0; --klen, ++idig, ++kdig) {\n", 8)
poll("py/mpz.c", """static size_t mpn_mul_dig_add_dig(mpz_dig_t *idig, size_t ilen, mpz_dig_t dmul, mpz_dig_t dadd) {
""")
poll("py/mpz.c", """        // store this digit of the quotient
""", 8)
poll("py/mpz.c", """    do {
        mpz_dig_t *d = dig + ilen;
        mpz_dbl_dig_t a = 0;
""", 8)
change("py/mpz.c", """#include "py/mpz.h"
""", """#include "py/mpz.h"
#include "py/runtime.h"
""")

# --- modules ---

poll("lib/re1.5/recursiveloop.c", "\tfor(;;) {\n", 8)
poll("extmod/modjson.c", """    for (;;) {
    cont:
""", 8)

# --- the collector: cut short, it frees nothing; a larger stack of its own spares it passes over the heap ---

change("py/gc.c", """        MICROPY_GC_HOOK_LOOP(i);
        void *ptr = gc_get_ptr(ptrs, i);
""", """        if (gc_is_cut_short()) {
            return;
        }
        void *ptr = gc_get_ptr(ptrs, i);
""")
change("py/gc.c", """        // work out number of consecutive blocks in the chain starting with this one
        size_t n_blocks = 0;
        do {
            n_blocks += 1;
        } while (ATB_GET_KIND(area, block + n_blocks) == AT_TAIL);

        // check that""", """        if (gc_is_cut_short()) {
            return;
        }

        // work out number of consecutive blocks in the chain starting with this one
        size_t n_blocks = 0;
        do {
            n_blocks += 1;
        } while (ATB_GET_KIND(area, block + n_blocks) == AT_TAIL);

        // check that""")
change("py/gc.c", """            MICROPY_GC_HOOK_LOOP(i);
            void *ptr = *ptrs;
""", """            if ((i & 0xfff) == 0 && gc_is_cut_short()) {
                return;
            }
            void *ptr = *ptrs;
""")
change("py/gc.c", """                MICROPY_GC_HOOK_LOOP(block);
                // trace (again) if mark bit set
""", """                if (gc_is_cut_short()) {
                    return;
                }
                // trace (again) if mark bit set
""")
change("py/gc.c", """    #if MICROPY_ENABLE_FINALISER
    for (const mp_state_mem_area_t *area = &MP_STATE_MEM(area); area != NULL; area = NEXT_AREA(area)) {
        assert(""", """    #if MICROPY_ENABLE_FINALISER
    if (gc_is_cut_short()) {
        return;
    }
    for (const mp_state_mem_area_t *area = &MP_STATE_MEM(area); area != NULL; area = NEXT_AREA(area)) {
        assert(""")
change("py/gc.c", """                case AT_HEAD:
                    free_tail = 1;
                    DEBUG_printf("gc_sweep""", """                case AT_HEAD:
                    if (is_void) {
                        free_tail = 0;
                        last_used_block = block;
                        break;
                    }
                    free_tail = 1;
                    DEBUG_printf("gc_sweep""")
change("py/gc.c", """    int free_tail = 0;
    #if MICROPY_GC_SPLIT_HEAP_AUTO
""", """    int free_tail = 0;
    bool is_void = gc_is_void();
    #if MICROPY_GC_SPLIT_HEAP_AUTO
""")
change("py/gc.c", """static void gc_collect_start_common(void) {
    GC_ENTER();
""", """static void gc_collect_start_common(void) {
    GC_ENTER();
    #ifdef PYTHON_PORT
    python_current()->is_collection_void = false;
    #endif
""")
change("py/gc.c", """void gc_lock(void) {
    // This does""", """#ifdef PYTHON_PORT
// Whether the running text has to end now: what has been marked so far says nothing then.
static bool gc_is_cut_short(void) {
    return python_current()->attention != 0 && python_ends_collection();
}

static bool gc_is_void(void) {
    return python_current()->is_collection_void;
}
#else
static bool gc_is_cut_short(void) {
    return false;
}

static bool gc_is_void(void) {
    return false;
}
#endif

void gc_lock(void) {
    // This does""")

# --- the prompt: a text that catches KeyboardInterrupt by that name has heard of it and may go on ---

change("py/runtime.c", """            if (mp_obj_exception_match(lhs, rhs)) {
                return mp_const_true;
            } else {
                return mp_const_false;
            }
""", """            return mp_obj_new_bool(matches_exception(lhs, rhs));
""")
change("py/runtime.c", """                if (mp_obj_exception_match(lhs, rhs)) {
                    return mp_const_true;
                }
            }
            return mp_const_false;
""", """                if (matches_exception(lhs, rhs)) {
                    return mp_const_true;
                }
            }
            return mp_const_false;
""")
change("py/runtime.c", """mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
""", """static bool matches_exception(mp_obj_t exception, mp_obj_t type) {
    bool matches = mp_obj_exception_match(exception, type);
    #ifdef PYTHON_PORT
    if (matches && type == MP_OBJ_FROM_PTR(&mp_type_KeyboardInterrupt)) {
        python_interrupt_was_caught();
    }
    #endif
    return matches;
}

mp_obj_t MICROPY_WRAP_MP_BINARY_OP(mp_binary_op)(mp_binary_op_t op, mp_obj_t lhs, mp_obj_t rhs) {
""")
