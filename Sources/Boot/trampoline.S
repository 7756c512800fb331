// Where an application processor begins: real mode at 0x8000 (the page that its start-up interrupt names), from there
// through protected mode to long mode on page tables of its own, which show the first 4 GiB at their own addresses, and
// into ap_entry in the image. Intel SDM vol. 3, 9.4 and 9.8.5.
#include "long_mode.h"

#define TRAMPOLINE 0x8000
#define AT(symbol) (TRAMPOLINE + symbol - ap_trampoline_start)

    .section .rodata.ap_trampoline, "a"
    .code16
    .globl ap_trampoline_start, ap_trampoline_end, ap_trampoline_entry, ap_trampoline_page_map
ap_trampoline_start:
    cli
    cld
    xorw %ax, %ax
    movw %ax, %ds
    lgdtl AT(ap_gdt_register)
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $24, $AT(ap_protected)

    .code32
ap_protected:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movw %ax, %fs
    movw %ax, %gs
    ENABLE_LONG_MODE AT(ap_trampoline_page_map)
    ljmpl $8, $AT(ap_long)

    .code64
ap_long:
    movq AT(ap_trampoline_entry), %rax
    jmpq *%rax

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00af9a000000ffff            // 64-bit code, as in the kernel's own table
    .quad 0x00cf92000000ffff            // data
    .quad 0x00cf9a000000ffff            // 32-bit code
ap_gdt_register:
    .word 31
    .long AT(ap_gdt)
    .balign 8
ap_trampoline_page_map: .quad 0
ap_trampoline_entry: .quad 0
ap_trampoline_end:

    // In the image, so mapped by the kernel's own tables too; no segment is loaded before the kernel's GDT is. Takes a slot, its
    // stack, and calls processor_main(slot).
    .section .text.ap_entry, "ax"
    .code64
    .globl ap_entry
ap_entry:
    movq ap_kernel_page_map(%rip), %rax
    movq %rax, %cr3
    movl $1, %edi
    lock xaddl %edi, ap_next_slot(%rip)
    cmpl ap_slot_count(%rip), %edi
    jae 1f
    movq ap_stacks(%rip), %rax
    movq (%rax, %rdi, 8), %rsp
    xorl %ebp, %ebp
    pushq $0
    jmp processor_main
1:  cli                                 // more processors than were announced
    hlt
    jmp 1b

    .section .bss.ap, "aw", @nobits
    .balign 4096
    .globl ap_page_map, ap_pointers, ap_directories, ap_kernel_page_map, ap_next_slot, ap_slot_count, ap_stacks
ap_page_map:        .skip 4096
ap_pointers:        .skip 4096
ap_directories:     .skip 4 * 4096
ap_kernel_page_map: .skip 8
ap_stacks:          .skip 8
ap_next_slot:       .skip 4
ap_slot_count:      .skip 4
    .section .note.GNU-stack, "", @progbits
