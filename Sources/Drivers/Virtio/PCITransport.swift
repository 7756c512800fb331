// The modern PCI transport (virtio 1.2, section 4.1): configuration structures found by vendor capabilities, one MSI-X
// vector a queue. Where the structures lie is the device's claim: each is checked against the size of its range.

public final class PCITransport: VirtioTransport {
    /// Fields of the common configuration structure (virtio 1.2, section 4.1.4.3).
    private enum Common {
        static let deviceFeatureSelect = 0, deviceFeature = 4, driverFeatureSelect = 8, driverFeature = 12
        static let configurationVector = 16, queueCount = 18, status = 20, generation = 21
        static let queueSelect = 22, queueSize = 24, queueVector = 26, queueEnable = 28, queueNotifyOffset = 30
        static let queueDescriptors = 32, queueAvailable = 40, queueUsed = 48
        static let byteCount = 56
    }

    /// cfg_type of a vendor capability (virtio 1.2, section 4.1.4).
    private enum Structure {
        static let common: UInt8 = 1, notify: UInt8 = 2, device: UInt8 = 4, sharedMemory: UInt8 = 8
    }

    private static let noVector: UInt16 = 0xFFFF

    public let name: String
    public let deviceType: UInt16
    public let function: PCIFunction
    private let environment: any DriverEnvironment
    private let common: any RegisterWindow
    private let notification: any RegisterWindow
    private let device: (any RegisterWindow)?
    private let notifyMultiplier: UInt32
    private let vectors: MSIXTable
    private let regions: [SharedMemoryRegion]
    /// Byte offset in the notification window of each enabled queue.
    private var notifyOffsets: [Int] = []

    /// The virtio device type of a PCI function, nil for anything else (virtio 1.2, section 4.1.2).
    public static func deviceType(of function: PCIFunction) -> UInt16? {
        guard function.vendor == 0x1AF4 else { return nil }
        switch function.device {
        case 0x1000..<0x1040: return function.subsystemDevice
        case 0x1040...0x107F: return function.device - 0x1040
        default: return nil
        }
    }

    private static func name(_ type: UInt16, _ address: PCIAddress) -> String {
        let kind: String
        switch type {
        case VirtioDeviceType.console: kind = "virtio-console "
        case VirtioDeviceType.gpu: kind = "virtio-gpu "
        default: kind = "virtio device of type \(type) "
        }
        return kind + address.description
    }

    public init(_ function: PCIFunction, _ environment: any DriverEnvironment) throws(DeviceError) {
        guard let type = Self.deviceType(of: function) else {
            throw DeviceError(.unsupported, "PCI function " + function.address.description, "not a virtio device")
        }
        let name = Self.name(type, function.address)
        self.name = name
        self.function = function
        self.environment = environment
        deviceType = type

        var ranges = VirtioRanges(function, name)
        var common: (any RegisterWindow)?, notification: (any RegisterWindow)?, device: (any RegisterWindow)?
        var multiplier: UInt32 = 0
        var regions: [SharedMemoryRegion] = []
        function.command.formUnion([.memoryDecode, .busMaster])
        // Of several structures of one type the first is the one that the device prefers (section 4.1.4.1).
        for capability in function.capabilities where capability.id == PCICapability.vendorSpecific {
            switch function.space.read8(function.address, capability.offset + 3) {
            case Structure.common where common == nil:
                common = try ranges.map(capability, environment, atLeast: Common.byteCount)
            case Structure.notify where notification == nil:
                notification = try ranges.map(capability, environment, atLeast: 2)
                multiplier = function.space.read(function.address, capability.offset + 16)
            case Structure.device where device == nil:
                device = try ranges.map(capability, environment, atLeast: 1)
            case Structure.sharedMemory:
                regions.append(try ranges.sharedMemory(capability))
            default:
                break
            }
        }
        guard let common, let notification else {
            throw DeviceError(.unsupported, name, "no virtio 1.x configuration structures (a legacy device)")
        }
        self.common = common
        self.notification = notification
        self.device = device
        self.regions = regions
        notifyMultiplier = multiplier
        vectors = try MSIXTable(function, environment)
    }

    public var status: VirtioStatus {
        get { VirtioStatus(rawValue: common.read8(Common.status)) }
        set { common.write8(Common.status, newValue.rawValue) }
    }

    public func reset() throws(DeviceError) {
        status = []
        let deadline = environment.nanoseconds + 1_000_000_000
        while status != [] {
            guard environment.nanoseconds < deadline else {
                throw DeviceError(.timedOut, name, "the reset did not complete within a second")
            }
        }
        for interrupt in vectors.reset() { environment.freeInterrupt(interrupt) }
        notifyOffsets = []
    }

    public var deviceFeatures: UInt64 {
        common.write32(Common.deviceFeatureSelect, 0)
        let low = common.read32(Common.deviceFeature)
        common.write32(Common.deviceFeatureSelect, 1)
        return UInt64(common.read32(Common.deviceFeature)) << 32 | UInt64(low)
    }

