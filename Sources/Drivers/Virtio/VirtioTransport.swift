// The seam between a virtio driver and the bus that carries the device.

/// The device status field (virtio 1.2, section 2.1).
public struct VirtioStatus: OptionSet {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let acknowledge = VirtioStatus(rawValue: 1)
    public static let driver = VirtioStatus(rawValue: 2)
    public static let driverOK = VirtioStatus(rawValue: 4)
    public static let featuresOK = VirtioStatus(rawValue: 8)
    public static let needsReset = VirtioStatus(rawValue: 64)
    public static let failed = VirtioStatus(rawValue: 128)
}

/// Feature bits common to all devices (virtio 1.2, section 6).
public enum VirtioFeature {
    public static let version1: UInt64 = 1 << 32
}

/// Device types (virtio 1.2, section 5).
public enum VirtioDeviceType {
    public static let console: UInt16 = 3
    public static let gpu: UInt16 = 16
}

/// Where the three parts of a split virtqueue lie, in physical addresses.
public struct VirtqueueLayout {
    public let descriptors: UInt64
    public let available: UInt64
    public let used: UInt64
}

/// A range of memory that the device shares with the driver (virtio 1.2, section 2.10).
public struct SharedMemoryRegion: Equatable {
    public let id: UInt8
    public let physical: UInt64
    public let byteCount: UInt64
}

/// What a bus gives to a virtio driver (virtio 1.2, section 4).
public protocol VirtioTransport: AnyObject {
    /// The device in words, for errors ("virtio-console 00:03.0").
    var name: String { get }
    var deviceType: UInt16 { get }
    var status: VirtioStatus { get set }

    /// Writes zero to the status and waits until the device reports zero.
    func reset() throws(DeviceError)

    var deviceFeatures: UInt64 { get }
    func acceptFeatures(_ features: UInt64)

    /// The largest size that the device allows for a queue; zero where there is none.
    func maximumQueueSize(_ queue: Int) -> Int

    /// Reserves an interrupt vector of the device; `handler` is called in interrupt context. Several queues may share it.
    func makeVector(_ handler: @escaping () -> Void) throws(DeviceError) -> UInt16

    /// Configures and enables a queue, which raises `vector` when the device has used a buffer.
    func enableQueue(_ queue: Int, size: Int, layout: VirtqueueLayout, vector: UInt16) throws(DeviceError)

    /// Tells the device that the queue holds new buffers.
    func notify(_ queue: Int)

    /// Device-specific configuration.
    var configurationByteCount: Int { get }
    func readConfiguration32(_ offset: Int) -> UInt32
    func writeConfiguration32(_ offset: Int, _ value: UInt32)
    /// Changes whenever the device changed its configuration.
    var configurationGeneration: UInt8 { get }

    func sharedMemory(id: UInt8) -> SharedMemoryRegion?
}
