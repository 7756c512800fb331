// The hand-off record: all that the kernel learns from what booted it. Filled by pvh.c or efi.c, read once by the kernel.
#pragma once
#include <stdint.h>

enum {
    BOOT_MAX_MEMORY_RANGES = 512,
    BOOT_MAX_FILES = 64,
    BOOT_MAX_NAME = 96,
    BOOT_MAX_COMMAND_LINE = 1024,
};

typedef enum { BOOT_PATH_PVH = 1, BOOT_PATH_EFI = 2 } boot_path;

typedef enum {
    BOOT_MEMORY_USABLE = 1,
    BOOT_MEMORY_RESERVED = 2,
    BOOT_MEMORY_ACPI_RECLAIMABLE = 3,
    BOOT_MEMORY_ACPI_NVS = 4,
    BOOT_MEMORY_BAD = 5,
    /// RAM that holds the image, files or other things handed over: never given to the page allocator.
    BOOT_MEMORY_KEPT = 6,
} boot_memory_kind;

typedef struct {
    uint64_t base;
    uint64_t byte_count;
    uint32_t kind;
} boot_memory_range;

/// Bytes that came along with the image. On the PVH path the one file is the boot module, a ustar archive.
typedef struct {
    uint64_t address;
    uint64_t byte_count;
    char name[BOOT_MAX_NAME];
} boot_file;

/// A linear framebuffer; address 0: none.
typedef struct {
    uint64_t address;
    uint32_t width, height, pixels_per_line;
    /// 0: red, green, blue, x; 1: blue, green, red, x.
    uint32_t format;
} boot_framebuffer;

typedef struct {
    uint32_t path;
    uint32_t memory_range_count;
    uint32_t file_count;
    /// Nonzero where the map was longer than the record.
    uint32_t memory_ranges_dropped;
    uint64_t acpi_root;
    /// Time-stamp counter at the image's first instruction.
    uint64_t entry_tsc;
    /// Physical (and virtual) bounds of the loaded image.
    uint64_t image_start, image_end;
    boot_framebuffer framebuffer;
    char command_line[BOOT_MAX_COMMAND_LINE];
    boot_memory_range memory_ranges[BOOT_MAX_MEMORY_RANGES];
    boot_file files[BOOT_MAX_FILES];
} boot_info;

static inline boot_memory_range boot_get_range(const boot_info *info, uint32_t index) { return info->memory_ranges[index]; }
static inline const boot_file *boot_get_file(const boot_info *info, uint32_t index) { return &info->files[index]; }
static inline const char *boot_file_name(const boot_file *file) { return file->name; }
static inline const char *boot_get_command_line(const boot_info *info) { return info->command_line; }

/// Where the image's parts lie, from the linker script. Each part starts on a page of its own.
typedef struct {
    uint64_t text_start, text_end;
    uint64_t constants_start, constants_end;
    uint64_t data_start, data_end;
} boot_image_layout;

boot_image_layout boot_get_image_layout(void);

/// The compressed symbol table appended by the build (scripts/symbols.py), or 0 bytes in the first link.
const uint8_t *boot_symbol_table(uint64_t *byte_count);
