// Submissions in order, and how their completion is learnt. Each submission uses one of a fixed number of slots in turn:
// a short command buffer that takes the time before a timed list, and one after every list that takes the time. Where the
// platform polls memory, that one also stores a 1 in the slot's word of shared memory, and no call is needed to learn of
// the end; elsewhere each slot has a fence.
import CPU
import JaxPlatform

final class VulkanStream: VulkanObject, AcceleratorStream {
    private static let slotCount = 32
    /// How long a submission may wait for its slot.
    private static let slotBudget: UInt64 = 60_000_000_000
    /// How long a waiting stream looks at its word before it sleeps: a sleep and its end cost about as much.
    private static let spinTime: UInt64 = 200_000
    /// After how long an interrupt is worth its request.
    private static let interruptTime: UInt64 = 10_000_000
    /// How often a waiting stream asks whether the device still works.
    private static let healthInterval: UInt64 = 200_000_000

    private struct Slot {
        var submission: UInt64 = 0
        var isTimed = false
        var fence = VkFence.null
        var before = VkCommandBuffer.null
        var after = VkCommandBuffer.null
    }

    private var commandPool = VkCommandPool.null
    private var queries = VkQueryPool.null
    private var words: VulkanRegion?
    private var wordAddress: UInt = 0
    /// Where words tell of completion: a fence that is asked only whether the device still works, and signalled by the
    /// last, empty submission.
    private var lastFence = VkFence.null
    private var slots = [Slot](repeating: Slot(), count: slotCount)
    private var last: UInt64 = 0
    private var completed: UInt64 = 0

    init(_ device: VulkanDevice, owner: AcceleratorOwner) throws(AcceleratorError) {
        super.init(device, name: "stream", owner: owner)
        do throws(AcceleratorError) {
            try makeParts()
        } catch {
            if !error.needsReset { try destroy() }
            throw error
        }
    }

    private func makeParts() throws(AcceleratorError) {
        let calls = device.platform
        commandPool = try calls.vkCreateCommandPool(device.device, VkCommandPoolCreateInfo(queueFamilyIndex: device.queueFamily))
        if device.timestampPeriod > 0 {
            queries = try calls.vkCreateQueryPool(
                device.device, VkQueryPoolCreateInfo(queryType: VK_QUERY_TYPE_TIMESTAMP, queryCount: UInt32(2 * VulkanStream.slotCount)))
        }
        guard calls.pollsMemory else { return }
        let region = try device.heap.allocate(4 * VulkanStream.slotCount, .host)
        guard let pointer = try device.heap.map(region) else { return try device.heap.free(region) }
        words = region
        wordAddress = UInt(bitPattern: pointer)
        lastFence = try calls.vkCreateFence(device.device, VkFenceCreateInfo())
    }

    func submit(_ list: any AcceleratorList) throws(AcceleratorError) -> UInt64 {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard let list = list as? VulkanList else { throw AcceleratorError(.invalidUse, "the list is another device's") }
        try list.validate()
        guard list.device === device else { throw AcceleratorError(.invalidUse, "the list is another device's") }
        do throws(AcceleratorError) {
            let submission = last + 1
            let index = Int(submission % UInt64(VulkanStream.slotCount))
            try prepare(index)
            let slot = slots[index]
            let calls = device.platform
            var buffers = [list.commandBuffer]
            let isTimed = list.isTimed && queries != .null
            if isTimed { buffers.insert(slot.before, at: 0) }
            if slot.after != .null { buffers.append(slot.after) }
            if words != nil { mmio_write32(wordAddress + UInt(4 * index), 0) }
            try calls.vkQueueSubmit(device.queue, [VkSubmitInfo(commandBuffers: buffers)], slot.fence)
            try calls.flush()
            last = submission
            slots[index].submission = submission
            slots[index].isTimed = isTimed
            list.used(by: self, submission)
            device.ledger.submissionCount += 1
            device.ledger.dispatchCount += list.dispatchCount
            return submission
        } catch {
            throw device.noting(error)
        }
    }

    func isComplete(_ submission: UInt64) throws(AcceleratorError) -> Bool {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard submission <= last else { throw AcceleratorError(.invalidUse, "submission \(submission) was never made") }
        do throws(AcceleratorError) { return try hasCompleted(submission) } catch { throw device.noting(error) }
    }

