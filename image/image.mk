# The two images, both linked from the one static library of the ring 0 build.
#   build/barejax.elf   PVH, for qemu -kernel
#   build/BOOTX64.EFI   EFI application
#   build/barejax.img   GPT disk with an EFI system partition that holds it

SWIFT ?= swift
# Where the toolchain is, whatever starts it; nothing without Swift, of which set-up speaks.
SWIFT_LIB := $(abspath $(shell $(SWIFT) -print-target-info 2> /dev/null | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/..)
EMBEDDED_LIB := $(SWIFT_LIB)/swift/embedded/x86_64-unknown-none-elf
CLANG_RT := $(wildcard $(SWIFT_LIB)/clang/*/lib/linux/libclang_rt.builtins-x86_64.a)
LLD := $(SWIFT_LIB)/../bin/ld.lld

RING0_SCRATCH ?= .build-ring0
RING0_LIB := $(RING0_SCRATCH)/x86_64-unknown-none-elf/release/libBareJAX.a
RING0_FLAGS ?=
# The interpreter and libm, where their part of the build has made them.
PYTHON_LIB ?= build/micropython/libmicropython.a build/micropython/libm.a

LINKED_LIB := build/image/libBareJAX.a
IMAGE_LIBS = $(LINKED_LIB) $(PYTHON_LIB) $(EMBEDDED_LIB)/libswiftUnicodeDataTables.a $(CLANG_RT)

.PHONY: elf efi img ring0-library
elf: build/barejax.elf
efi: build/BOOTX64.EFI
img: build/barejax.img

# SwiftPM itself knows what is out of date. But the compiler leaves an object as it is where the code before optimisation is
# the same, also when its flags are not: then all objects go first.
ring0-library: generated
	@mkdir -p build/image $(RING0_SCRATCH)
	@flags=$$(grep '"-' Package.swift | cksum); [ "$$flags" = "$$(cat $(RING0_SCRATCH)/flags 2> /dev/null)" ] || \
		{ find $(RING0_SCRATCH) -name '*.swift.o' -delete; echo "$$flags" > $(RING0_SCRATCH)/flags; }
	@# The archive would keep the objects of files that are gone.
	@find $(RING0_SCRATCH) -name libBareJAX.a -delete
	RING0=1 $(SWIFT) build --triple x86_64-unknown-none-elf -c release --scratch-path $(RING0_SCRATCH) $(RING0_FLAGS)

$(RING0_LIB): ring0-library
	@:

$(LINKED_LIB): $(RING0_LIB) image/private-constants.sh
	@image/private-constants.sh $< $@

# Linked twice: the first link gives the addresses for the symbol table, which stands last and moves nothing.
PVH_LINK = $(LLD) -static -nostdlib --gc-sections --no-undefined -z noexecstack -u pvh_start \
	-T linker/pvh.ld --start-group $(IMAGE_LIBS) --end-group

build/barejax.elf: $(LINKED_LIB) $(PYTHON_LIB) linker/pvh.ld image/symbols.py image/check.py
	$(PVH_LINK) -o build/image/pvh.first
	python3 image/symbols.py build/image/pvh.first build/image/pvh.symbols.o
	$(PVH_LINK) build/image/pvh.symbols.o -o build/image/pvh.elf
	python3 image/check.py build/image/pvh.elf
	objcopy --strip-all build/image/pvh.elf $@

# gnu-efi's start-up code relocates the image and calls efi_main. All symbols are local, so that unused code goes.
EFI_LINK = ld -nostdlib -z nocombreloc -z noexecstack --no-undefined --gc-sections -shared -Bsymbolic -T linker/efi.lds \
	--version-script linker/efi.version /usr/lib/crt0-efi-x86_64.o
EFI_LIBS = --start-group $(IMAGE_LIBS) /usr/lib/libgnuefi.a --end-group

build/BOOTX64.EFI: $(LINKED_LIB) $(PYTHON_LIB) linker/efi.lds linker/efi.version image/symbols.py image/check.py
	$(EFI_LINK) $(EFI_LIBS) -o build/image/efi.first
	python3 image/symbols.py build/image/efi.first build/image/efi.symbols.o
	$(EFI_LINK) build/image/efi.symbols.o $(EFI_LIBS) -o build/image/efi.elf
	python3 image/check.py --relocatable build/image/efi.elf
	objcopy --strip-all -j .text -j .reloc -j .data -j .dynamic -j .rela -j .dynsym -j .dynstr -j .symbols \
		--output-target efi-app-x86_64 --subsystem 10 build/image/efi.elf $@

# What lies on the EFI partition beside the image: the folder's files, models/ among them.
ESP_FILES ?= image/esp

build/barejax.img: build/BOOTX64.EFI image/make-disk.sh $(shell find $(ESP_FILES) -type f 2>/dev/null)
	image/make-disk.sh $@ build/BOOTX64.EFI $(ESP_FILES)
