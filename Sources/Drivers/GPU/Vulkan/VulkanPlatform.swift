// What the object layer needs beside the Vulkan calls themselves. Two implementations: Venus, and a driver of this host.
import JaxPlatform

/// A Vulkan implementation with memory and waiting.
public protocol VulkanPlatform: VulkanCalls {
    var nanoseconds: UInt64 { get }

    /// Whether completion is told by a word in shared memory rather than by asking for a fence's status.
    var pollsMemory: Bool { get }

    /// What to chain to the queue's request, where the transport binds fences to queues.
    var queueTimeline: VkDeviceQueueTimelineInfoMESA? { get }

    /// Whether what was made on it can still be there.
    var isConnected: Bool { get }

    /// Hands over calls that were gathered.
    func flush() throws(AcceleratorError)

    /// Maps host-visible memory whole; nil where there is no room for it.
    func map(_ device: VkDevice, _ memory: VkDeviceMemory, byteCount: Int) throws(AcceleratorError) -> UInt?

    /// Undoes `map`; does nothing for memory that is not mapped.
    func unmap(_ device: VkDevice, _ memory: VkDeviceMemory)

    /// Sleeps until the fence may have been signalled, or until `deadline`; may return early.
    func sleep(_ device: VkDevice, _ fence: VkFence, until deadline: UInt64, byInterrupt: Bool) throws(AcceleratorError)

    /// Ends it; whatever still exists goes with it.
    func close()
}
