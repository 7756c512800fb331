# The generated Vulkan calls, and the Debian 13 root with a Venus-capable QEMU where the host's own is too old.
.PHONY: generated venus-root

registry := /usr/share/vulkan/registry/vk.xml
generated_files := $(addprefix Sources/Drivers/GPU/Generated/, \
	VulkanStructs.swift VulkanConstants.swift VulkanCalls.swift VenusStructs.swift VenusCalls+Generated.swift) \
	$(addprefix Sources/Host/Accelerator/Generated/, NativeStructs.swift NativeCalls.swift)

# Not in the repository: nothing that builds Swift works before.
generated: $(generated_files)

$(generated_files) &: $(wildcard scripts/venus/*.py) scripts/venus/calls.txt $(wildcard $(registry))
	@python3 scripts/venus/generate.py $(registry)
	@touch $(generated_files)

venus-root:
	@scripts/setup/venus-root.sh --if-needed
