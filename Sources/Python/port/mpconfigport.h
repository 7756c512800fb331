// MicroPython's configuration for this machine: everything that needs no operating system, less what could reach an
// address (see Isolation below).
#include <stdint.h>
#include <alloca.h>

#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EVERYTHING)

typedef intptr_t mp_int_t;
typedef uintptr_t mp_uint_t;
typedef long mp_off_t;
#define SSIZE_MAX INTPTR_MAX

#define MICROPY_HW_BOARD_NAME "BareJAX"
#define MICROPY_HW_MCU_NAME "x86-64"
#define MICROPY_PY_SYS_PLATFORM "barejax"
#define MICROPY_MPHALPORT_H "mphalport.h"
#define mp_hal_pin_obj_t

// Numbers: doubles and integers without bound, printed and read exactly (decimal.c).
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_DOUBLE)
#define MICROPY_LONGINT_IMPL (MICROPY_LONGINT_IMPL_MPZ)
#define MICROPY_MODULE_BUILTIN_SUBPACKAGES (1)

// The heap grows by areas taken from the kernel.
#define MICROPY_ENABLE_GC (1)
#define MICROPY_ENABLE_FINALISER (1)
#define MICROPY_GC_SPLIT_HEAP (1)
#define MICROPY_GC_SPLIT_HEAP_AUTO (1)
#define MICROPY_ALLOC_GC_STACK_SIZE (256)
#define MP_PLAT_ALLOC_HEAP(size) python_allocate_area(size)
#define MP_PLAT_FREE_HEAP(pointer) python_free_area(pointer)
void *python_allocate_area(unsigned long byte_count);
void python_free_area(void *pointer);
#define MICROPY_STACK_CHECK (1)
#define MICROPY_MEM_STATS (0)
#define MICROPY_ENABLE_PYSTACK (0)

// The prompt.
#define MICROPY_ENABLE_COMPILER (1)
#define MICROPY_HELPER_REPL (1)
#define MICROPY_KBD_EXCEPTION (1)
#define MICROPY_ENABLE_SOURCE_LINE (1)
#define MICROPY_ERROR_REPORTING (MICROPY_ERROR_REPORTING_DETAILED)
#define MICROPY_WARNINGS (1)
#define MICROPY_PY_SYS_PS1_PS2 (0)
#define MICROPY_PY_BUILTINS_HELP_TEXT python_help_text
extern const char python_help_text[];

// Running text asks at each jump backwards, and each call, whether it is to end (hooks.h).
#define MICROPY_VM_HOOK_LOOP \
    if (__builtin_expect(python_current()->attention != 0, 0)) { \
        MARK_EXC_IP_SELECTIVE(); \
        python_attend(); \
    }

// Modules: those without devices behind them.
#define MICROPY_PY_ASYNCIO (0)
#define MICROPY_PY_DEFLATE (0)
#define MICROPY_PY_FRAMEBUF (0)
#define MICROPY_PY_HASHLIB (0)
#define MICROPY_PY_CRYPTOLIB (0)
#define MICROPY_PY_OS (0)
#define MICROPY_PY_PLATFORM (0)
#define MICROPY_PY_SELECT (0)
#define MICROPY_PY_SOCKET (0)
#define MICROPY_PY_WEBSOCKET (0)
#define MICROPY_PY_ONEWIRE (0)
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_BTREE (0)
#define MICROPY_PY_THREAD (0)
#define MICROPY_USE_INTERNAL_ERRNO (1)
#define MICROPY_VFS (0)
#define MICROPY_PY_VFS (0)
#define MICROPY_PY_RANDOM_SEED_INIT_FUNC (python_random_seed())
uint32_t python_random_seed(void);
#define MICROPY_PY_RE_DEBUG (0)
#define MICROPY_PY_BUILTINS_INPUT (1)
#define MICROPY_PY_TIME_TIME_TIME_NS (0)
#define MICROPY_PY_TIME_GMTIME_LOCALTIME_MKTIME (0)
#define MICROPY_PY_IO_BUFFEREDWRITER (0)
#define MICROPY_PY_BUILTINS_STR_COUNT (1)
#define MICROPY_PY_SYS_EXC_INFO (1)
#define MICROPY_PY_SYS_ATEXIT (0)
#define MICROPY_PY_SYS_PATH_ARGV_DEFAULTS (1)
#define MICROPY_ENABLE_EXTERNAL_IMPORT (1)

// Isolation: no Python code sees or makes an address. Off: native code and inline assembly, bytecode from data or from
// functions, structure access by address, and the typecodes that hold a pointer ('O', 'P', 'S').
#define MICROPY_EMIT_X64 (0)
#define MICROPY_PERSISTENT_CODE_LOAD (0)
#define MICROPY_PERSISTENT_CODE_SAVE (0)
#define MICROPY_PY_FUNCTION_ATTRS_CODE (0)
#define MICROPY_PY_MARSHAL (0)
#define MICROPY_PY_SYS_SETTRACE (0)
#define MICROPY_PY_UCTYPES (0)
#define MICROPY_PY_MACHINE (0)
#define MICROPY_PY_MACHINE_MEMX (0)
#define MICROPY_NONSTANDARD_TYPECODES (0)
#define MICROPY_PY_MICROPYTHON_RINGIO (0)

// The frozen modules (frozen/*.py), compiled at build time; mpy-cross knows nothing of them.
#define MICROPY_MODULE_FROZEN_MPY (1)
#define MICROPY_QSTR_EXTRA_POOL mp_qstr_frozen_const_pool

// Exceptions and functions of CPython's that MicroPython leaves out.
extern const struct _mp_obj_fun_builtin_var_t python_format_object, python_exit_object;
extern const struct _mp_obj_type_t mp_type_FileNotFoundError, mp_type_PermissionError;
#define MICROPY_PORT_BUILTINS \
    { MP_ROM_QSTR(MP_QSTR_FileNotFoundError), MP_ROM_PTR(&mp_type_FileNotFoundError) }, \
    { MP_ROM_QSTR(MP_QSTR_PermissionError), MP_ROM_PTR(&mp_type_PermissionError) }, \
    { MP_ROM_QSTR(MP_QSTR_format), MP_ROM_PTR(&python_format_object) }, \
    { MP_ROM_QSTR(MP_QSTR_exit), MP_ROM_PTR(&python_exit_object) }, \
    { MP_ROM_QSTR(MP_QSTR_quit), MP_ROM_PTR(&python_exit_object) },

#define MP_STATE_PORT MP_STATE_VM
