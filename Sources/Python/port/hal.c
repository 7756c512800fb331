// The machine beneath MicroPython: input and output, and the clock.
#include <string.h>
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "hooks.h"
#include "port.h"

/// Where there is no room the text waits, and can be ended meanwhile.
static void write_raw(const char *text, size_t length) {
    // In pieces, so that a long text finds room.
    while (length > 0) {
        size_t count = length < 4096 ? length : 4096;
        while (!python_host_write(text, count)) python_poll();
        text += count;
        length -= count;
    }
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
    write_raw(text, length);
    return length;
}

/// With "\n" as "\r\n" on the console, as terminals want it; unchanged for programs.
void mp_hal_stdout_tx_strn_cooked(const char *text, size_t length) {
    if (!python_current()->is_console) {
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

/// For `input()` and sys.stdin. Programs of clients have no standard input.
int mp_hal_stdin_rx_chr(void) {
    for (;;) {
        int byte = python_host_read();
        if (byte >= 0) return byte;
        if (byte < -1) mp_raise_type(&mp_type_EOFError);
        python_poll();
    }
}

/// MicroPython's own interrupt character is not used: the console sees to Ctrl-C.
void mp_hal_set_interrupt_char(int c) { (void)c; }

mp_uint_t mp_hal_ticks_us(void) { return python_host_microseconds(); }
mp_uint_t mp_hal_ticks_ms(void) { return python_host_microseconds() / 1000; }
mp_uint_t mp_hal_ticks_cpu(void) { return python_host_microseconds(); }
uint64_t mp_hal_time_ns(void) { return python_host_microseconds() * 1000; }

void mp_hal_delay_us(mp_uint_t duration) {
    uint64_t start = python_host_microseconds(), passed = 0;
    while (passed < duration) {
        python_host_wait(duration - passed);
        mp_handle_pending(true);
        python_poll();
        passed = python_host_microseconds() - start;
    }
}

void mp_hal_delay_ms(mp_uint_t duration) { mp_hal_delay_us(duration > (mp_uint_t)-1 / 1000 ? (mp_uint_t)-1 : duration * 1000); }

uint32_t python_random_seed(void) { return (uint32_t)python_host_microseconds() * 2654435761u; }

/// For select on sys.stdin and sys.stdout: writing never blocks.
uintptr_t mp_hal_stdio_poll(uintptr_t flags) { return flags & MP_STREAM_POLL_WR; }
