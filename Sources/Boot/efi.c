// The EFI path (UEFI specification 2.10): reads what the kernel needs through the firmware, leaves it, and goes on with page
// tables and a stack of its own, because the firmware's lie in memory that is free from then on.
#include <efi.h>
#include "boot.h"
#include "../CPU/include/cpu.h"

enum {
    EFI_MAP_SLACK = 16 << 10,
    EFI_LARGEST_FILE_INFO = 1024,
    EFI_STACK_BYTES = 64 << 10,
    PAGE_PRESENT_WRITABLE = 3,
    PAGE_LARGE = 0x83,
};

extern char image_start[], image_end[];

static uint64_t page_map[512] __attribute__((aligned(4096)));
static uint64_t page_pointers[512] __attribute__((aligned(4096)));
static uint64_t page_directories[4 * 512] __attribute__((aligned(4096)));
static uint8_t stack[EFI_STACK_BYTES] __attribute__((aligned(64)));

static EFI_BOOT_SERVICES *services;

static bool same_guid(const EFI_GUID *left, const EFI_GUID *right) {
    const uint64_t *l = (const uint64_t *)left, *r = (const uint64_t *)right;
    return l[0] == r[0] && l[1] == r[1];
}

static void find_acpi_root(EFI_SYSTEM_TABLE *system) {
    static const EFI_GUID acpi2 = ACPI_20_TABLE_GUID, acpi1 = ACPI_TABLE_GUID;
    uint64_t old = 0;
    for (UINTN i = 0; i < system->NumberOfTableEntries; i++) {
        EFI_CONFIGURATION_TABLE *table = &system->ConfigurationTable[i];
        if (same_guid(&table->VendorGuid, &acpi2)) boot_record.acpi_root = (uint64_t)table->VendorTable;
        if (same_guid(&table->VendorGuid, &acpi1)) old = (uint64_t)table->VendorTable;
    }
    if (boot_record.acpi_root == 0) boot_record.acpi_root = old;
}

static void find_framebuffer(void) {
    static EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
    EFI_GRAPHICS_OUTPUT_PROTOCOL *output = NULL;
    if (EFI_ERROR(services->LocateProtocol(&guid, NULL, (void **)&output)) || output->Mode == NULL) return;
    EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = output->Mode->Info;
    if (mode->PixelFormat != PixelRedGreenBlueReserved8BitPerColor
        && mode->PixelFormat != PixelBlueGreenRedReserved8BitPerColor) return;
    boot_record.framebuffer = (boot_framebuffer){
        output->Mode->FrameBufferBase, mode->HorizontalResolution, mode->VerticalResolution, mode->PixelsPerScanLine,
        mode->PixelFormat == PixelBlueGreenRedReserved8BitPerColor,
    };
}

// Names outside ASCII get question marks.
static void copy_name(char *to, const char *prefix, const CHAR16 *name, uint32_t capacity) {
    uint32_t n = 0;
    for (; prefix[n] != 0 && n + 1 < capacity; n++) to[n] = prefix[n];
    for (; *name != 0 && n + 1 < capacity; name++) to[n++] = *name < 128 ? (char)*name : '?';
    to[n] = 0;
}

// Reads an open file whole into pages that the memory map will call loader data. 0: it did not work.
static uint64_t read_whole(EFI_FILE_PROTOCOL *file, uint64_t byte_count) {
    EFI_PHYSICAL_ADDRESS address = 0;
    if (EFI_ERROR(services->AllocatePages(AllocateAnyPages, EfiLoaderData, (byte_count + 4095) / 4096, &address))) return 0;
    for (uint64_t done = 0; done < byte_count;) {
        UINTN count = byte_count - done;
        if (EFI_ERROR(file->Read(file, &count, (void *)(address + done))) || count == 0) return 0;
        done += count;
    }
    return address;
}

// The files of a folder of the partition; folders inside it are left out.
static void read_files(EFI_FILE_PROTOCOL *folder) {
    static uint64_t buffer[EFI_LARGEST_FILE_INFO / 8];
    EFI_FILE_INFO *info = (EFI_FILE_INFO *)buffer;
    for (;;) {
        UINTN count = sizeof buffer;
        if (EFI_ERROR(folder->Read(folder, &count, info)) || count == 0) return;
        if (info->Attribute & EFI_FILE_DIRECTORY || info->FileSize == 0) continue;
        if (boot_record.file_count == BOOT_MAX_FILES) return boot_say("more files in models/ than the record holds; the rest is left out");
        EFI_FILE_PROTOCOL *file = NULL;
        if (EFI_ERROR(folder->Open(folder, &file, info->FileName, EFI_FILE_MODE_READ, 0))) continue;
        boot_file *entry = &boot_record.files[boot_record.file_count];
        entry->address = read_whole(file, info->FileSize);
        entry->byte_count = info->FileSize;
        copy_name(entry->name, "models/", info->FileName, BOOT_MAX_NAME);
        if (entry->address != 0) boot_record.file_count++;
        else boot_say("a file in models/ could not be read");
        file->Close(file);
    }
}

// EFI/BOOT/CMDLINE.TXT, where it is there: one line of words.
static void read_command_line(EFI_FILE_PROTOCOL *root) {
    EFI_FILE_PROTOCOL *file = NULL;
    if (EFI_ERROR(root->Open(root, &file, L"EFI\\BOOT\\CMDLINE.TXT", EFI_FILE_MODE_READ, 0))) return;
    UINTN count = BOOT_MAX_COMMAND_LINE - 1;
    if (EFI_ERROR(file->Read(file, &count, boot_record.command_line))) count = 0;
    for (UINTN i = 0; i < count; i++) {
        if (boot_record.command_line[i] < 32) boot_record.command_line[i] = ' ';
    }
    boot_record.command_line[count] = 0;
    file->Close(file);
}

