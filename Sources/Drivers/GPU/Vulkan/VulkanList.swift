// A recorded command buffer with the descriptor sets that it uses.
import JaxPlatform

final class VulkanList: VulkanObject, AcceleratorList {
    let dispatchCount: Int
    let isTimed: Bool
    private(set) var commandBuffer = VkCommandBuffer.null
    private var commandPool = VkCommandPool.null
    private var descriptorPool = VkDescriptorPool.null
    private var buffers: [VulkanBuffer] = []
    private var kernels: [VulkanKernel] = []
    /// The latest submission on each stream that has run the list.
    private var uses: [(stream: VulkanStream, submission: UInt64)] = []

    init(_ device: VulkanDevice, _ commands: [AcceleratorCommand], timed: Bool, owner: AcceleratorOwner) throws(AcceleratorError) {
        dispatchCount = commands.dispatchCount
        isTimed = timed
        super.init(device, name: "list", owner: owner)
        for command in commands {
            try device.information.validate(command)
            for view in command.views { buffers.append(try own(view.buffer)) }
            if case .dispatch(let kernel, _, _, _) = command { kernels.append(try own(kernel)) }
        }
        do throws(AcceleratorError) {
            let sets = try makeSets(commands)
            try record(commands, sets)
        } catch {
            if device.failure == nil { try destroyPools() }
            throw error
        }
        for buffer in buffers { buffer.hold() }
        for kernel in kernels { kernel.hold() }
    }

    private func own(_ buffer: any AcceleratorBuffer) throws(AcceleratorError) -> VulkanBuffer {
        guard let own = buffer as? VulkanBuffer else { throw AcceleratorError(.invalidUse, "buffer '\(buffer.name)' is another device's") }
        guard own.device === device else { throw AcceleratorError(.invalidUse, "buffer '\(buffer.name)' is another device's") }
        return own
    }

    private func own(_ kernel: any AcceleratorKernel) throws(AcceleratorError) -> VulkanKernel {
        guard let own = kernel as? VulkanKernel else { throw AcceleratorError(.invalidUse, "kernel '\(kernel.name)' is another device's") }
        guard own.device === device else { throw AcceleratorError(.invalidUse, "kernel '\(kernel.name)' is another device's") }
        return own
    }

    /// One descriptor set for each dispatch that has buffers, in order.
    private func makeSets(_ commands: [AcceleratorCommand]) throws(AcceleratorError) -> [VkDescriptorSet] {
        let calls = device.platform
        var layouts: [VkDescriptorSetLayout] = [], bindings: [[BufferView]] = []
        for command in commands {
            if case .dispatch(let kernel, let views, _, _) = command, !views.isEmpty {
                layouts.append(try own(kernel).setLayout)
                bindings.append(views)
            }
        }
        guard !layouts.isEmpty else { return [] }
        let count = bindings.reduce(0) { $0 + $1.count }
        let size = VkDescriptorPoolSize(type: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptorCount: UInt32(count))
        descriptorPool = try calls.vkCreateDescriptorPool(device.device,
                                                          VkDescriptorPoolCreateInfo(maxSets: UInt32(layouts.count), poolSizes: [size]))
        let sets = try calls.vkAllocateDescriptorSets(device.device,
                                                      VkDescriptorSetAllocateInfo(descriptorPool: descriptorPool, setLayouts: layouts))
        var writes: [VkWriteDescriptorSet] = []
        for (set, views) in zip(sets, bindings) {
            for (index, view) in views.enumerated() {
                let region = try own(view.buffer).region
                let info = VkDescriptorBufferInfo(buffer: region.block.buffer,
                                                  offset: UInt64(region.offset + view.offset), range: UInt64(view.byteCount))
                writes.append(VkWriteDescriptorSet(
                    dstSet: set, dstBinding: UInt32(index), descriptorType: VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, bufferInfo: [info]))
            }
            if writes.count >= 64 {
                try calls.vkUpdateDescriptorSets(device.device, writes)
                writes.removeAll(keepingCapacity: true)
            }
        }
        if !writes.isEmpty { try calls.vkUpdateDescriptorSets(device.device, writes) }
        return sets
    }

