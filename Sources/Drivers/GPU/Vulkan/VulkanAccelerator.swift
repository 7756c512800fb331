// The accelerator seam over Vulkan: makes objects on the present device, and a new device where the last one failed.
import JaxPlatform

/// An accelerator that is a Vulkan device.
public final class VulkanAccelerator: Accelerator {
    public let ledger = AcceleratorLedger()
    private let access: any AcceleratorAccess
    private let connect: () throws(AcceleratorError) -> any VulkanPlatform
    private var device: VulkanDevice

    /// `connect` gives a fresh connection; it is called now and after every loss.
    public init(
        access: any AcceleratorAccess = UnguardedAccess(), _ connect: @escaping () throws(AcceleratorError) -> any VulkanPlatform
    ) throws(AcceleratorError) {
        self.access = access
        self.connect = connect
        access.enter()
        defer { access.leave() }
        device = try VulkanAccelerator.open(connect, ledger, access)
        access.whenAbandoned = { self.device.fail(AcceleratorError(.deviceLost, "a task ended in the middle of a call")) }
    }

    private static func open(
        _ connect: () throws(AcceleratorError) -> any VulkanPlatform, _ ledger: AcceleratorLedger, _ access: any AcceleratorAccess
    ) throws(AcceleratorError) -> VulkanDevice {
        let platform = try connect()
        do throws(AcceleratorError) {
            return try VulkanDevice(platform, ledger, access)
        } catch {
            platform.close()
            throw error
        }
    }

    public var information: AcceleratorInformation {
        access.enter()
        defer { access.leave() }
        return device.information
    }

    /// A failed device counts as the one that will take its place.
    public var generation: Int {
        access.enter()
        defer { access.leave() }
        device.notice()
        return ledger.resetCount + (device.failure == nil ? 0 : 1)
    }

    /// Bytes of all buffers, for whoever asks beside the device's users.
    public var usedByteCount: Int {
        access.enter()
        defer { access.leave() }
        return ledger.byteCount
    }

    /// Bytes of device memory that are taken, shared blocks counted whole.
    public var reservedByteCount: Int {
        access.enter()
        defer { access.leave() }
        return device.failure == nil ? device.heap.byteCount : 0
    }

    public func makeBuffer(byteCount: Int, name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorBuffer {
        try make { (device) throws(AcceleratorError) in
            try device.information.validateBuffer(byteCount: byteCount, name: name)
            let region = try device.heap.allocate(byteCount, .device)
            let buffer = VulkanBuffer(device, region, name: name, byteCount: byteCount, owner: owner)
            device.ledger.addBuffer(byteCount, owner)
            device.add(buffer)
            return buffer
        }
    }

    public func makeModule(_ words: [UInt32], name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorModule {
        try make { (device) throws(AcceleratorError) in
            try self.registered(VulkanModule(device, words, name: name, owner: owner))
        }
    }

    public func makeKernel(_ module: any AcceleratorModule, _ layout: KernelLayout) throws(AcceleratorError) -> any AcceleratorKernel {
        guard let own = module as? VulkanModule else { throw AcceleratorError(.invalidUse, "module '\(module.name)' is another device's") }
        access.enter()
        defer { access.leave() }
        try own.validate()
        return try make { (device) throws(AcceleratorError) in
            guard own.device === device else { throw AcceleratorError(.invalidUse, "module '\(own.name)' is another device's") }
            try device.information.validate(layout)
            return try self.registered(VulkanKernel(own, layout))
        }
    }

    public func makeList(_ commands: [AcceleratorCommand], timed: Bool,
                         owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorList {
        access.enter()
        defer { access.leave() }
        // What was lost with an earlier device is no fault of the present one.
        for command in commands {
            for view in command.views { if let own = view.buffer as? VulkanBuffer { try own.validate() } }
            if case .dispatch(let kernel, _, _, _) = command, let own = kernel as? VulkanKernel { try own.validate() }
        }
        return try make { (device) throws(AcceleratorError) in
            try self.registered(VulkanList(device, commands, timed: timed, owner: owner))
        }
    }

    public func makeStream(owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorStream {
        try make { (device) throws(AcceleratorError) in
            try self.registered(VulkanStream(device, owner: owner))
        }
    }

    public func end(owner: AcceleratorOwner, budget: UInt64) {
        access.enter()
        defer { access.leave() }
        device.notice()
        guard device.failure == nil else { return }
        do throws(AcceleratorError) {
            let objects = device.objects(of: owner)
            // Streams wait for their work when freed: cut it off first if it outlives the budget.
            let start = device.platform.nanoseconds
            for object in objects {
                guard let stream = object as? VulkanStream else { continue }
                let spent = device.platform.nanoseconds - start
                try stream.drain(budget: budget > spent ? budget - spent : 0)
            }
            for object in objects { object.free() }
            guard device.failure == nil else { return }
            try device.drain(owner, budget: budget)
            try device.heap.trim()
            try device.platform.flush()
        } catch {
            _ = device.noting(error)
        }
    }

    public func reset() throws(AcceleratorError) {
        access.enter()
        defer { access.leave() }
        device.fail(AcceleratorError(.deviceLost, "the device was reset"))
        device = try VulkanAccelerator.open(connect, ledger, access)
        ledger.resetCount += 1
    }

    /// Ends the connection; the accelerator is of no use afterwards.
    public func close() {
        access.enter()
        defer { access.leave() }
        device.fail(AcceleratorError(.deviceLost, "the device was closed"))
    }

    private func registered<Object: VulkanObject>(_ object: Object) -> Object {
        object.device.add(object)
        ledger.addObject(object.owner)
        return object
    }

    /// Runs `body` on a device that works.
    private func make<Result>(_ body: (VulkanDevice) throws(AcceleratorError) -> Result) throws(AcceleratorError) -> Result {
        access.enter()
        defer { access.leave() }
        device.notice()
        if device.failure != nil { try reset() }
        do throws(AcceleratorError) {
            try device.collect()
            return try body(device)
        } catch {
            throw device.noting(error)
        }
    }
}
