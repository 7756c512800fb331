#include "cpu.h"
#include "cpu_local.h"

cpu_local *cpu_local_table[CPU_MAX_COUNT];

#if __STDC_HOSTED__
static task_context hosted_task;
cpu_local cpu_local_hosted = {.self = &cpu_local_hosted, .current = &hosted_task};
#endif
