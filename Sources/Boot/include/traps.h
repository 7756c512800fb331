// The assembly beneath the exception manager: stubs for all 256 vectors, guarded calls, and loading the tables.
#pragma once
#include <stdint.h>

/// What a stub leaves on the stack, lowest address first; the last five are pushed by the processor.
typedef struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error_code;
    uint64_t rip, cs, rflags, rsp, ss;
} trap_frame;

enum { TRAP_CODE_SEGMENT = 8, TRAP_DATA_SEGMENT = 16, TRAP_TSS_SEGMENT = 24, TRAP_RAISED = 0x80 };

/// Address of the stub of a vector.
uint64_t trap_stub(uint32_t vector);

/// Calls `body(context)` with a recovery point. Returns 0 when the body has returned, 1 when a fault beneath it escaped here.
/// `job` is kept in the recovery point. Calls nest.
uint32_t trap_guarded_call(void (*body)(void *), void *context, uint64_t job);

/// Where an escape goes on (`recovery_point.resume`).
uint64_t trap_escape_address(void);

/// Enters the exception manager with a fault of the kernel's own making (`FaultKind`); returns only where nothing escapes.
void trap_raise(uint64_t kind, uint64_t detail);

/// Code that faults on purpose, in the order of `Injector.Kind`'s first cases.
extern const uint64_t injected_faults[];
static inline uint64_t injected_fault(uint32_t index) { return injected_faults[index]; }

/// Loads GDT, segments, IDT and task register on this processor. GS keeps its base.
void trap_load_tables(const void *gdt, uint16_t gdt_limit, const void *idt, uint16_t idt_limit);

/// Calls `body(context)` on another stack, whose upper end is given; never returns to the first.
void trap_call_on_stack(uint64_t stack_high, void (*body)(void *), void *context);
