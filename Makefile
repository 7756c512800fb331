# BareJAX. `make` sets up and builds everything in build/; `make run` boots to the prompt; `make test` runs every test.
.DEFAULT_GOAL := all
include image/image.mk
include Sources/Python/python.mk
include Sources/Drivers/GPU/gpu.mk

.PHONY: all setup command hosted-bench run test soak debug conformance bench image clean

# The images come by a second make: what MicroPython's source holds is read when make starts, so set-up must be over.
all: setup command hosted-bench
	@$(MAKE) -s elf img

# What is missing on this machine; quick when nothing is.
setup:
	@scripts/setup/system.sh
	@scripts/setup/micropython.sh
	@scripts/setup/venv.sh
	@scripts/setup/venus-root.sh --if-needed
	@$(MAKE) -s generated

# The host's command.
command: setup
	@mkdir -p build
	@swift build -c release --product barejax
	@cp -f .build/release/barejax build/barejax

# What measures the JAX layer on the host, compiled for the images' processors.
hosted-bench: setup
	@mkdir -p build
	@BAREJAX_BENCH=1 swift build -c release --product hosted-bench --scratch-path .build-bench
	@cp -f .build-bench/release/hosted-bench build/hosted-bench

run: all
	@build/barejax boot --efi

test: setup command
	@$(MAKE) -s elf img
	@scripts/test.sh

# The whole campaign of faults on purpose, with two seeds, texts out for trouble, and random programs; `make test` runs short forms.
soak: setup
	@$(MAKE) -s elf
	@swift build --product soak
	@swift build --product prompt-fuzz
	@.build/debug/soak --count 10000 --seed 1 --mixed 300
	@.build/debug/soak --count 10000 --seed 2
	@.build/debug/prompt-fuzz --calls 20000 --texts 500
	@swift run -c release program-fuzz --count 100000 --seed 7

# The PVH image halted at its first instruction, with QEMU's gdb port and, where gdb is installed, gdb with the symbols.
debug: setup
	@$(MAKE) -s elf
	@image/debug.sh

# Every case of JAX's own test harnesses that lowers, as a table; every transformation; every conformance program, written and executed by real
# JAX. About an hour.
conformance: all
	@build/venv/bin/python Tests/Differential/transforms_test.py
	@build/venv/bin/python Tests/Differential/harness.py --all
	@build/venv/bin/python Tests/Differential/written.py --all

bench: all
	@build/venv/bin/python Tests/Bench/bench.py

# The disk image, and the line that boots it without the command.
image: setup
	@$(MAKE) -s img
	@image/boot-line.sh

clean:
	rm -rf build .build .build-ring0 .build-bench
