// Assertions are checked: a broken invariant of the interpreter ends it before it does harm.
#pragma once
_Noreturn void python_assertion_failed(const char *expression, const char *file, int line);
#define assert(condition) ((condition) ? (void)0 : python_assertion_failed(#condition, __FILE__, __LINE__))
#define static_assert _Static_assert
