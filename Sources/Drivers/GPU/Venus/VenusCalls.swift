// Vulkan by way of Venus: the generated calls with what they need beside them, memory and waiting.
import JaxPlatform

/// A host's Vulkan, spoken to over a transport.
public final class VenusCalls: VulkanPlatform {
    /// The timeline that the queue's fences are bound to; 0 means none.
    static let timeline: UInt8 = 1

    public let context: VenusContext
    private var mappings: [(memory: VkDeviceMemory, blob: VenusBlob)] = []

    public init(_ transport: any VenusTransport, commandBudget: UInt64 = 60_000_000_000) throws(AcceleratorError) {
        context = try VenusContext(transport, commandBudget: commandBudget)
    }

    public var nanoseconds: UInt64 { context.transport.nanoseconds }
    public var pollsMemory: Bool { true }

    public var queueTimeline: VkDeviceQueueTimelineInfoMESA? {
        context.transport.capset.supportsTimelines ? VkDeviceQueueTimelineInfoMESA(ringIdx: UInt32(VenusCalls.timeline)) : nil
    }

    public var isConnected: Bool { context.transport.isConnected }

    public func flush() throws(AcceleratorError) { try context.flush() }

    public func map(_ device: VkDevice, _ memory: VkDeviceMemory, byteCount: Int) throws(AcceleratorError) -> UInt? {
        try context.flush()
        guard let blob = try context.transport.makeBlob(id: memory.id, byteCount: byteCount) else { return nil }
        mappings.append((memory, blob))
        return blob.address
    }

    public func unmap(_ device: VkDevice, _ memory: VkDeviceMemory) {
        for index in mappings.indices where mappings[index].memory == memory {
            context.transport.free(mappings[index].blob)
            mappings.remove(at: index)
            return
        }
    }

    public func sleep(_ device: VkDevice, _ fence: VkFence, until deadline: UInt64, byInterrupt: Bool) throws(AcceleratorError) {
        if byInterrupt && context.transport.capset.supportsTimelines {
            try context.transport.requestInterrupt(timeline: VenusCalls.timeline)
        }
        context.transport.sleep(until: deadline)
    }

    public func close() {
        for (_, blob) in mappings { context.transport.free(blob) }
        mappings = []
        context.close()
    }
}