    public func acceptFeatures(_ features: UInt64) {
        common.write32(Common.driverFeatureSelect, 0)
        common.write32(Common.driverFeature, UInt32(truncatingIfNeeded: features))
        common.write32(Common.driverFeatureSelect, 1)
        common.write32(Common.driverFeature, UInt32(truncatingIfNeeded: features >> 32))
    }

    public func maximumQueueSize(_ queue: Int) -> Int {
        guard queue >= 0, queue < Int(common.read16(Common.queueCount)) else { return 0 }
        common.write16(Common.queueSelect, UInt16(queue))
        return Int(common.read16(Common.queueSize))
    }

    public func makeVector(_ handler: @escaping () -> Void) throws(DeviceError) -> UInt16 {
        let interrupt = try environment.allocateInterrupt(handler)
        do throws(DeviceError) {
            return try vectors.assign(interrupt)
        } catch {
            environment.freeInterrupt(interrupt)
            throw error
        }
    }

    public func enableQueue(_ queue: Int, size: Int, layout: VirtqueueLayout, vector: UInt16) throws(DeviceError) {
        guard size > 0, size <= maximumQueueSize(queue) else {
            throw DeviceError(.unsupported, name, "queue \(queue) does not take \(size) descriptors")
        }
        let offset = Int(common.read16(Common.queueNotifyOffset)) * Int(notifyMultiplier)
        guard offset + 2 <= notification.byteCount else {
            throw DeviceError(.protocolViolation, name, "queue \(queue) is notified outside the notification structure")
        }
        common.write16(Common.configurationVector, Self.noVector)
        common.write16(Common.queueVector, vector)
        guard common.read16(Common.queueVector) == vector else {
            throw DeviceError(.resourceExhausted, name, "the device has no interrupt for queue \(queue)")
        }
        common.write16(Common.queueSize, UInt16(size))
        common.write64(Common.queueDescriptors, layout.descriptors)
        common.write64(Common.queueAvailable, layout.available)
        common.write64(Common.queueUsed, layout.used)
        common.write16(Common.queueEnable, 1)
        while notifyOffsets.count <= queue { notifyOffsets.append(-1) }
        notifyOffsets[queue] = offset
    }

    public func notify(_ queue: Int) {
        guard queue < notifyOffsets.count, notifyOffsets[queue] >= 0 else { return }
        notification.write16(notifyOffsets[queue], UInt16(queue))
    }

    public var configurationByteCount: Int { device?.byteCount ?? 0 }
    public func readConfiguration32(_ offset: Int) -> UInt32 { device?.read32(offset) ?? 0 }
    public func writeConfiguration32(_ offset: Int, _ value: UInt32) { device?.write32(offset, value) }
    public var configurationGeneration: UInt8 { common.read8(Common.generation) }

    public func sharedMemory(id: UInt8) -> SharedMemoryRegion? {
        for region in regions where region.id == id { return region }
        return nil
    }
}

/// The memory ranges of a virtio function, sized once each, and the structures that capabilities place in them.
private struct VirtioRanges {
    private let function: PCIFunction
    private let name: String
    private var known: [BaseAddress?] = [nil, nil, nil, nil, nil, nil]

    init(_ function: PCIFunction, _ name: String) {
        self.function = function
        self.name = name
    }

    /// The range of `capability` inside its base address register, with 64-bit offset and length for `wide`.
    private mutating func locate(_ capability: PCICapability, wide: Bool) throws(DeviceError) -> (physical: UInt64, byteCount: UInt64) {
        func field(_ offset: Int) -> UInt64 { UInt64(function.space.read(function.address, capability.offset + offset)) }
        let index = Int(field(4) & 0xFF)
        guard index < known.count else {
            throw DeviceError(.protocolViolation, name, "a structure lies in base address \(index)")
        }
        let offset = field(8) | (wide ? field(16) << 32 : 0)
        let length = field(12) | (wide ? field(20) << 32 : 0)
        if known[index] == nil { known[index] = function.baseAddress(index) }
        guard let range = known[index], range.isMemory, range.physical != 0 else {
            throw DeviceError(.notPresent, name, "base address \(index) has no memory assigned")
        }
        guard offset <= range.byteCount, length <= range.byteCount - offset else {
            throw DeviceError(.protocolViolation, name,
                "a structure of \(length) bytes at \(offset) does not fit base address \(index) of \(range.byteCount) bytes")
        }
        return (range.physical + offset, length)
    }

    mutating func map(
        _ capability: PCICapability, _ environment: any DriverEnvironment, atLeast minimum: Int
    ) throws(DeviceError) -> any RegisterWindow {
        let place = try locate(capability, wide: false)
        guard place.byteCount >= UInt64(minimum) else {
            throw DeviceError(.protocolViolation, name, "a structure of \(place.byteCount) bytes, at least \(minimum) expected")
        }
        return try environment.mapRegisters(physical: place.physical, byteCount: Int(place.byteCount))
    }

    mutating func sharedMemory(_ capability: PCICapability) throws(DeviceError) -> SharedMemoryRegion {
        let place = try locate(capability, wide: true)
        let id = function.space.read8(function.address, capability.offset + 5)
        return SharedMemoryRegion(id: id, physical: place.physical, byteCount: place.byteCount)
    }
}
