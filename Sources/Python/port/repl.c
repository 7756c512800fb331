// What the prompt asks of the interpreter: whether a statement goes on, how a name goes on, and help. The lines themselves are
// edited in Swift (Bindings/Machine/LineEditor.swift).
#include "py/repl.h"
#include "py/runtime.h"
#include "hooks.h"
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

bool python_wants_more(const char *text) { return mp_repl_continue_with_input(text); }

typedef struct {
    const char *text, *completion;
    size_t length, found;
} search;

static void complete(void *context) {
    search *it = context;
    it->found = mp_repl_autocomplete(it->text, it->length, &mp_plat_print, &it->completion);
}

__attribute__((noinline)) int python_complete(const char *text, size_t length, const char **completion) {
    search it = { .text = text, .length = length };
    python_take_stack();
    if (python_guarded(complete, &it) != NULL) return 0;
    *completion = it.completion;
    return it.found == (size_t)-1 ? -1 : (int)it.found;
}
