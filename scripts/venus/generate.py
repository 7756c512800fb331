#!/usr/bin/env python3
"""Generates the Swift of the Vulkan calls in calls.txt: generate.py [vk.xml] (libvulkan-dev's by default).

Sources/Drivers/GPU/Generated    structures, constants, the protocol of calls, and their Venus encoders and decoders
Sources/Host/Accelerator/Generated    the same calls on this host's own Vulkan driver
"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)
import native, swift, wire  # noqa: E402
from registry import Registry  # noqa: E402


def main():
    registry = Registry(sys.argv[1] if len(sys.argv) > 1 else '/usr/share/vulkan/registry/vk.xml', os.path.join(here, 'calls.txt'))
    top = os.path.dirname(os.path.dirname(here))
    files = {
        'Drivers/GPU/Generated/VulkanStructs.swift': swift.structs, 'Drivers/GPU/Generated/VulkanConstants.swift': swift.constants,
        'Drivers/GPU/Generated/VulkanCalls.swift': swift.protocol, 'Drivers/GPU/Generated/VenusStructs.swift': wire.encoders,
        'Drivers/GPU/Generated/VenusCalls+Generated.swift': wire.calls,
        'Host/Accelerator/Generated/NativeStructs.swift': native.structs, 'Host/Accelerator/Generated/NativeCalls.swift': native.calls,
    }
    for name, generate in files.items():
        path, text = os.path.join(top, 'Sources', name), generate(registry)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path) or open(path).read() != text:
            with open(path, 'w') as file:
                file.write(text)


main()
