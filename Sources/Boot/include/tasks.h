// Assembly that the scheduler calls.
#pragma once

/// Saves the running task in `from` and goes on with `to`; returns when something switches back. Both point to a
/// task_context (CPU/include/cpu_local.h).
void switch_task(void *from, const void *to);

/// The first function of every task (Kernel/Tasks/Tasks.swift).
void task_begin(void);
static inline void *task_begin_address(void) { return (void *)task_begin; }
