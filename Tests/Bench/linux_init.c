// The first process of the Linux guest that the benches compare with: says that it runs, measures what has a counterpart
// in BareJAX's kernel by rdtsc, and powers off. Static, without a C library.
#include <stdint.h>

static long call(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

enum { READ = 0, WRITE = 1, MMAP = 9, MUNMAP = 11, PIPE = 22, FORK = 57, EXIT = 60, REBOOT = 169, GETPPID = 110 };

static uint64_t tsc(void) {
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void text(const char *s) {
    long n = 0;
    while (s[n]) n++;
    call(WRITE, 1, (long)s, n, 0, 0, 0);
}

static void report(const char *name, uint64_t value) {
    char digits[24];
    int at = 23;
    digits[at] = 0;
    do digits[--at] = '0' + value % 10; while (value /= 10);
    text("linux ");
    text(name);
    text(" ");
    text(digits + at);
    text("\n");
}

void _start(void) {
    text("linux init\n");
    enum { ROUNDS = 1000 };
    char byte = 0;
    uint64_t start = tsc();
    for (int i = 0; i < ROUNDS; i++) call(GETPPID, 0, 0, 0, 0, 0, 0);
    report("system_call", (tsc() - start) / ROUNDS);

    start = tsc();
    for (int i = 0; i < ROUNDS; i++) {
        volatile char *page = (volatile char *)call(MMAP, 0, 4096, 3, 0x22, -1, 0);
        *page = 1;
        call(MUNMAP, (long)page, 4096, 0, 0, 0, 0);
    }
    report("page_map", (tsc() - start) / ROUNDS);

    int there[2], back[2];
    call(PIPE, (long)there, 0, 0, 0, 0, 0);
    call(PIPE, (long)back, 0, 0, 0, 0, 0);
    if (call(FORK, 0, 0, 0, 0, 0, 0) == 0) {
        for (int i = 0; i < ROUNDS; i++) {
            call(READ, there[0], (long)&byte, 1, 0, 0, 0);
            call(WRITE, back[1], (long)&byte, 1, 0, 0, 0);
        }
        call(EXIT, 0, 0, 0, 0, 0, 0);
    }
    start = tsc();
    for (int i = 0; i < ROUNDS; i++) {
        call(WRITE, there[1], (long)&byte, 1, 0, 0, 0);
        call(READ, back[0], (long)&byte, 1, 0, 0, 0);
    }
    report("context_switch", (tsc() - start) / ROUNDS / 2);
    call(REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);
}
