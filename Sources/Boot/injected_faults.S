// Code that faults, for faults on purpose: Kernel/Traps/Injector.swift makes interrupted code go on at one of these, with the
// interrupted address in rax, so that it is the caller in the fault's backtrace.

    .text
    .macro FAULT name
    .globl injected_\name
injected_\name:
    pushq %rax
    pushq %rbp
    movq %rsp, %rbp
    .endm

    FAULT trap
    ud2

    FAULT opcode
    .byte 0x06                          // push es, which 64-bit mode does not have

    FAULT division
    xorl %ecx, %ecx
    movl $1, %eax
    xorl %edx, %edx
    divl %ecx

    FAULT null
    movq 16, %rax

    FAULT unmapped
    movabsq $0x700000000000, %rax
    movq (%rax), %rax

    FAULT protection
    movabsq $0x8000000000000000, %rax
    movq (%rax), %rax

    FAULT text
    movq %rax, injected_text(%rip)

    FAULT data
    pushq $0
    jmp *%rsp

    FAULT overflow
1:  pushq %rax
    jmp 1b

    FAULT breakpoint
    int3

    FAULT loop
1:  pause
    jmp 1b

    .globl injected_faults
    .section .data.rel.ro.injected_faults, "aw"
    .balign 8
injected_faults:
    .quad injected_trap, injected_opcode, injected_division, injected_null, injected_unmapped, injected_protection
    .quad injected_text, injected_data, injected_overflow, injected_breakpoint, injected_loop
    .section .note.GNU-stack, "", @progbits