static void read_partition(EFI_HANDLE image) {
    static EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID, file_system = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
    EFI_LOADED_IMAGE_PROTOCOL *loaded = NULL;
    EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *system = NULL;
    EFI_FILE_PROTOCOL *root = NULL, *models = NULL;
    if (EFI_ERROR(services->HandleProtocol(image, &loaded_image, (void **)&loaded))) return;
    if (EFI_ERROR(services->HandleProtocol(loaded->DeviceHandle, &file_system, (void **)&system))) return;
    if (EFI_ERROR(system->OpenVolume(system, &root))) return;
    read_command_line(root);
    if (!EFI_ERROR(root->Open(root, &models, L"models", EFI_FILE_MODE_READ, 0))) {
        read_files(models);
        models->Close(models);
    }
    root->Close(root);
}

// Takes virtio-gpu away from the firmware's driver, which stops showing its console there. A QEMU whose device draws through
// GL does not survive the device's reset while a picture is shown, and leaving the firmware resets the device.
static void release_gpus(void) {
    enum { VIRTIO_GPU = 0x10501AF4 };
    static EFI_GUID guid = EFI_PCI_IO_PROTOCOL_GUID;
    UINTN count = 0;
    EFI_HANDLE *handles = NULL;
    if (EFI_ERROR(services->LocateHandleBuffer(ByProtocol, &guid, NULL, &count, &handles))) return;
    for (UINTN i = 0; i < count; i++) {
        EFI_PCI_IO_PROTOCOL *function = NULL;
        UINT32 id = 0;
        if (EFI_ERROR(services->HandleProtocol(handles[i], &guid, (void **)&function))) continue;
        if (EFI_ERROR(function->Pci.Read(function, EfiPciIoWidthUint32, 0, 1, &id)) || id != VIRTIO_GPU) continue;
        services->DisconnectController(handles[i], NULL, NULL);
    }
}

static boot_memory_kind kind_of(uint32_t type) {
    switch (type) {
    case EfiConventionalMemory: case EfiBootServicesCode: case EfiBootServicesData: return BOOT_MEMORY_USABLE;
    case EfiLoaderCode: case EfiLoaderData: return BOOT_MEMORY_KEPT;
    case EfiACPIReclaimMemory: return BOOT_MEMORY_ACPI_RECLAIMABLE;
    case EfiACPIMemoryNVS: return BOOT_MEMORY_ACPI_NVS;
    case EfiUnusableMemory: return BOOT_MEMORY_BAD;
    default: return BOOT_MEMORY_RESERVED;
    }
}

// Takes the memory map and leaves the firmware. Leaving may fail once, when the map changed meanwhile: then again.
static void leave_firmware(EFI_HANDLE image) {
    UINTN capacity = 0, key = 0, stride = 0;
    UINT32 version = 0;
    services->GetMemoryMap(&capacity, NULL, &key, &stride, &version);
    capacity += EFI_MAP_SLACK;
    EFI_MEMORY_DESCRIPTOR *map = NULL;
    if (EFI_ERROR(services->AllocatePool(EfiLoaderData, capacity, (void **)&map))) boot_fail("EFI: no memory for the memory map. Halted.");
    for (int attempt = 0; attempt < 2; attempt++) {
        UINTN count = capacity;
        if (EFI_ERROR(services->GetMemoryMap(&count, map, &key, &stride, &version))) boot_fail("EFI: there is no memory map. Halted.");
        if (EFI_ERROR(services->ExitBootServices(image, key))) continue;
        for (UINTN offset = 0; offset + stride <= count; offset += stride) {
            EFI_MEMORY_DESCRIPTOR *range = (EFI_MEMORY_DESCRIPTOR *)((uint8_t *)map + offset);
            boot_add_range(range->PhysicalStart, range->NumberOfPages * 4096, kind_of(range->Type));
        }
        return;
    }
    boot_fail("EFI: the firmware cannot be left. Halted.");
}

// The first 4 GiB, at 0 and at the direct map's base, as on the PVH path.
static void load_page_tables(void) {
    for (uint64_t i = 0; i < 4 * 512; i++) page_directories[i] = i << 21 | PAGE_LARGE;
    for (uint64_t i = 0; i < 4; i++) page_pointers[i] = (uint64_t)&page_directories[512 * i] | PAGE_PRESENT_WRITABLE;
    page_map[0] = page_map[128] = (uint64_t)page_pointers | PAGE_PRESENT_WRITABLE;
    cpu_write_cr3((uint64_t)page_map);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system) {
    cpu_out8(0xE9, 'B');    // for whoever measures: the first instruction, on QEMU's debug console
    boot_record.entry_tsc = cpu_tsc();
    boot_record.path = BOOT_PATH_EFI;
    boot_record.image_start = (uint64_t)image_start;
    boot_record.image_end = (uint64_t)image_end;
    services = system->BootServices;
    boot_enable_processor_features();
    if (boot_record.image_end > 4ull << 30) boot_fail("EFI: the image was loaded above 4 GiB. Halted.");
    if (cpu_read_cr4() & 1 << 12) boot_fail("EFI: the firmware uses 5-level paging. Halted.");
    find_acpi_root(system);
    find_framebuffer();
    read_partition(image);
    release_gpus();
    leave_firmware(image);
    cpu_disable_interrupts();
    load_page_tables();
    __asm__ volatile("mov %0, %%rsp\n\txor %%ebp, %%ebp\n\tmov %1, %%rdi\n\tcall kernel_main"
                     :: "r"(stack + EFI_STACK_BYTES), "r"(&boot_record) : "memory");
    __builtin_unreachable();
}
