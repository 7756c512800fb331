// A virtio device without a bus: the test plays the device's side of its queues.
@testable import Drivers

final class FakeTransport: VirtioTransport {
    struct Queue {
        var size: Int
        var layout: VirtqueueLayout
        var vector: UInt16
        var seen: UInt16 = 0
    }

    let name = "fake device"
    var deviceType: UInt16 = VirtioDeviceType.console
    var deviceFeatures: UInt64 = VirtioFeature.version1
    var accepted: UInt64 = 0
    var refusesFeatures = false
    var handlers: [() -> Void] = []
    var history: [UInt8] = []
    var queues: [Int: Queue] = [:]
    var maximumSizes: [Int: Int] = [:]
    var configuration: [UInt32] = []
    var configurationGeneration: UInt8 = 0
    var notified: (Int) -> Void = { _ in }
    var whenReset: () -> Void = {}
    private var current: VirtioStatus = []

    var status: VirtioStatus {
        get { current }
        set {
            history.append(newValue.rawValue)
            current = refusesFeatures ? newValue.subtracting(.featuresOK) : newValue
        }
    }

    func reset() throws(DeviceError) {
        status = []
        queues = [:]
        handlers = []
        whenReset()
    }

    func acceptFeatures(_ features: UInt64) { accepted = features }
    func maximumQueueSize(_ queue: Int) -> Int { maximumSizes[queue] ?? 0 }

    func makeVector(_ handler: @escaping () -> Void) throws(DeviceError) -> UInt16 {
        handlers.append(handler)
        return UInt16(handlers.count - 1)
    }

    func enableQueue(_ queue: Int, size: Int, layout: VirtqueueLayout, vector: UInt16) throws(DeviceError) {
        queues[queue] = Queue(size: size, layout: layout, vector: vector)
    }

    func notify(_ queue: Int) { notified(queue) }
    var configurationByteCount: Int { configuration.count * 4 }
    func readConfiguration32(_ offset: Int) -> UInt32 { configuration[offset / 4] }
    func writeConfiguration32(_ offset: Int, _ value: UInt32) { configuration[offset / 4] = value }
    var regions: [SharedMemoryRegion] = []
    func sharedMemory(id: UInt8) -> SharedMemoryRegion? { regions.first { $0.id == id } }

    // The device's side.

    func pointer(_ physical: UInt64) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(bitPattern: UInt(physical))! }

    struct Chain {
        var head: UInt16
        var readable: [UInt8]
        var writable: [(UnsafeMutableRawPointer, Int)]
    }

    /// Takes the next available buffer of a queue, following its descriptors.
    func take(_ index: Int) -> Chain? {
        guard let queue = queues[index] else { return nil }
        let available = pointer(queue.layout.available)
        guard available.load(fromByteOffset: 2, as: UInt16.self) != queue.seen else { return nil }
        let head = available.load(fromByteOffset: 4 + 2 * (Int(queue.seen) % queue.size), as: UInt16.self)
        queues[index]!.seen &+= 1
        var chain = Chain(head: head, readable: [], writable: [])
        var current = head
        while true {
            let entry = pointer(queue.layout.descriptors) + 16 * Int(current)
            let data = pointer(entry.load(as: UInt64.self)), count = Int(entry.load(fromByteOffset: 8, as: UInt32.self))
            let flags = entry.load(fromByteOffset: 12, as: UInt16.self)
            if flags & 2 != 0 {
                chain.writable.append((data, count))
            } else {
                chain.readable += UnsafeRawBufferPointer(start: data, count: count)
            }
            guard flags & 1 != 0 else { return chain }
            current = entry.load(fromByteOffset: 14, as: UInt16.self)
        }
    }

    /// Reports a descriptor as used, true or not, and interrupts.
    func use(_ index: Int, id: UInt32, written: UInt32) {
        guard let queue = queues[index] else { return }
        let used = pointer(queue.layout.used)
        let position = used.load(fromByteOffset: 2, as: UInt16.self)
        let entry = used + 4 + 8 * (Int(position) % queue.size)
        entry.storeBytes(of: id, as: UInt32.self)
        entry.storeBytes(of: written, toByteOffset: 4, as: UInt32.self)
        used.storeBytes(of: position &+ 1, toByteOffset: 2, as: UInt16.self)
        handlers[Int(queue.vector)]()
    }

    /// Fills the next writable buffer of a queue; false when the driver has posted none.
    @discardableResult
    func deliver(_ index: Int, _ bytes: [UInt8]) -> Bool {
        guard let chain = take(index) else { return false }
        precondition(chain.writable[0].1 >= bytes.count)
        chain.writable[0].0.copyMemory(from: bytes, byteCount: bytes.count)
        use(index, id: UInt32(chain.head), written: UInt32(bytes.count))
        return true
    }
}