    private func record(_ commands: [AcceleratorCommand], _ sets: [VkDescriptorSet]) throws(AcceleratorError) {
        let calls = device.platform
        commandPool = try calls.vkCreateCommandPool(device.device, VkCommandPoolCreateInfo(queueFamilyIndex: device.queueFamily))
        commandBuffer = try calls.vkAllocateCommandBuffers(device.device,
                                                           VkCommandBufferAllocateInfo(commandPool: commandPool, commandBufferCount: 1))[0]
        try calls.vkBeginCommandBuffer(commandBuffer, VkCommandBufferBeginInfo(flags: VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT))
        // What ran before on the queue, on whichever stream, is complete and visible.
        try VulkanList.barrier(calls, commandBuffer)
        var nextSet = 0
        for command in commands {
            switch command {
            case .barrier:
                try VulkanList.barrier(calls, commandBuffer)
            case .copy(let from, let to):
                let source = try own(from.buffer).region, target = try own(to.buffer).region
                let copy = VkBufferCopy(srcOffset: UInt64(source.offset + from.offset),
                                        dstOffset: UInt64(target.offset + to.offset), size: UInt64(from.byteCount))
                try calls.vkCmdCopyBuffer(commandBuffer, source.block.buffer, target.block.buffer, [copy])
            case .fill(let view, let pattern):
                let region = try own(view.buffer).region
                try calls.vkCmdFillBuffer(commandBuffer, region.block.buffer,
                                          UInt64(region.offset + view.offset), UInt64(view.byteCount), pattern)
            case .dispatch(let kernel, let bindings, let parameters, let groups):
                let kernel = try own(kernel)
                let set = bindings.isEmpty ? nil : sets[nextSet]
                if set != nil { nextSet += 1 }
                guard groups.volume > 0 else { continue }
                try calls.vkCmdBindPipeline(commandBuffer, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline)
                if let set {
                    try calls.vkCmdBindDescriptorSets(commandBuffer, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipelineLayout, 0, [set], [])
                }
                if !parameters.isEmpty {
                    try calls.vkCmdPushConstants(commandBuffer, kernel.pipelineLayout, VK_SHADER_STAGE_COMPUTE_BIT, 0, parameters)
                }
                try calls.vkCmdDispatch(commandBuffer, groups.x, groups.y, groups.z)
            }
        }
        try calls.vkEndCommandBuffer(commandBuffer)
    }

    /// Orders everything before against everything after; with `toHost` also against the machine's reads.
    static func barrier(_ calls: any VulkanPlatform, _ commandBuffer: VkCommandBuffer, toHost: Bool = false) throws(AcceleratorError) {
        let work = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT
        let writes = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT
        let after = toHost ? VK_ACCESS_HOST_READ_BIT : VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_TRANSFER_READ_BIT | writes
        try calls.vkCmdPipelineBarrier(
            commandBuffer, work, toHost ? VK_PIPELINE_STAGE_HOST_BIT : work,
            0, [VkMemoryBarrier(srcAccessMask: writes, dstAccessMask: after)])
    }

    // Use and end

    func used(by stream: VulkanStream, _ submission: UInt64) {
        for index in uses.indices where uses[index].stream === stream {
            uses[index].submission = submission
            return
        }
        uses.append((stream, submission))
    }

    override func isIdle() throws(AcceleratorError) -> Bool {
        for use in uses where !(try use.stream.hasCompleted(use.submission)) { return false }
        uses = []
        return true
    }

    override func waitUntilIdle(budget: UInt64) throws(AcceleratorError) {
        for use in uses { try use.stream.await(use.submission, budget: budget) }
        uses = []
    }

    override func release() throws(AcceleratorError) {
        device.ledger.removeObject(owner)
        if try isIdle() { try destroy() } else { device.retire(self) }
    }

    override func destroy() throws(AcceleratorError) {
        try destroyPools()
        for buffer in buffers { try buffer.letGo() }
        for kernel in kernels { try kernel.letGo() }
        buffers = []
        kernels = []
    }

    private func destroyPools() throws(AcceleratorError) {
        if commandPool != .null { try device.platform.vkDestroyCommandPool(device.device, commandPool) }
        if descriptorPool != .null { try device.platform.vkDestroyDescriptorPool(device.device, descriptorPool) }
    }
}
