// The prompt: line editing, several lines for one statement, history, completion.
#include <string.h>
#include "py/compile.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/repl.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "../Interface/include/python.h"
#include "port.h"

const char python_help_text[] =
    "BareJAX: Python (MicroPython's dialect) over a JAX layer that runs without an operating system.\n"
    "\n"
    "  import jax.numpy as jnp      arrays: jnp.arange(6).reshape(2, 3) @ jnp.ones((3, 2))\n"
    "  from jax import export       export.deserialize(open('model.bin', 'rb').read()).call(x)\n"
    "  import machine               machine.memory(), devices(), faults(), files(), poweroff()\n"
    "\n"
    "Tab completes, the arrow keys edit and bring back lines, Ctrl-C interrupts, Ctrl-D powers off,\n"
    "Ctrl-E takes pasted text until Ctrl-D. help(object) and help('modules') tell more.\n";

enum { line_done = 0, line_cancelled = CHAR_CTRL_C, line_ended = CHAR_CTRL_D, line_paste = CHAR_CTRL_E };

/// Reads one line to the end of `line`, after `prompt`. While nothing is typed at the first prompt the machine may run
/// other programs (python_host_read).
static int read_line(vstr_t *line, const char *prompt, bool is_first) {
    size_t before = vstr_len(line);
    readline_init(line, prompt);
    for (;;) {
        int byte = python_host_read(is_first && vstr_len(line) == before);
        if (byte < 0) continue;
        if (byte == '\n') byte = '\r';
        int end = readline_process_char(byte);
        if (end == line_done || end == line_cancelled || end == line_ended || end == line_paste) return end;
    }
}

/// Takes text as it comes until Ctrl-D. Returns false on Ctrl-C.
static bool read_paste(vstr_t *text) {
    mp_hal_stdout_tx_str("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ");
    for (;;) {
        int byte = python_host_read(false);
        if (byte < 0) continue;
        if (byte == CHAR_CTRL_C || byte == CHAR_CTRL_D) {
            mp_hal_stdout_tx_str("\r\n");
            return byte == CHAR_CTRL_D;
        }
        vstr_add_byte(text, byte);
        if (byte == '\r') {
            mp_hal_stdout_tx_str("\r\n=== ");
        } else {
            char echo = byte;
            mp_hal_stdout_tx_strn(&echo, 1);
        }
    }
}

/// A last line of indentation only counts as empty: it ends the block.
static void drop_blank_line(vstr_t *text) {
    size_t length = vstr_len(text);
    while (length > 0 && vstr_str(text)[length - 1] == ' ') length--;
    if (length > 0 && vstr_str(text)[length - 1] == '\n') vstr_cut_tail_bytes(text, vstr_len(text) - length);
}

/// One statement or paste. Returns false when the prompt has to end.
static bool serve_one(void) {
    vstr_t text;
    vstr_init(&text, 32);
    bool is_paste = false;
    int end = read_line(&text, ">>> ", true);
    if (end == line_done) {
        while (end == line_done && mp_repl_continue_with_input(vstr_null_terminated_str(&text))) {
            vstr_add_byte(&text, '\n');
            end = read_line(&text, "... ", false);
            drop_blank_line(&text);
            if (end == line_ended) {
                end = line_done;
                break;
            }
        }
    }
    if (end == line_ended) {
        mp_hal_stdout_tx_str("\r\n");
        return false;
    }
    if (end == line_paste) {
        is_paste = true;
        vstr_reset(&text);
        if (!read_paste(&text)) end = line_cancelled;
    }
    if (end == line_cancelled) {
        mp_hal_stdout_tx_str("\r\nKeyboardInterrupt\r\n");
        return true;
    }
    if (vstr_len(&text) == 0) return true;
    int status = 0;
    int result = python_run(vstr_str(&text), vstr_len(&text), MP_QSTR__lt_stdin_gt_, !is_paste, &status);
    vstr_clear(&text);
    return result != 2;
}

void python_prompt(void) {
    for (;;) {
        nlr_buf_t nlr;
        if (nlr_push(&nlr) == 0) {
            bool goes_on = serve_one();
            nlr_pop();
            if (!goes_on) return;
        } else {
            // Out of memory while reading a line, or an interrupt outside a statement.
            mp_obj_print_exception(&mp_plat_print, MP_OBJ_FROM_PTR(nlr.ret_val));
        }
    }
}
