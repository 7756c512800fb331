// The machine beneath MicroPython: console, clock, and where output goes.
#include <string.h>
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "../Interface/include/python.h"
#include "port.h"

static python_sink console_sink;
const python_sink *python_output = &console_sink;

static void write_raw(const char *text, size_t length) {
    if (python_output->write != NULL) {
        python_output->write(python_output->context, text, length);
    } else {
        python_host_write(text, length);
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    write_raw(text, length);
    return length;
}

/// With "\n" as "\r\n" on the console, as terminals want it; unchanged for programs.
void mp_hal_stdout_tx_strn_cooked(const char *text, size_t length) {
    if (python_output->write != NULL) {
        write_raw(text, length);
        return;
    }
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n') continue;
        write_raw(text + start, i - start);
        write_raw("\r\n", 2);
        start = i + 1;
    }
    write_raw(text + start, length - start);
}

void mp_hal_stdout_tx_str(const char *text) { mp_hal_stdout_tx_strn(text, strlen(text)); }

/// The terminal is a VT100.
void mp_hal_move_cursor_back(unsigned int positions) {
    if (positions > 0) mp_printf(&mp_plat_print, "\x1b[%uD", positions);
}

void mp_hal_erase_line_from_cursor(unsigned int characters) {
    (void)characters;
    mp_hal_stdout_tx_str("\x1b[K");
}

/// For `input()` and sys.stdin. Programs run by `barejax eval` have no standard input.
int mp_hal_stdin_rx_chr(void) {
    if (python_output->write != NULL) mp_raise_type(&mp_type_EOFError);
    for (;;) {
        int byte = python_host_read(false);
        if (byte == 3) mp_sched_keyboard_interrupt();
        mp_handle_pending(true);
        if (byte >= 0) return byte;
    }
}

mp_uint_t mp_hal_ticks_us(void) { return python_host_microseconds(); }
mp_uint_t mp_hal_ticks_ms(void) { return python_host_microseconds() / 1000; }
mp_uint_t mp_hal_ticks_cpu(void) { return python_host_microseconds(); }
uint64_t mp_hal_time_ns(void) { return python_host_microseconds() * 1000; }

void mp_hal_delay_us(mp_uint_t duration) {
    uint64_t end = python_host_microseconds() + duration;
    while (python_host_microseconds() < end) mp_handle_pending(true);
}

void mp_hal_delay_ms(mp_uint_t duration) { mp_hal_delay_us(duration * 1000); }

uint32_t python_random_seed(void) { return (uint32_t)python_host_microseconds() * 2654435761u; }

/// For select on sys.stdin and sys.stdout: writing never blocks.
uintptr_t mp_hal_stdio_poll(uintptr_t flags) { return flags & MP_STREAM_POLL_WR; }
