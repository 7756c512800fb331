// What happens to running text when it has to end: its time is up, or somebody has cancelled it.
//
// First an exception is raised at the next poll, which the text may catch to clean up. Where it goes on regardless, its
// frames are left for good at a later poll, in spite of any `except` and `finally`. Both keep the interpreter and its
// variables. Where no poll is reached the machine ends the job and with it the interpreter (Sources/Main/Python).
#include "py/gc.h"
#include "py/nlr.h"
#include "py/runtime.h"
#include "hooks.h"
#include "port.h"

/// The value that a jump to `base` brings, in the place of an exception.
const char python_ended_marker = 0;

void python_attend(void) {
    python_interpreter *python = python_current();
    // A collection that is left in the middle would leave the heap unsound.
    if (python->base == NULL || (MP_STATE_THREAD(gc_lock_depth) & GC_COLLECT_FLAG) != 0) return;
    switch (python_host_attend()) {
        case python_goes_on: return;
        case python_is_interrupted:
            MP_STATE_VM(mp_kbd_exception).traceback_data = NULL;
            nlr_raise(MP_OBJ_FROM_PTR(&MP_STATE_VM(mp_kbd_exception)));
        case python_is_out_of_time:
            mp_raise_msg(&mp_type_MemoryError, MP_ERROR_TEXT("the time budget is used up"));
        default: break;
    }
    MP_STATE_THREAD(nlr_top) = python->base;
    nlr_jump((void *)&python_ended_marker);
}

bool python_ends_collection(void) {
    python_interpreter *python = python_current();
    if (python->attention != 0 && !python->is_collection_void && python_host_is_ending()) python->is_collection_void = true;
    return python->is_collection_void;
}

void python_interrupt_was_caught(void) { python_host_interrupt_was_caught(); }
