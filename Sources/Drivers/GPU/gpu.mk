# The generated Vulkan calls, and the Debian 13 root with a Venus-capable QEMU where the host's own is too old.
.PHONY: generated venus-root

registry := /usr/share/vulkan/registry/vk.xml

generated: Sources/Drivers/GPU/Generated/VulkanCalls.swift

Sources/Drivers/GPU/Generated/VulkanCalls.swift: $(wildcard scripts/venus/*) $(wildcard $(registry))
	@python3 scripts/venus/generate.py $(registry)
	@touch $@

venus-root:
	@scripts/setup/venus-root.sh --if-needed
