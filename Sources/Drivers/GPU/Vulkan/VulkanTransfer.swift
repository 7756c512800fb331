// Copies on the device that are waited for: what passes between memory that the machine cannot see and memory that it can.
// One command buffer and one fence serve all of them, one after the other.
import JaxPlatform

/// One device's copier; lives as long as the device.
final class VulkanTransfer {
    /// How long one copy may take.
    private static let budget: UInt64 = 10_000_000_000

    private var commandPool = VkCommandPool.null
    private var commandBuffer = VkCommandBuffer.null
    private var fence = VkFence.null

    /// Copies and waits. What the queue has to do before is done first.
    func run(_ device: VulkanDevice, from: VulkanRegion, to: VulkanRegion, byteCount: Int) throws(AcceleratorError) {
        let calls = device.platform
        try prepare(device)
        try calls.vkBeginCommandBuffer(commandBuffer, VkCommandBufferBeginInfo(flags: VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT))
        try VulkanList.barrier(calls, commandBuffer)
        try calls.vkCmdCopyBuffer(
            commandBuffer, from.block.buffer, to.block.buffer,
            [VkBufferCopy(srcOffset: UInt64(from.offset), dstOffset: UInt64(to.offset), size: UInt64(byteCount))])
        try VulkanList.barrier(calls, commandBuffer, toHost: true)
        try calls.vkEndCommandBuffer(commandBuffer)
        try calls.vkQueueSubmit(device.queue, [VkSubmitInfo(commandBuffers: [commandBuffer])], fence)
        try calls.flush()
        let deadline = calls.nanoseconds + VulkanTransfer.budget
        var pause: UInt64 = 50_000
        while try calls.vkGetFenceStatus(device.device, fence) != VK_SUCCESS {
            let now = calls.nanoseconds
            guard now < deadline else {
                throw AcceleratorError(.timedOut,
                                       "a copy of \(byteCount) bytes did not complete in \(VulkanTransfer.budget / 1_000_000_000) s")
            }
            try calls.sleep(device.device, fence, until: now + pause, byInterrupt: false)
            pause = min(pause * 2, 5_000_000)
        }
        try calls.vkResetFences(device.device, [fence])
    }

    private func prepare(_ device: VulkanDevice) throws(AcceleratorError) {
        let calls = device.platform
        if commandPool == .null {
            commandPool = try calls.vkCreateCommandPool(
                device.device, VkCommandPoolCreateInfo(flags: VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
                                                       queueFamilyIndex: device.queueFamily))
        }
        if commandBuffer == .null {
            commandBuffer = try calls.vkAllocateCommandBuffers(
                device.device, VkCommandBufferAllocateInfo(commandPool: commandPool, commandBufferCount: 1))[0]
        }
        if fence == .null { fence = try calls.vkCreateFence(device.device, VkFenceCreateInfo()) }
    }
}
