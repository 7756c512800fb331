// The C string functions that MicroPython calls, in their plain form: its own strings carry their length.
#include <string.h>

// The kernel may have its own, faster ones.
#pragma weak memchr
#pragma weak strlen
#pragma weak strcmp
#pragma weak strncmp
#pragma weak strchr
#pragma weak strrchr
#pragma weak strstr
#pragma weak strcpy
#pragma weak strncpy
#pragma weak strcat
#pragma weak strpbrk

void *memchr(const void *block, int value, size_t count) {
    const unsigned char *bytes = block;
    for (size_t i = 0; i < count; i++) if (bytes[i] == (unsigned char)value) return (void *)(bytes + i);
    return NULL;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length]) length++;
    return length;
}

int strcmp(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t count) {
    for (; count > 0; a++, b++, count--) {
        if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
        if (*a == 0) break;
    }
    return 0;
}

char *strchr(const char *text, int value) {
    for (;; text++) {
        if (*text == (char)value) return (char *)text;
        if (*text == 0) return NULL;
    }
}

char *strrchr(const char *text, int value) {
    const char *last = NULL;
    for (;; text++) {
        if (*text == (char)value) last = text;
        if (*text == 0) return (char *)last;
    }
}

char *strstr(const char *text, const char *pattern) {
    size_t length = strlen(pattern);
    for (;; text++) {
        if (strncmp(text, pattern, length) == 0) return (char *)text;
        if (*text == 0) return NULL;
    }
}

char *strcpy(char *to, const char *from) { return memcpy(to, from, strlen(from) + 1); }

char *strncpy(char *to, const char *from, size_t count) {
    size_t length = strlen(from);
    if (length > count) length = count;
    memcpy(to, from, length);
    memset(to + length, 0, count - length);
    return to;
}

char *strcat(char *to, const char *from) {
    strcpy(to + strlen(to), from);
    return to;
}

char *strpbrk(const char *text, const char *set) {
    for (; *text; text++) if (strchr(set, *text)) return (char *)text;
    return NULL;
}
