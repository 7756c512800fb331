// The line that `input()` reads from the console: echoed, with what is typed taken back character by character.
#include "py/mphal.h"
#include "py/runtime.h"
#include "shared/readline/readline.h"
#include "hooks.h"

static void take_back(vstr_t *line, size_t start) {
    if (vstr_len(line) == start) return;
    // A character's further bytes, then its first.
    while (vstr_len(line) > start + 1 && (vstr_str(line)[vstr_len(line) - 1] & 0xC0) == 0x80) vstr_cut_tail_bytes(line, 1);
    vstr_cut_tail_bytes(line, 1);
    mp_hal_stdout_tx_str("\b \b");
}

int readline(vstr_t *line, const char *prompt) {
    size_t start = vstr_len(line);
    mp_hal_stdout_tx_str(prompt);
    for (;;) {
        int byte = mp_hal_stdin_rx_chr();
        if (byte == '\r' || byte == '\n') {
            mp_hal_stdout_tx_str("\r\n");
            return 0;
        }
        if (byte == 8 || byte == 127) {
            take_back(line, start);
        } else if (byte == CHAR_CTRL_C || (byte == CHAR_CTRL_D && vstr_len(line) == start)) {
            return byte;
        } else if (byte >= 32 || byte == '\t') {
            char echo = (char)byte;
            vstr_add_byte(line, byte);
            mp_hal_stdout_tx_strn(&echo, 1);
        }
    }
}
