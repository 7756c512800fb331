// What each processor keeps for itself, found through GS, and what the kernel must know about a task without asking
// the scheduler: who pays for its memory, where its stack lies, and where to go when it faults.
#pragma once
#include <stddef.h>
#include "cpu.h"

/// A place to return to when something beneath it faults. Lives on the stack of guarded_call (Boot/guard.S).
typedef struct recovery_point {
    struct recovery_point *outer;
    uint64_t rsp, rbp, rbx, r12, r13, r14, r15, resume;
    /// What to restore: the owner charged, the interrupt depth and whether interrupts were on.
    uint32_t owner, interrupt_depth;
    uint64_t flags;
    /// The job that this point ends, or 0.
    uint64_t job;
    /// What to restore, too: the task's `keep_alive`.
    uint32_t keep_alive;
} recovery_point;

struct foreign_references;

/// The part of a task that traps, the heap and the task switch need. The scheduler embeds or points to one.
typedef struct task_context {
    /// Saved by switch_task; the rest of the registers lie on the stack that it points to.
    uint64_t stack_pointer;
    /// Usable bytes of the stack; the pages below `stack_low` and at `stack_high` are guard pages.
    uint64_t stack_low, stack_high;
    recovery_point *recovery;
    /// Who is charged for memory: 0 kernel, 1 library, else a job or program (Kernel/Memory/Ledger.swift).
    uint32_t owner;
    /// While not 0, the running job is not ended by force: others use what lies on the task's stack.
    uint32_t keep_alive;
    uint64_t id;
    /// The scheduler's object and the running job's record; not retained.
    void *task, *job;
    /// Processor time used, in time-stamp counter ticks, up to the last switch; and the counter at that switch.
    uint64_t ticks_used, ticks_started;
    /// What the running job holds of objects that are not its own (Boot/references.c); null outside of jobs.
    struct foreign_references *references;
    /// The Python interpreter that the task runs (Python/port/state.h); null: none.
    void *interpreter;
} task_context;

enum { CPU_MAX_HELD_LOCKS = 8, CPU_TSS_BYTES = 104, CPU_GDT_ENTRIES = 8, CPU_MAX_COUNT = 64 };

typedef struct spin_lock {
    uint32_t taken;
    /// Processor index + 1 of the holder, 0: free. For reports and recovery.
    uint32_t holder;
    uint32_t poisoned;
} spin_lock;

/// One processor's own data. `self` and `current` are read by single GS-relative instructions; keep their offsets.
typedef struct cpu_local {
    struct cpu_local *self;             // gs:0
    task_context *current;              // gs:8
    uint32_t index;                     // gs:16
    uint32_t interrupt_depth;           // gs:20: handlers running on this processor
    uint32_t trap_depth;                // gs:24: exceptions being handled on this processor
    uint32_t held_lock_count;           // gs:28
    spin_lock *held_locks[CPU_MAX_HELD_LOCKS];
    uint32_t apic_id, online;
    /// Time-stamp counter at the last interrupt that it took: a processor that hangs with interrupts off falls behind.
    uint64_t heartbeat;
    /// The scheduler's per-processor object; not retained.
    void *scheduler;
    /// Runs before the first task and when there is none.
    task_context boot_context;
    uint8_t tss[CPU_TSS_BYTES] __attribute__((aligned(16)));
    uint64_t gdt[CPU_GDT_ENTRIES] __attribute__((aligned(16)));
} cpu_local;

/// The records of all processors that were started, by index; null beyond.
extern cpu_local *cpu_local_table[CPU_MAX_COUNT];
CPU_INLINE void cpu_local_set(uint32_t index, cpu_local *cpu) { if (index < CPU_MAX_COUNT) cpu_local_table[index] = cpu; }
CPU_INLINE cpu_local *cpu_local_at(uint32_t index) { return index < CPU_MAX_COUNT ? cpu_local_table[index] : NULL; }

#if __STDC_HOSTED__
// Hosted tests run on one processor that is this record.
extern cpu_local cpu_local_hosted;
CPU_INLINE cpu_local *cpu_local_get(void) { return &cpu_local_hosted; }
CPU_INLINE task_context *cpu_current_task(void) { return cpu_local_hosted.current; }
CPU_INLINE uint32_t cpu_interrupt_depth(void) { return 0; }
CPU_INLINE uint64_t cpu_lock_interrupts(void) { return 0; }
CPU_INLINE void cpu_unlock_interrupts(uint64_t flags) { (void)flags; }
#else
CPU_INLINE cpu_local *cpu_local_get(void) { cpu_local *p; __asm__ volatile("mov %%gs:0, %0" : "=r"(p)); return p; }
/// The running task: one instruction, so right even where the task may be moved to another processor.
CPU_INLINE task_context *cpu_current_task(void) { task_context *p; __asm__ volatile("mov %%gs:8, %0" : "=r"(p)); return p; }
/// Interrupt handlers that run on this processor; one instruction, as above.
CPU_INLINE uint32_t cpu_interrupt_depth(void) { uint32_t n; __asm__ volatile("movl %%gs:20, %0" : "=r"(n)); return n; }
/// Interrupts off; returns the flags as they were.
CPU_INLINE uint64_t cpu_lock_interrupts(void) { uint64_t f = cpu_flags(); cpu_disable_interrupts(); return f; }
CPU_INLINE void cpu_unlock_interrupts(uint64_t flags) { if (flags & 0x200) cpu_enable_interrupts(); }
#endif

/// Takes the lock with interrupts off; returns the flags for `spin_release`. Not in order of arrival: a virtual processor
/// that is not running could not take its turn, and all behind it would wait for the host's scheduler.
CPU_INLINE uint64_t spin_acquire(spin_lock *lock) {
    uint64_t flags = cpu_lock_interrupts();
    while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
        while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED)) cpu_pause();
    }
    cpu_local *cpu = cpu_local_get();
    lock->holder = cpu->index + 1;
    if (cpu->held_lock_count < CPU_MAX_HELD_LOCKS) cpu->held_locks[cpu->held_lock_count] = lock;
    cpu->held_lock_count++;
    return flags;
}

CPU_INLINE void spin_release(spin_lock *lock, uint64_t flags) {
    cpu_local_get()->held_lock_count--;
    lock->holder = 0;
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
    cpu_unlock_interrupts(flags);
}

/// Whether this processor holds the lock: taking it again would never end.
CPU_INLINE bool spin_held_here(const spin_lock *lock) { return lock->holder == cpu_local_get()->index + 1; }
