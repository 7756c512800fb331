// The SSE control and status word with which tasks begin, for assembly, C and Swift.
//
// All exceptions masked, rounding to nearest, and the sticky flag "inexact" (bit 5) set already: nothing reads the flag, and
// QEMU's emulation uses the host's own floating point only where it is set (fpu/softfloat.c, can_use_fpu); without it a
// product of exact values is computed by integers, some five times slower. Intel SDM volume 1, 10.2.3.
#ifndef MXCSR_H
#define MXCSR_H

#define MXCSR_START 0x1FA0

#endif
