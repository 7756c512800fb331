# MicroPython and the C math library, for ring 0 (build/micropython/lib{m,micropython}.a) and for the hosted test program.
# Included by the Makefile; stands alone too: make -f Sources/Python/python.mk.

MPY       := build/micropython
MPY_SRC   := $(MPY)/src
MPY_PORT  := Sources/Python/port
ifndef SWIFT_BIN
SWIFT_BIN := $(abspath $(shell swift -print-target-info 2> /dev/null | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/../../bin)/
endif
CLANG     ?= $(SWIFT_BIN)clang
LLVM_AR   ?= $(shell command -v $(SWIFT_BIN)llvm-ar llvm-ar ar | head -n 1)

# -fPIC: the EFI image is linked as a shared object. No vector registers are assumed beyond Haswell's, as in Swift code.
RING0_C := --target=x86_64-unknown-none-elf -march=haswell -ffreestanding -nostdlibinc -fPIC -fvisibility=hidden \
           -mno-red-zone -fno-stack-protector -fomit-frame-pointer -ffunction-sections -fdata-sections -std=gnu11

.PHONY: python-libraries
python-libraries: $(MPY)/libm.a $(MPY)/libmicropython.a

MPY_CHANGES := $(wildcard scripts/micropython/*.py scripts/micropython/changes/*.py) $(MPY_PORT)/ordered_map.h $(MPY_PORT)/hash_set.h

$(MPY_SRC)/.complete: scripts/setup/micropython.sh $(MPY_CHANGES)
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

# --- the interpreter ---

GENHDR     := $(MPY)/genhdr

MPY_CORE   := $(patsubst $(MPY_SRC)/%,%,$(filter-out %/nlrsetjmp.c %/formatfloat.c,$(wildcard $(MPY_SRC)/py/*.c))) \
              $(addprefix extmod/,modbinascii.c modheapq.c modjson.c modrandom.c modre.c modtime.c) \
              shared/timeutils/timeutils.c \
              shared/runtime/sys_stdio_mphal.c
MPY_PORT_C := $(wildcard $(MPY_PORT)/*.c)
MPY_HEADERS := $(wildcard $(MPY_PORT)/*.h Sources/Python/Interface/include/*.h Sources/Python/libc/*.h)
MPY_C := $(RING0_C) -ISources/Python/libc -I$(MPY_PORT) -I$(MPY_SRC) -I$(MPY) -ISources/Python \
         -DPYTHON_PORT=1 -Wall -Wno-unknown-attributes -Wno-unused-function -Wno-initializer-overrides -DNDEBUG=0

# Names, modules and root pointers are collected from the preprocessed sources (docs/develop/qstr.rst).
MPY_SCANNED := $(addprefix $(MPY_SRC)/,$(filter-out py/nlr%,$(MPY_CORE))) $(MPY_PORT_C)

$(GENHDR)/mpversion.h: $(MPY_SRC)/.complete
	@mkdir -p $(@D)
	@cd $(MPY_SRC) && python3 py/makeversionhdr.py $(abspath $@) > /dev/null

$(GENHDR)/collected: $(MPY_SRC)/.complete $(GENHDR)/mpversion.h $(MPY_PORT_C) $(MPY_HEADERS)
	@echo "collecting MicroPython's names"
	@rm -rf $(GENHDR)/parts && mkdir -p $(GENHDR)/parts
	@python3 $(MPY_SRC)/py/makeqstrdefs.py pp $(CLANG) -E output $(GENHDR)/qstr.i.last \
	  cflags $(MPY_C) -w -DNO_QSTR cxxflags sources $(MPY_SCANNED) dependencies changed_sources $(MPY_SCANNED)
	@for kind in qstr module root_pointer; do \
	  python3 $(MPY_SRC)/py/makeqstrdefs.py split $$kind $(GENHDR)/qstr.i.last $(GENHDR)/parts/$$kind _ && \
	  python3 $(MPY_SRC)/py/makeqstrdefs.py cat $$kind _ $(GENHDR)/parts/$$kind $(GENHDR)/$$kind.collected > /dev/null || exit 1; \
	done
	@touch $@

$(GENHDR)/qstrdefs.generated.h: $(GENHDR)/collected
	@cat $(MPY_SRC)/py/qstrdefs.h $(GENHDR)/qstr.collected | sed 's/^Q(.*)/"&"/' | $(CLANG) -E $(MPY_C) - | \
	  sed 's/^"\(Q(.*)\)"/\1/' > $(GENHDR)/qstrdefs.preprocessed.h
	@python3 $(MPY_SRC)/py/makeqstrdata.py $(GENHDR)/qstrdefs.preprocessed.h > $@
	@python3 $(MPY_SRC)/py/makemoduledefs.py $(GENHDR)/module.collected > $(GENHDR)/moduledefs.h
	@python3 $(MPY_SRC)/py/make_root_pointers.py $(GENHDR)/root_pointer.collected > $(GENHDR)/root_pointers.h

# The modules in Python are compiled by MicroPython's own cross compiler, built from the same patched source.
FROZEN := $(shell cd Sources/Python/frozen && find . -name '*.py' | sed 's|^\./||' | LC_ALL=C sort)

$(MPY)/mpy-cross/mpy-cross: $(MPY_SRC)/.complete
	@echo "building mpy-cross"
	@rm -rf $(@D)
	@$(MAKE) -s -C $(MPY_SRC)/mpy-cross CC=$(CLANG) CPP="$(CLANG) -E" BUILD=$(abspath $(@D)) STRIP= SIZE=true \
	  CWARN=-w PROG=mpy-cross > /dev/null

$(MPY)/frozen/%.mpy: Sources/Python/frozen/%.py $(MPY)/mpy-cross/mpy-cross
	@mkdir -p $(@D)
	@$(MPY)/mpy-cross/mpy-cross -s $*.py -o $@ $<

$(MPY)/frozen_content.c: $(FROZEN:%.py=$(MPY)/frozen/%.mpy) $(GENHDR)/qstrdefs.generated.h
	@cd $(MPY)/frozen && python3 $(abspath $(MPY_SRC))/tools/mpy-tool.py -f -q $(abspath $(GENHDR))/qstrdefs.preprocessed.h \
	  -mlongint-impl=mpz -mmpz-dig-size=32 $(FROZEN:%.py=%.mpy) > $(abspath $@)

MPY_OBJECTS := $(MPY_CORE:%.c=$(MPY)/objects/%.o) $(MPY_PORT_C:$(MPY_PORT)/%.c=$(MPY)/objects/port/%.o) \
               $(MPY)/objects/frozen_content.o $(MPY)/objects/string.o
MPY_GENERATED := $(GENHDR)/qstrdefs.generated.h $(MPY_HEADERS)

# The interpreter's loop gains a fifth of its speed by -O2; the rest is small at -Os.
$(MPY)/objects/py/vm.o $(MPY)/objects/py/gc.o $(MPY)/objects/py/map.o: MPY_OPTIMISE := -O2
MPY_OPTIMISE := -Os

$(MPY)/objects/port/%.o: $(MPY_PORT)/%.c $(MPY_GENERATED)
	@mkdir -p $(@D)
	@$(CLANG) $(MPY_C) -Wextra -Wno-unused-parameter -Os -c $< -o $@

$(MPY)/objects/frozen_content.o: $(MPY)/frozen_content.c $(MPY_GENERATED)
	@mkdir -p $(@D)
	@$(CLANG) $(MPY_C) -w -Os -c $< -o $@

$(MPY)/objects/string.o: Sources/Python/libc/string.c
	@mkdir -p $(@D)
	@$(CLANG) $(RING0_C) -ISources/Python/libc -Wall -O2 -c $< -o $@

$(MPY)/objects/%.o: $(MPY_GENERATED)
	@mkdir -p $(@D)
	@$(CLANG) $(MPY_C) -w $(MPY_OPTIMISE) -c $(MPY_SRC)/$*.c -o $@

$(MPY)/libmicropython.a: $(MPY_OBJECTS)
	@rm -f $@
	@$(LLVM_AR) rcs $@ $^

# --- tests ---

# The library's accuracy, measured on the host; its symbols are renamed so that the host's own stand beside them.
.PHONY: test-libm
test-libm: $(MPY)/libm_accuracy
	$<

$(MPY)/libm_accuracy: Tests/Python/libm_accuracy.c $(MPY)/libm.a
	@objcopy --prefix-symbols=ring0_ $(MPY)/libm.a $(MPY)/libm_renamed.a
	@$(CLANG) -O1 -fno-builtin $< $(MPY)/libm_renamed.a -o $@ -lm

# The interpreter with its modules as a Linux program (Package.swift, hosted-python), and its tests on one summary line.
# SwiftPM does not see the archive change: the program is linked anew when it is older.
.PHONY: test-python hosted-python
hosted-python: $(MPY)/libmicropython.a
	@[ ! -e .build/debug/hosted-python ] || [ .build/debug/hosted-python -nt $< ] || rm -f .build/debug/hosted-python
	@BAREJAX_PYTHON=1 swift build --product hosted-python

test-python: hosted-python
	@Tests/Python/run.sh

# A seeded sample of printed arrays and operations, compared with real JAX.
.PHONY: compare-python
compare-python: hosted-python
	@build/venv/bin/python Tests/Python/against_jax.py .build/debug/hosted-python
