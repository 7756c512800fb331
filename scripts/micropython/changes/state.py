"""One interpreter for each task in place of one global state (Sources/Python/port/state.h), and no other data that is written."""
from .change import change

# --- the state ---

change("py/mpstate.h", """extern mp_state_ctx_t mp_state_ctx;
""", """#ifdef PYTHON_PORT
#include "state.h"
#define mp_state_ctx (python_current()->state)
#else
extern mp_state_ctx_t mp_state_ctx;
#endif
""")
change("py/mpstate.c", """mp_state_ctx_t mp_state_ctx;
""", """#ifndef PYTHON_PORT
mp_state_ctx_t mp_state_ctx;
#endif
""")

# The module __main__ lies in the state, too.
change("py/runtime.c", """const mp_obj_module_t mp_module___main__ = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&MP_STATE_VM(dict_main),
};

MP_REGISTER_MODULE(MP_QSTR___main__, mp_module___main__);
""", """#ifdef PYTHON_PORT
MP_REGISTER_ROOT_POINTER(mp_obj_module_t main_module);
#else
const mp_obj_module_t mp_module___main__ = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&MP_STATE_VM(dict_main),
};

MP_REGISTER_MODULE(MP_QSTR___main__, mp_module___main__);
#endif
""")
change("py/runtime.c", """    // locals = globals for outer module (see Objects/frameobject.c/PyFrame_New())
""", """    #ifdef PYTHON_PORT
    MP_STATE_VM(main_module).base.type = &mp_type_module;
    MP_STATE_VM(main_module).globals = &MP_STATE_VM(dict_main);
    mp_obj_dict_store(MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict)), MP_OBJ_NEW_QSTR(MP_QSTR___main__), MP_OBJ_FROM_PTR(&MP_STATE_VM(main_module)));
    #endif
    // locals = globals for outer module (see Objects/frameobject.c/PyFrame_New())
""")
change("py/repl.c", "MP_OBJ_FROM_PTR(&mp_module___main__)", "MP_OBJ_FROM_PTR(&MP_STATE_VM(main_module))")
for name, place in (("argv", "mp_sys_argv_obj"), ("modules", "mp_loaded_modules_dict")):
    change("py/modsys.c", f"    {{ MP_ROM_QSTR(MP_QSTR_{name}), MP_ROM_PTR(&MP_STATE_VM({place})) }},\n", "")
change("py/modsys.c", """    mp_module_generic_attr(attr, dest, sys_mutable_keys, MP_STATE_VM(sys_mutable));
""", """    // What lies in the state has no fixed address.
    if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_argv) {
        dest[0] = mp_sys_argv;
    } else if (dest[0] == MP_OBJ_NULL && attr == MP_QSTR_modules) {
        dest[0] = MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_loaded_modules_dict));
    } else if (dest[0] == MP_OBJ_NULL || dest[1] != MP_OBJ_NULL) {
        // None of them can be deleted: C code looks at them.
        mp_module_generic_attr(attr, dest, sys_mutable_keys, MP_STATE_VM(sys_mutable));
    }
""")

# --- the port's functions that other changes call; mpy-cross is built without them ---

change("py/runtime.h", """#include "py/cstack.h"
""", """#include "py/cstack.h"
#ifdef PYTHON_PORT
#include "hooks.h"
#endif
""")

# --- module random: a generator for each interpreter, and ranges beyond 32 bits ---

change("extmod/modrandom.c", """static uint32_t yasmarang(void) {
""", """#ifdef PYTHON_PORT
#define yasmarang_pad (python_current()->random.pad)
#define yasmarang_n (python_current()->random.n)
#define yasmarang_d (python_current()->random.d)
#define yasmarang_dat (python_current()->random.dat)
#endif

static uint32_t yasmarang(void) {
""")
for line in ("static uint32_t yasmarang_pad = 0xeda4baba, yasmarang_n = 69, yasmarang_d = 233;\nstatic uint8_t yasmarang_dat = 0;\n",
             "static uint32_t yasmarang_pad, yasmarang_n, yasmarang_d;\nstatic uint8_t yasmarang_dat;\n"):
    change("extmod/modrandom.c", line, "")
change("extmod/modrandom.c", """    static bool seeded = false;
    if (!seeded) {
        seeded = true;
""", """    if (!python_current()->random.is_seeded) {
        python_current()->random.is_seeded = true;
""")
change("extmod/modrandom.c", """static uint32_t yasmarang_randbelow(uint32_t n) {
    uint32_t mask = 1;
    while ((n & mask) < n) {
        mask = (mask << 1) | 1;
    }
    uint32_t r;
    do {
        r = yasmarang() & mask;
    } while (r >= n);
    return r;
}
""", """static uint64_t yasmarang_randbelow(uint64_t n) {
    uint64_t mask = 1;
    while ((n & mask) < n) {
        mask = (mask << 1) | 1;
    }
    uint64_t r;
    do {
        r = yasmarang();
        if (n > UINT32_MAX) {
            r |= (uint64_t)yasmarang() << 32;
        }
        r &= mask;
    } while (r >= n);
    return r;
}
""")
change("extmod/modrandom.c", "yasmarang_randbelow((uint32_t)start)", "yasmarang_randbelow(start)")
change("extmod/modrandom.c", "start + yasmarang_randbelow((uint32_t)(stop - start))", "start + yasmarang_randbelow((uint64_t)stop - start)")
change("extmod/modrandom.c", "start + step * yasmarang_randbelow((uint32_t)n)", "(uint64_t)start + step * yasmarang_randbelow(n)")
change("extmod/modrandom.c", "a + yasmarang_randbelow((uint32_t)(b - a + 1))", "a + yasmarang_randbelow((uint64_t)b - a + 1)")
change("extmod/modrandom.c", "yasmarang_randbelow((uint32_t)len)", "yasmarang_randbelow(len)")
