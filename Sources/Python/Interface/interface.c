// The interpreter itself is an archive of its own (Sources/Python/python.mk); this module has its declarations only, and for
// programs on Linux what stands for the processor's record.
#include "python.h"

#if __STDC_HOSTED__
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "../../CPU/include/cpu_local.h"

void python_hosted_start(void *stack_low) {
    enum { ARCH_SET_GS = 0x1001 };
    cpu_local *cpu = calloc(1, sizeof *cpu);
    cpu->self = cpu;
    cpu->current = &cpu->boot_context;
    cpu->boot_context.stack_low = (uint64_t)stack_low;
    // The archive is built for the machine: it finds the record through GS, which is free on Linux.
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, cpu) != 0) abort();
}
#endif
