// Device memory in blocks. A small buffer is a range of a shared block, so that making and freeing it asks nothing of
// the device; a large one has a block of its own. A block is one VkBuffer over one VkDeviceMemory.
import JaxPlatform

/// One piece of device memory, mapped when first needed.
final class VulkanBlock {
    let buffer: VkBuffer
    let memory: VkDeviceMemory
    let byteCount: Int
    let isHostVisible: Bool
    let isShared: Bool
    var ranges: RangeAllocator
    private var address: UInt?
    private(set) var deviceAddress: UInt64?

    init(buffer: VkBuffer, memory: VkDeviceMemory, byteCount: Int, isHostVisible: Bool, isShared: Bool, deviceAddress: UInt64?) {
        self.buffer = buffer
        self.memory = memory
        self.byteCount = byteCount
        self.isHostVisible = isHostVisible
        self.isShared = isShared
        self.deviceAddress = deviceAddress
        ranges = RangeAllocator(size: byteCount, granule: VulkanHeap.granule)
    }

    /// Where the machine sees the block; nil if it cannot, or the window has no room now.
    func map(_ platform: any VulkanPlatform, _ device: VkDevice) throws(AcceleratorError) -> UInt? {
        if let address { return address }
        guard isHostVisible else { return nil }
        address = try platform.map(device, memory, byteCount: byteCount)
        return address
    }
}

/// A range of a block.
struct VulkanRegion {
    let block: VulkanBlock
    let offset: Int
    let byteCount: Int
}

/// All device memory of one device.
final class VulkanHeap {
    /// What offsets and sizes are multiples of; no device asks for more than 256.
    static let granule = 256
    private static let sharedBlockByteCount = 16 << 20
    private static let largestShared = 2 << 20

    /// What memory is wanted for.
    enum Purpose {
        /// Kernels' data: as near to the device as possible.
        case device
        /// Words and bytes on their way to and from the machine: must be mapped.
        case host
    }

    private let platform: any VulkanPlatform
    private let device: VkDevice
    private let memory: VkPhysicalDeviceMemoryProperties
    private let hasAddresses: Bool
    private var deviceBlocks: [VulkanBlock] = []
    private var hostBlocks: [VulkanBlock] = []
    /// Bytes that the device has given, whoever uses them.
    private(set) var byteCount = 0

    init(_ platform: any VulkanPlatform, _ device: VkDevice, _ memory: VkPhysicalDeviceMemoryProperties,
         _ information: AcceleratorInformation) {
        self.platform = platform
        self.device = device
        self.memory = memory
        hasAddresses = information.features.contains(.bufferAddresses)
    }

    func allocate(_ byteCount: Int, _ purpose: Purpose) throws(AcceleratorError) -> VulkanRegion {
        guard byteCount <= VulkanHeap.largestShared else {
            let block = try makeBlock((byteCount + 4095) & ~4095, purpose, isShared: false)
            _ = block.ranges.allocate(block.byteCount)
            return VulkanRegion(block: block, offset: 0, byteCount: block.byteCount)
        }
        for block in purpose == .device ? deviceBlocks : hostBlocks where block.isShared {
            if let offset = block.ranges.allocate(byteCount) { return VulkanRegion(block: block, offset: offset, byteCount: byteCount) }
        }
        let block = try makeBlock(purpose == .device ? VulkanHeap.sharedBlockByteCount : VulkanHeap.largestShared, purpose, isShared: true)
        guard let offset = block.ranges.allocate(byteCount) else {
            throw AcceleratorError(.outOfMemory, "a block has no room for \(byteCount) bytes")
        }
        return VulkanRegion(block: block, offset: offset, byteCount: byteCount)
    }

    func free(_ region: VulkanRegion) throws(AcceleratorError) {
        region.block.ranges.deallocate(region.offset, region.byteCount)
        if region.block.ranges.isEmpty && !region.block.isShared { try destroy(region.block) }
    }

    /// Gives back shared blocks that nothing is in.
    func trim() throws(AcceleratorError) {
        for block in deviceBlocks + hostBlocks where block.ranges.isEmpty { try destroy(block) }
    }

    /// The bytes of a region as the machine sees them; nil where it cannot.
    func map(_ region: VulkanRegion) throws(AcceleratorError) -> UnsafeMutableRawPointer? {
        guard let address = try region.block.map(platform, device) else { return nil }
        return UnsafeMutableRawPointer(bitPattern: address + UInt(region.offset))
    }

    private func makeBlock(_ byteCount: Int, _ purpose: Purpose, isShared: Bool) throws(AcceleratorError) -> VulkanBlock {
        var usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT
        if hasAddresses { usage |= VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT }
        let buffer = try platform.vkCreateBuffer(device, VkBufferCreateInfo(size: UInt64(byteCount), usage: usage))
        do throws(AcceleratorError) {
            var needed = VkMemoryRequirements()
            try platform.vkGetBufferMemoryRequirements(device, buffer, &needed)
            guard needed.size <= UInt64(Int.max / 2), needed.size >= UInt64(byteCount),
                  let type = type(needed.memoryTypeBits, purpose) else {
                throw AcceleratorError(.outOfMemory, "no memory type suits a buffer of \(byteCount) bytes")
            }
            var allocation = VkMemoryAllocateInfo(allocationSize: (needed.size + 4095) & ~4095, memoryTypeIndex: UInt32(type))
            if hasAddresses {
                allocation.chainedMemoryAllocateFlagsInfo = VkMemoryAllocateFlagsInfo(flags: VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT)
            }
            let memory = try platform.vkAllocateMemory(device, allocation)
            do throws(AcceleratorError) {
                try platform.vkBindBufferMemory(device, buffer, memory, 0)
                let address = hasAddresses ? try platform.vkGetBufferDeviceAddress(device, VkBufferDeviceAddressInfo(buffer: buffer)) : nil
                let flags = self.memory.memoryTypes[type].propertyFlags
                let block = VulkanBlock(
                    buffer: buffer, memory: memory, byteCount: byteCount,
                    isHostVisible: flags & VulkanHeap.mappable == VulkanHeap.mappable, isShared: isShared, deviceAddress: address)
                if purpose == .device { deviceBlocks.append(block) } else { hostBlocks.append(block) }
                self.byteCount += byteCount
                return block
            } catch {
                try platform.vkFreeMemory(device, memory)
                throw error
            }
        } catch {
            try platform.vkDestroyBuffer(device, buffer)
            throw error
        }
    }

    private static let mappable = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT

    /// The memory type with the most of what the purpose wants; the driver lists better ones first.
    private func type(_ allowed: UInt32, _ purpose: Purpose) -> Int? {
        let wishes: [UInt32]
        switch purpose {
        case .device: wishes = [VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0]
        case .host: wishes = [VulkanHeap.mappable | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, VulkanHeap.mappable]
        }
        for wish in wishes {
            for index in 0..<Int(memory.memoryTypeCount) where allowed & 1 << UInt32(index) != 0 {
                if memory.memoryTypes[index].propertyFlags & wish == wish { return index }
            }
        }
        return nil
    }

    private func destroy(_ block: VulkanBlock) throws(AcceleratorError) {
        deviceBlocks.removeAll { $0 === block }
        hostBlocks.removeAll { $0 === block }
        byteCount -= block.byteCount
        platform.unmap(device, block.memory)
        try platform.vkDestroyBuffer(device, block.buffer)
        try platform.vkFreeMemory(device, block.memory)
    }
}
