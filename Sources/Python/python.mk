# MicroPython and the C math library, for ring 0 (build/micropython/lib{m,micropython}.a) and for the hosted test program.
# Included by the Makefile; stands alone too: make -f Sources/Python/python.mk.

MPY       := build/micropython
MPY_SRC   := $(MPY)/src
SWIFT_BIN ?= $(dir $(realpath $(shell command -v swift)))
CLANG     ?= $(SWIFT_BIN)clang
LLVM_AR   ?= $(shell command -v $(SWIFT_BIN)llvm-ar llvm-ar ar | head -n 1)

# -fPIC: the EFI image is linked as a shared object. No vector registers are assumed beyond Haswell's, as in Swift code.
RING0_C := --target=x86_64-unknown-none-elf -march=haswell -ffreestanding -nostdlibinc -fPIC -fvisibility=hidden \
           -mno-red-zone -fno-stack-protector -fomit-frame-pointer -ffunction-sections -fdata-sections -std=gnu11

.PHONY: python-libraries
python-libraries: $(MPY)/libm.a

$(MPY_SRC)/.complete: scripts/setup/micropython.sh scripts/micropython/patch.py
	scripts/setup/micropython.sh
	@touch $@

# --- the C math library ---

# Sources/Python/libm replaces these members of lib/libm_dbl: one instruction is enough, or theirs is less precise.
LIBM_REPLACED := copysign floor ceil trunc rint nearbyint round sqrt thumb_vfp_sqrt tanh lgamma tgamma log10
LIBM_THEIRS   := acos acosh asin asinh atan atan2 atanh cos cosh erf exp expm1 fmod frexp ldexp log log1p modf pow \
                 scalbn sin sinh tan __cos __expo2 __fpclassify __rem_pio2 __rem_pio2_large __signbit __sin __tan
LIBM_OURS     := $(basename $(notdir $(wildcard Sources/Python/libm/*.c)))
LIBM_OBJECTS  := $(LIBM_THEIRS:%=$(MPY)/libm/theirs/%.o) $(LIBM_OURS:%=$(MPY)/libm/%.o)
# No contraction: the algorithms count on each product being rounded.
LIBM_C := $(RING0_C) -O2 -ffp-contract=off -fno-math-errno -ISources/Python/libc

$(MPY)/libm/theirs/%.o: $(MPY_SRC)/.complete Sources/Python/libc/math.h
	@mkdir -p $(@D)
	@$(CLANG) $(LIBM_C) -w -c $(MPY_SRC)/lib/libm_dbl/$*.c -o $@

$(MPY)/libm/%.o: Sources/Python/libm/%.c Sources/Python/libc/math.h
	@mkdir -p $(@D)
	@$(CLANG) $(LIBM_C) -Wall -Wextra -c $< -o $@

$(MPY)/libm.a: $(LIBM_OBJECTS)
	@rm -f $@
	@$(LLVM_AR) rcs $@ $^

# The library's accuracy, measured on the host; its symbols are renamed so that the host's own stand beside them.
.PHONY: test-libm
test-libm: $(MPY)/libm_accuracy
	$<

$(MPY)/libm_accuracy: Tests/Python/libm_accuracy.c $(MPY)/libm.a
	@objcopy --prefix-symbols=ring0_ $(MPY)/libm.a $(MPY)/libm_renamed.a
	@$(CLANG) -O1 -fno-builtin $< $(MPY)/libm_renamed.a -o $@ -lm
