// The interpreter as a Linux program, for tests: runs the files named, each with fresh globals, or without any the prompt
// on standard input. The status is the last program's.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "../../Sources/Python/Interface/include/python.h"

void python_host_write(const char *text, size_t length) {
    if (write(1, text, length) < 0) exit(1);
}

int python_host_read(bool is_idle) {
    unsigned char byte;
    (void)is_idle;
    return read(0, &byte, 1) == 1 ? byte : 4;
}

uint64_t python_host_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

void *python_host_allocate(uintptr_t byte_count) { return malloc(byte_count); }
void python_host_free(void *pointer) { free(pointer); }

_Noreturn void python_host_panic(const char *reason) {
    fprintf(stderr, "panic: %s\n", reason);
    abort();
}

static void print(void *context, const char *text, size_t length) {
    (void)context;
    fflush(stdout);
    python_host_write(text, length);
}

int main(int count, char **arguments) {
    int status = 0;
    const size_t heap_size = 1 << 20;
    python_start(malloc(heap_size), heap_size, __builtin_frame_address(0), 1 << 20);
    if (count < 2) {
        python_prompt();
        return 0;
    }
    for (int i = 1; i < count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        if (file == NULL) { perror(arguments[i]); return 2; }
        static char source[1 << 20];
        size_t length = fread(source, 1, sizeof source, file);
        fclose(file);
        status = python_evaluate(source, length, arguments[i], print, NULL);
    }
    return status;
}
