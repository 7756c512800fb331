// A Vulkan driver of this host, called through libvulkan: the same object layer as on the machine, without the machine.
import Foundation
import GPU
import JaxPlatform

/// This host's own Vulkan.
public final class NativeVulkan: VulkanPlatform {
    private let library: UnsafeMutableRawPointer
    private var symbols: [String: UnsafeMutableRawPointer] = [:]

    private let largestMapping: Int

    /// Throws `unavailable` where libvulkan is not installed. Memory of more than `largestMapping` bytes is treated as out of
    /// the processor's sight.
    public init(largestMapping: Int = .max) throws(AcceleratorError) {
        guard let library = dlopen("libvulkan.so.1", RTLD_NOW) else {
            throw AcceleratorError(.unavailable, "libvulkan.so.1 is not installed (package libvulkan1)")
        }
        self.library = library
        self.largestMapping = largestMapping
    }

    func symbol(_ name: String) throws(AcceleratorError) -> UnsafeMutableRawPointer {
        if let known = symbols[name] { return known }
        guard let found = dlsym(library, name) else { throw AcceleratorError(.unavailable, "libvulkan has no \(name)") }
        symbols[name] = found
        return found
    }

    @discardableResult
    func check(_ result: Int32, _ call: String) throws(AcceleratorError) -> VkResult {
        let result = VkResult(rawValue: result)
        try result.check(call)
        return result
    }

    public var nanoseconds: UInt64 { DispatchTime.now().uptimeNanoseconds }
    public var pollsMemory: Bool { false }
    public var queueTimeline: VkDeviceQueueTimelineInfoMESA? { nil }
    public var isConnected: Bool { true }
    public func flush() {}

    public func map(_ device: VkDevice, _ memory: VkDeviceMemory, byteCount: Int) throws(AcceleratorError) -> UInt? {
        guard byteCount <= largestMapping else { return nil }
        let map = unsafeBitCast(
            try symbol("vkMapMemory"),
            to: (@convention(c) (UInt64, UInt64, UInt64, UInt64, UInt32, UnsafeMutableRawPointer?) -> Int32).self)
        var address: UInt = 0
        let result = withUnsafeMutablePointer(to: &address) { map(device.id, memory.id, 0, UInt64(byteCount), 0, $0) }
        try check(result, "vkMapMemory")
        return address
    }

    /// Freeing memory unmaps it.
    public func unmap(_ device: VkDevice, _ memory: VkDeviceMemory) {}

    public func sleep(_ device: VkDevice, _ fence: VkFence, until deadline: UInt64, byInterrupt: Bool) throws(AcceleratorError) {
        let now = nanoseconds
        guard deadline > now else { return }
        let wait = unsafeBitCast(
            try symbol("vkWaitForFences"),
            to: (@convention(c) (UInt64, UInt32, UnsafeRawPointer, UInt32, UInt64) -> Int32).self)
        var fence = fence.id
        try check(withUnsafePointer(to: &fence) { wait(device.id, 1, $0, 1, deadline - now) }, "vkWaitForFences")
    }

    /// The process keeps the library, and what was not freed ends with the process.
    public func close() {}
}

extension VulkanAccelerator {
    /// This host's own Vulkan device behind the seam.
    public static func host() throws(AcceleratorError) -> VulkanAccelerator {
        try VulkanAccelerator { () throws(AcceleratorError) in try NativeVulkan() }
    }
}