    func wait(for submission: UInt64, budget: UInt64) throws(AcceleratorError) {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard submission <= last else { throw AcceleratorError(.invalidUse, "submission \(submission) was never made") }
        do throws(AcceleratorError) {
            try self.await(submission, budget: budget, lettingOthersIn: true)
        } catch {
            throw device.noting(error)
        }
    }

    func completes(_ submission: UInt64, within nanoseconds: UInt64) throws(AcceleratorError) -> Bool {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        guard submission <= last else { throw AcceleratorError(.invalidUse, "submission \(submission) was never made") }
        do throws(AcceleratorError) {
            return try self.completes(submission, within: nanoseconds, lettingOthersIn: true)
        } catch {
            throw device.noting(error)
        }
    }

    func duration(of submission: UInt64) throws(AcceleratorError) -> UInt64? {
        device.access.enter()
        defer { device.access.leave() }
        try validate()
        let index = Int(submission % UInt64(VulkanStream.slotCount))
        guard queries != .null, slots[index].submission == submission, slots[index].isTimed, try hasCompleted(submission) else {
            return nil
        }
        do throws(AcceleratorError) {
            let (result, bytes) = try device.platform.vkGetQueryPoolResults(
                device.device, queries, UInt32(2 * index), 2, 16, 8, VK_QUERY_RESULT_64_BIT)
            guard result == VK_SUCCESS, bytes.count == 16 else { return nil }
            func ticks(_ start: Int) -> UInt64 { (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) } }
            let elapsed = Double(ticks(8) &- ticks(0)) * Double(device.timestampPeriod)
            return elapsed < 1e18 ? UInt64(elapsed) : nil
        } catch {
            throw device.noting(error)
        }
    }

    // Completion

    func hasCompleted(_ submission: UInt64) throws(AcceleratorError) -> Bool {
        if submission <= completed { return true }
        let index = Int(submission % UInt64(VulkanStream.slotCount))
        let isDone: Bool
        if words != nil {
            isDone = mmio_read32(wordAddress + UInt(4 * index)) == 1
        } else {
            isDone = try device.platform.vkGetFenceStatus(device.device, slots[index].fence) == VK_SUCCESS
        }
        if isDone { completed = submission }
        return isDone
    }

    /// Throws `timedOut` where that takes longer than `budget`.
    func await(_ submission: UInt64, budget: UInt64, lettingOthersIn: Bool = false) throws(AcceleratorError) {
        guard try completes(submission, within: budget, lettingOthersIn: lettingOthersIn) else {
            throw AcceleratorError(.timedOut, "submission \(submission) did not complete within \(budget / 1_000_000) ms and was cut off")
        }
    }

    /// Waits, first spinning, then sleeping for a sixteenth of what has gone by, so that short work is not noticed late;
    /// after `interruptTime` the device's interrupt ends the sleep. With `lettingOthersIn`, other tasks may use the device meanwhile.
    private func completes(_ submission: UInt64, within budget: UInt64, lettingOthersIn: Bool) throws(AcceleratorError) -> Bool {
        if submission <= completed { return true }
        let calls = device.platform
        let fence = words == nil ? slots[Int(submission % UInt64(VulkanStream.slotCount))].fence : lastFence
        let start = calls.nanoseconds
        if words != nil {
            repeat {
                if try hasCompleted(submission) { return true }
                cpu_pause()
            } while calls.nanoseconds - start < VulkanStream.spinTime
        }
        let (deadline, overflow) = start.addingReportingOverflow(budget)
        var health = start + VulkanStream.healthInterval, hasInterrupt = false
        while true {
            // Others may have lost the device while this task slept.
            if lettingOthersIn { try validate() }
            if try hasCompleted(submission) { return true }
            let now = calls.nanoseconds
            guard overflow || now < deadline else { return false }
            if words != nil && now >= health {
                // Throws where the device is lost.
                _ = try calls.vkGetFenceStatus(device.device, fence)
                health = now + VulkanStream.healthInterval
                hasInterrupt = false
            }
            let elapsed = now - start
            let wantsInterrupt = elapsed > VulkanStream.interruptTime && !hasInterrupt
            let pause = min(max(elapsed / 16, 50_000), hasInterrupt ? 20_000_000 : 2_000_000)
            if lettingOthersIn { device.access.leave() }
            defer { if lettingOthersIn { device.access.enter() } }
            try calls.sleep(device.device, fence, until: min(now + pause, overflow ? .max : deadline), byInterrupt: wantsInterrupt)
            if wantsInterrupt { hasInterrupt = true }
        }
    }

    /// Waits for everything submitted so far.
    func drain(budget: UInt64) throws(AcceleratorError) { try self.await(last, budget: budget) }

    // Slots

    /// Makes the slot ready for a new submission: its previous one is done, its fence unsignalled.
    private func prepare(_ index: Int) throws(AcceleratorError) {
        let calls = device.platform
        if slots[index].submission > 0 {
            try self.await(slots[index].submission, budget: VulkanStream.slotBudget)
            if words == nil { try calls.vkResetFences(device.device, [slots[index].fence]) }
        } else if slots[index].after == .null && slots[index].fence == .null {
            if words == nil { slots[index].fence = try calls.vkCreateFence(device.device, VkFenceCreateInfo()) }
            if queries != .null { slots[index].before = try recordBefore(index) }
            if queries != .null || words != nil { slots[index].after = try recordAfter(index) }
        }
    }

    /// A short command buffer; its last use may not have ended altogether when its word says that its work has.
    private func beginShort() throws(AcceleratorError) -> VkCommandBuffer {
        let calls = device.platform
        let buffer = try calls.vkAllocateCommandBuffers(device.device,
                                                        VkCommandBufferAllocateInfo(commandPool: commandPool, commandBufferCount: 1))[0]
        try calls.vkBeginCommandBuffer(buffer, VkCommandBufferBeginInfo(flags: VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT))
        return buffer
    }

    private func recordBefore(_ index: Int) throws(AcceleratorError) -> VkCommandBuffer {
        let calls = device.platform, buffer = try beginShort()
        try VulkanList.barrier(calls, buffer)
        try calls.vkCmdResetQueryPool(buffer, queries, UInt32(2 * index), 2)
        try calls.vkCmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, UInt32(2 * index))
        try calls.vkEndCommandBuffer(buffer)
        return buffer
    }

    private func recordAfter(_ index: Int) throws(AcceleratorError) -> VkCommandBuffer {
        let calls = device.platform, buffer = try beginShort()
        try VulkanList.barrier(calls, buffer)
        if queries != .null { try calls.vkCmdWriteTimestamp(buffer, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, UInt32(2 * index + 1)) }
        if let words {
            try calls.vkCmdFillBuffer(buffer, words.block.buffer, UInt64(words.offset + 4 * index), 4, 1)
            try VulkanList.barrier(calls, buffer, toHost: true)
        }
        try calls.vkEndCommandBuffer(buffer)
        return buffer
    }

    override func release() throws(AcceleratorError) {
        let calls = device.platform
        device.ledger.removeObject(owner)
        try self.await(last, budget: VulkanStream.slotBudget)
        guard last > 0, words != nil else { return try destroy() }
        // The words are stored before their submissions have ended altogether; an empty one behind them ends after them.
        try calls.vkQueueSubmit(device.queue, [], lastFence)
        for _ in 0..<50 {
            if try isIdle() { return try destroy() }
            try calls.sleep(device.device, lastFence, until: calls.nanoseconds + 100_000, byInterrupt: false)
        }
        device.retire(self)
    }

    override func isIdle() throws(AcceleratorError) -> Bool {
        try device.platform.vkGetFenceStatus(device.device, lastFence) == VK_SUCCESS
    }

    override func waitUntilIdle(budget: UInt64) throws(AcceleratorError) {
        let calls = device.platform, start = calls.nanoseconds
        while !(try isIdle()) {
            guard calls.nanoseconds - start < budget else {
                throw AcceleratorError(.timedOut, "the end of stream '\(name)' did not come in time")
            }
            try calls.sleep(device.device, lastFence, until: calls.nanoseconds + 1_000_000, byInterrupt: false)
        }
    }

    override func destroy() throws(AcceleratorError) {
        let calls = device.platform
        for slot in slots where slot.fence != .null { try calls.vkDestroyFence(device.device, slot.fence) }
        if lastFence != .null { try calls.vkDestroyFence(device.device, lastFence) }
        if commandPool != .null { try calls.vkDestroyCommandPool(device.device, commandPool) }
        if queries != .null { try calls.vkDestroyQueryPool(device.device, queries) }
        if let words { try device.heap.free(words) }
    }
}
