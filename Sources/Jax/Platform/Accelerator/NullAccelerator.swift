// A device that executes nothing. It checks everything that a real one checks before it hands work on, keeps the same
// ledger, and stores what is written to its buffers, so that code above the seam can be tested anywhere.

/// An accelerator without hardware: buffers hold what is written, copied or filled; kernels do nothing.
public final class NullAccelerator: Accelerator {
    public let information: AcceleratorInformation
    public let ledger = AcceleratorLedger()
    public var usedByteCount: Int { ledger.byteCount }
    public private(set) var generation = 0
    private var objects: [NullObject] = []

    public init(memoryByteCount: UInt64 = 1 << 30) {
        var information = AcceleratorInformation()
        information.name = "null"
        information.memoryByteCount = memoryByteCount
        information.limits.workgroupSize = Extent3(1024, 1024, 64)
        information.limits.workgroupInvocations = 1024
        information.limits.workgroupCount = Extent3(65535, 65535, 65535)
        information.limits.sharedByteCount = 32768
        information.limits.bindingCount = 16
        information.limits.parameterByteCount = 128
        information.limits.viewAlignment = 16
        information.limits.bufferByteCount = memoryByteCount
        information.limits.viewByteCount = memoryByteCount
        self.information = information
    }

    public func makeBuffer(byteCount: Int, name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorBuffer {
        try information.validateBuffer(byteCount: byteCount, name: name)
        guard UInt64(ledger.byteCount) + UInt64(byteCount) <= information.memoryByteCount else {
            throw AcceleratorError(.outOfMemory, "no room for buffer '\(name)' of \(byteCount) bytes")
        }
        let buffer = NullBuffer(self, name: name, byteCount: byteCount, owner: owner, generation: generation)
        ledger.addBuffer(byteCount, owner)
        objects.append(buffer)
        return buffer
    }

    public func makeModule(_ words: [UInt32], name: String, owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorModule {
        guard words.count >= 5, words[0] == 0x0723_0203 else {
            throw AcceleratorError(.moduleRejected, "module '\(name)' does not begin like SPIR-V")
        }
        return add(NullModule(self, name: name, owner: owner, generation: generation))
    }

    public func makeKernel(_ module: any AcceleratorModule, _ layout: KernelLayout) throws(AcceleratorError) -> any AcceleratorKernel {
        guard let module = module as? NullModule, module.device === self else {
            throw AcceleratorError(.invalidUse, "module '\(module.name)' is another device's")
        }
        try module.validate()
        try information.validate(layout)
        return add(NullKernel(self, layout: layout, module: module, generation: generation))
    }

    public func makeList(_ commands: [AcceleratorCommand], timed: Bool,
                         owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorList {
        for command in commands {
            try information.validate(command)
            for view in command.views { _ = try resolve(view.buffer) }
            if case .dispatch(let kernel, _, _, _) = command {
                guard let kernel = kernel as? NullKernel, kernel.device === self else {
                    throw AcceleratorError(.invalidUse, "kernel '\(kernel.name)' is another device's")
                }
                try kernel.validate()
            }
        }
        return add(NullList(self, commands: commands, owner: owner, generation: generation))
    }

    public func makeStream(owner: AcceleratorOwner) throws(AcceleratorError) -> any AcceleratorStream {
        add(NullStream(self, owner: owner, generation: generation))
    }

    public func end(owner: AcceleratorOwner, budget: UInt64) {
        for object in objects where object.owner == owner { object.free() }
    }

    public func reset() {
        generation += 1
        for object in objects { object.isLost = true }
        objects = []
        ledger.clear()
        ledger.resetCount += 1
    }

    private func add<Object: NullObject>(_ object: Object) -> Object {
        objects.append(object)
        ledger.addObject(object.owner)
        return object
    }

    fileprivate func remove(_ object: NullObject) {
        for index in objects.indices where objects[index] === object {
            objects.remove(at: index)
            return
        }
    }

    fileprivate func resolve(_ buffer: any AcceleratorBuffer) throws(AcceleratorError) -> NullBuffer {
        guard let own = buffer as? NullBuffer, own.device === self else {
            throw AcceleratorError(.invalidUse, "buffer '\(buffer.name)' is another device's")
        }
        try own.validate()
        return own
    }

    fileprivate func execute(_ commands: [AcceleratorCommand]) throws(AcceleratorError) {
        for command in commands {
            switch command {
            case .dispatch: ledger.dispatchCount += 1
            case .barrier: break
            case .copy(let from, let to):
                let source = try resolve(from.buffer)
                let destination = try resolve(to.buffer)
                for index in 0..<from.byteCount { destination.bytes[to.offset + index] = source.bytes[from.offset + index] }
            case .fill(let view, let pattern):
                let buffer = try resolve(view.buffer)
                for index in 0..<view.byteCount {
                    buffer.bytes[view.offset + index] = UInt8(truncatingIfNeeded: pattern >> (8 * UInt32(index % 4)))
                }
            }
        }
        ledger.submissionCount += 1
    }
}

/// What every object of the null device has.
class NullObject {
    let device: NullAccelerator
    let name: String
    let owner: AcceleratorOwner
    let generation: Int
    fileprivate(set) var isLost = false
    private(set) var isFreed = false

    init(_ device: NullAccelerator, name: String, owner: AcceleratorOwner, generation: Int) {
        self.device = device
        self.name = name
        self.owner = owner
        self.generation = generation
    }

    func validate() throws(AcceleratorError) {
        if isLost { throw AcceleratorError(.deviceLost, "'\(name)' was lost when the device was reset") }
        if isFreed { throw AcceleratorError(.invalidUse, "'\(name)' has been freed") }
    }

    final func free() {
        guard !isFreed, !isLost else { return }
        isFreed = true
        account()
        device.remove(self)
    }

    /// Takes the object out of the ledger.
    func account() { device.ledger.removeObject(owner) }
}

final class NullBuffer: NullObject, AcceleratorBuffer {
    let byteCount: Int
    var bytes: [UInt8]
    var deviceAddress: UInt64 {
        get throws(AcceleratorError) { throw AcceleratorError(.unavailable, "the null device's buffers have no addresses") }
    }

    init(_ device: NullAccelerator, name: String, byteCount: Int, owner: AcceleratorOwner, generation: Int) {
        self.byteCount = byteCount
        bytes = [UInt8](repeating: 0, count: byteCount)
        super.init(device, name: name, owner: owner, generation: generation)
    }

    override func account() {
        device.ledger.removeBuffer(byteCount, owner)
        bytes = []
    }

    override func validate() throws(AcceleratorError) {
        if isLost { throw AcceleratorError(.bufferLost, "buffer '\(name)' was lost when the device was reset") }
        try super.validate()
    }

    func write(_ source: UnsafeRawBufferPointer, at offset: Int) throws(AcceleratorError) {
        try validate()
        guard source.count > 0 else { return }
        try BufferView(self, offset: offset, byteCount: source.count).validate(alignment: 1)
        for index in 0..<source.count { bytes[offset + index] = source[index] }
        device.ledger.bytesWritten += source.count
    }

    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(AcceleratorError) {
        try validate()
        guard destination.count > 0 else { return }
        try BufferView(self, offset: offset, byteCount: destination.count).validate(alignment: 1)
        for index in 0..<destination.count { destination[index] = bytes[offset + index] }
        device.ledger.bytesRead += destination.count
    }
}

final class NullModule: NullObject, AcceleratorModule {}

final class NullKernel: NullObject, AcceleratorKernel {
    let layout: KernelLayout

    init(_ device: NullAccelerator, layout: KernelLayout, module: NullModule, generation: Int) {
        self.layout = layout
        super.init(device, name: module.name + "." + layout.entry, owner: module.owner, generation: generation)
    }
}

final class NullList: NullObject, AcceleratorList {
    let commands: [AcceleratorCommand]
    let dispatchCount: Int

    init(_ device: NullAccelerator, commands: [AcceleratorCommand], owner: AcceleratorOwner, generation: Int) {
        self.commands = commands
        dispatchCount = commands.dispatchCount
        super.init(device, name: "list", owner: owner, generation: generation)
    }
}

final class NullStream: NullObject, AcceleratorStream {
    private var last: UInt64 = 0

    init(_ device: NullAccelerator, owner: AcceleratorOwner, generation: Int) {
        super.init(device, name: "stream", owner: owner, generation: generation)
    }

    func submit(_ list: any AcceleratorList) throws(AcceleratorError) -> UInt64 {
        try validate()
        guard let list = list as? NullList, list.device === device else {
            throw AcceleratorError(.invalidUse, "the list is another device's")
        }
        try list.validate()
        try device.execute(list.commands)
        last += 1
        return last
    }

    func isComplete(_ submission: UInt64) throws(AcceleratorError) -> Bool {
        try validate()
        return submission <= last
    }

    func wait(for submission: UInt64, budget: UInt64) throws(AcceleratorError) {
        try validate()
        guard submission <= last else { throw AcceleratorError(.invalidUse, "submission \(submission) was never made") }
    }

    func completes(_ submission: UInt64, within nanoseconds: UInt64) throws(AcceleratorError) -> Bool {
        try wait(for: submission, budget: nanoseconds)
        return true
    }

    func duration(of submission: UInt64) throws(AcceleratorError) -> UInt64? { nil }
}
