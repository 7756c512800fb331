// The switch between two tasks: what a function call must keep goes onto the old stack and comes from the new one.
// Vector registers belong to no one across a call; where an interrupt switches, its stub has saved them.

    .section .text.switch_task, "ax"
    .code64
    // void switch_task(task_context *from, task_context *to); the first field of both is the saved stack pointer.
    .globl switch_task
switch_task:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    stmxcsr (%rsp)
    fnstcw 4(%rsp)
    movq %rsp, (%rdi)
    movq (%rsi), %rsp
    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .section .note.GNU-stack, "", @progbits
