// PVH entry: 32-bit protected mode without paging, hvm_start_info's address in EBX (Xen's docs/misc/pvh.pandoc).
// Builds early page tables (the first 4 GiB, at 0 and at the direct map's base), enters long mode and calls pvh_main.
#include "long_mode.h"

#define PRESENT_WRITABLE 0x3
#define LARGE_PAGE 0x83

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18                      // name and descriptor sizes; XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long pvh_start

    .section .text.pvh_start, "ax"
    .code32
    .globl pvh_start
pvh_start:
    cli
    cld
    movb $'B', %al                      // for whoever measures: the first instruction, on QEMU's debug console
    outb %al, $0xE9
    movl %ebx, %ebp
    rdtsc
    movl %eax, pvh_entry_tsc
    movl %edx, pvh_entry_tsc + 4

    // Four page directories of 2 MiB pages.
    movl $early_page_directories, %edi
    movl $LARGE_PAGE, %eax
    movl $(4 * 512), %ecx
1:  movl %eax, (%edi)
    movl $0, 4(%edi)
    addl $0x200000, %eax
    addl $8, %edi
    loop 1b
    // One table of page directory pointers, entered twice: identity and direct map (entry 128).
    movl $early_page_directories + PRESENT_WRITABLE, %eax
    movl $early_pointers, %edi
    movl $4, %ecx
2:  movl %eax, (%edi)
    addl $0x1000, %eax
    addl $8, %edi
    loop 2b
    movl $early_pointers + PRESENT_WRITABLE, early_page_map
    movl $early_pointers + PRESENT_WRITABLE, early_page_map + 128 * 8

    ENABLE_LONG_MODE $early_page_map
    lgdt early_gdt_register
    ljmp $8, $pvh_long_mode

    .code64
pvh_long_mode:
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movl %eax, %ss
    leaq early_stack_top(%rip), %rsp
    movl %ebp, %edi
    xorl %ebp, %ebp
    pushq $0
    jmp pvh_main

    .section .rodata.early_gdt, "a"
    .balign 8
early_gdt:
    .quad 0
    .quad 0x00af9a000000ffff            // 64-bit code
    .quad 0x00cf92000000ffff            // data
early_gdt_register:
    .word 23
    .long early_gdt

    .section .data.pvh, "aw"
    .globl pvh_entry_tsc
    .balign 8
pvh_entry_tsc: .quad 0

    .section .bss.early, "aw", @nobits
    .balign 4096
early_page_map:         .skip 4096
early_pointers:         .skip 4096
early_page_directories: .skip 4 * 4096
    .skip 65536
early_stack_top:
    .section .note.GNU-stack, "", @progbits
