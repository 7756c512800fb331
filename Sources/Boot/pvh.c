// The PVH path: turns hvm_start_info (Xen's public/arch-x86/hvm/start_info.h) into the hand-off record.
#include "boot.h"

typedef struct {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, command_line, rsdp, memory_map;
    uint32_t memory_map_count, reserved;
} hvm_start_info;

typedef struct { uint64_t address, byte_count, command_line, reserved; } hvm_module;
typedef struct { uint64_t address, byte_count; uint32_t type, reserved; } hvm_memory_range;

enum { HVM_MAGIC = 0x336ec578 };

extern char image_start[], image_end[];
extern uint64_t pvh_entry_tsc;

// E820 types as the record's kinds.
static boot_memory_kind kind_of(uint32_t type) {
    switch (type) {
    case 1: return BOOT_MEMORY_USABLE;
    case 3: return BOOT_MEMORY_ACPI_RECLAIMABLE;
    case 4: return BOOT_MEMORY_ACPI_NVS;
    case 5: return BOOT_MEMORY_BAD;
    default: return BOOT_MEMORY_RESERVED;
    }
}

_Noreturn void pvh_main(const hvm_start_info *start) {
    boot_enable_processor_features();
    if (start->magic != HVM_MAGIC) boot_fail("PVH: the start info has a wrong magic number. Halted.");
    if (start->version < 1 || start->memory_map_count == 0) boot_fail("PVH: the start info has no memory map. Halted.");

    boot_info *info = &boot_record;
    info->path = BOOT_PATH_PVH;
    info->entry_tsc = pvh_entry_tsc;
    info->acpi_root = start->rsdp;
    info->image_start = (uint64_t)image_start;
    info->image_end = (uint64_t)image_end;
    if (start->command_line) {
        boot_copy_string(info->command_line, (const char *)start->command_line, BOOT_MAX_COMMAND_LINE);
    }
    const hvm_memory_range *ranges = (const hvm_memory_range *)start->memory_map;
    for (uint32_t i = 0; i < start->memory_map_count; i++) {
        boot_add_range(ranges[i].address, ranges[i].byte_count, kind_of(ranges[i].type));
    }
    boot_add_range(info->image_start, info->image_end - info->image_start, BOOT_MEMORY_KEPT);
    const hvm_module *modules = (const hvm_module *)start->modules;
    for (uint32_t i = 0; i < start->module_count && i < BOOT_MAX_FILES; i++) {
        boot_file *file = &info->files[info->file_count++];
        file->address = modules[i].address;
        file->byte_count = modules[i].byte_count;
        boot_copy_string(file->name, "module", BOOT_MAX_NAME);
        boot_add_range(file->address, file->byte_count, BOOT_MEMORY_KEPT);
    }
    kernel_main(info);
}
