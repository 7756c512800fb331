// Messages of the control queues of a multiport console (virtio 1.2, section 5.3.6.2).

/// One control message: little endian u32 port, u16 event, u16 value, and for `portName` the name's bytes.
struct ConsoleControlMessage {
    enum Event: UInt16 {
        case deviceReady = 0, portAdd = 1, portRemove = 2, portReady = 3
        case consolePort = 4, resize = 5, portOpen = 6, portName = 7
    }

    static let byteCount = 8

    var port: UInt32
    /// Nil for an event that this specification does not define.
    var event: Event?
    var value: UInt16

    init(port: UInt32, _ event: Event, value: UInt16) {
        self.port = port
        self.event = event
        self.value = value
    }

    /// Nil when `bytes` are too few for a message.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount else { return nil }
        port = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        event = Event(rawValue: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self)))
        value = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
    }

    func store(to destination: UnsafeMutableRawPointer) {
        destination.storeBytes(of: port.littleEndian, as: UInt32.self)
        destination.storeBytes(of: (event?.rawValue ?? 0).littleEndian, toByteOffset: 4, as: UInt16.self)
        destination.storeBytes(of: value.littleEndian, toByteOffset: 6, as: UInt16.self)
    }
}
