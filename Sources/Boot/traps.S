// Stubs of all vectors, guarded calls and table loading. Layouts: Boot/include/traps.h, CPU/include/cpu_local.h.
#include "mxcsr.h"

    .text
    .balign 16
trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    // The processor pushes an error code for these itself (Intel SDM vol. 3, table 6-1).
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    .else
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

    .globl trap_stub
trap_stub:
    movl %edi, %edi
    shlq $4, %rdi
    leaq trap_stubs(%rip), %rax
    addq %rdi, %rax
    ret

// What an interrupt may use of the stack that it has struck; with less than that left it stays on its own.
#define INTERRUPT_ROOM 16384

trap_common:
    pushq %rax
    pushq %rcx
    // Interrupts of devices and processors come in on a stack of the processor's (DescriptorTables.swift), so that they never fault
    // on a full one. Where the interrupted task's stack has room they go on there: then the task may be switched. On the stack:
    // rcx 0, rax 8, vector 16, error 24, rip 32, cs 40, flags 48, rsp 56, ss 64.
    cmpq $32, 16(%rsp)
    jb trap_stays
    cmpq $0x80, 16(%rsp)
    je trap_stays
    movq %gs:8, %rax
    movq 56(%rsp), %rcx
    cmpq 16(%rax), %rcx
    ja trap_stays
    subq $INTERRUPT_ROOM, %rcx
    jb trap_stays
    cmpq 8(%rax), %rcx
    jb trap_stays
    addq $INTERRUPT_ROOM - 80, %rcx
    andq $-16, %rcx
    .set word, 0
    .rept 9
    movq word(%rsp), %rax
    movq %rax, word(%rcx)
    .set word, word + 8
    .endr
    movq %rcx, %rsp
trap_stays:
    popq %rcx
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    movq %rsp, %rbx
    movq %rsp, %rdi
    subq xsave_area_bytes(%rip), %rsp
    andq $-64, %rsp
    // The header of the area must be zero where XSAVE leaves it alone.
    xorl %eax, %eax
    movq %rax, 512(%rsp)
    movq %rax, 520(%rsp)
    movq %rax, 528(%rsp)
    movq %rax, 536(%rsp)
    movq %rax, 544(%rsp)
    movq %rax, 552(%rsp)
    movq %rax, 560(%rsp)
    movq %rax, 568(%rsp)
    // All that features.c has enabled.
    movl $-1, %eax
    movl $-1, %edx
    xsave64 (%rsp)
    movq %rsp, %r12
    xorl %ebp, %ebp
    call kernel_trap
    movq %r12, %rsp
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 (%rsp)
    movq %rbx, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp
    iretq

// recovery_point: outer 0, rsp 8, rbp 16, resume 64, owner 72, interrupt_depth 76, flags 80, job 88, keep_alive 96.
// task_context: recovery 24, owner 32, keep_alive 36. cpu_local: current gs:8, interrupt_depth gs:20.
    .globl trap_guarded_call
trap_guarded_call:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $104, %rsp                     // a recovery point, and the stack aligned to 16 for the call
    movq %gs:8, %rax
    movq 24(%rax), %rcx
    movq %rcx, 0(%rsp)
    movq %rsp, 8(%rsp)
    movq %rbp, 16(%rsp)
    leaq trap_escaped(%rip), %rcx
    movq %rcx, 64(%rsp)
    movl 32(%rax), %ecx
    movl %ecx, 72(%rsp)
    movl 36(%rax), %ecx
    movl %ecx, 96(%rsp)
    movl %gs:20, %ecx
    movl %ecx, 76(%rsp)
    pushfq
    popq %rcx
    movq %rcx, 80(%rsp)
    movq %rdx, 88(%rsp)
    movq %rsp, 24(%rax)
    movq %rdi, %rcx
    movq %rsi, %rdi
    movq %rsi, %r13                     // where a Swift closure expects its context
    call *%rcx
    movq %gs:8, %rcx
    movq 0(%rsp), %rdx
    movq %rdx, 24(%rcx)
    xorl %eax, %eax
trap_guarded_return:
    leaq -40(%rbp), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

// The exception manager returns here with rsp and rbp as they were, and has taken the recovery point off the task's list.
trap_escaped:
    cld
    vzeroupper
    fninit
    ldmxcsr default_mxcsr(%rip)
    movl $1, %eax
    jmp trap_guarded_return

    .globl trap_escape_address
trap_escape_address:
    leaq trap_escaped(%rip), %rax
    ret

    .globl trap_raise
trap_raise:
    pushq %rbp
    movq %rsp, %rbp
    int $0x80
    popq %rbp
    ret

    .globl trap_load_tables
trap_load_tables:
    pushq %rbp
    movq %rsp, %rbp
    subq $32, %rsp
    movw %si, 0(%rsp)
    movq %rdi, 2(%rsp)
    lgdt 0(%rsp)
    movw %cx, 16(%rsp)
    movq %rdx, 18(%rsp)
    lidt 16(%rsp)
    movl $16, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    // A far return loads the code segment. FS and GS keep the bases that their registers hold.
    pushq $8
    leaq 1f(%rip), %rax
    pushq %rax
    lretq
1:  movl $24, %eax
    ltr %ax
    leave
    ret

    .globl trap_call_on_stack
trap_call_on_stack:
    movq %rdi, %rsp
    xorl %ebp, %ebp
    movq %rdx, %rdi
    pushq $0
    jmp *%rsi

    .section .rodata.default_mxcsr, "a"
    .balign 4
default_mxcsr: .long MXCSR_START
    .section .note.GNU-stack, "", @progbits
