// From 32-bit protected mode into long mode, for the first processor and for the others (Intel SDM volume 3, 10.8.5).
// `page_map` is an operand that holds the physical address of a level-4 table; a far jump must follow.

    .macro ENABLE_LONG_MODE page_map
    movl $0x620, %eax                   // CR4: PAE, OSFXSR, OSXMMEXCPT
    movl %eax, %cr4
    movl \page_map, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx              // EFER: LME, NXE
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $0x80010023, %eax              // CR0: PG, WP, NE, MP, PE
    movl %eax, %cr0
    .endm
