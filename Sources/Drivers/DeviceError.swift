// The one error type of the drivers: which device, what was wrong with it, what was expected.

/// An error at a device. Everything that a device can get wrong is answered by one of these, never by a trap.
public struct DeviceError: Error, CustomStringConvertible {
    public enum Kind: UInt8 {
        /// The device, or a part that the driver needs, is not there.
        case notPresent
        /// It is there, but speaks another version or lacks a feature that the driver needs.
        case unsupported
        /// The device broke its specification: an index, a length or a state that it may not report.
        case protocolViolation
        /// No answer within the time allowed.
        case timedOut
        /// No memory, interrupt vector or descriptor left.
        case resourceExhausted
        /// The other side closed the connection, or the device was reset.
        case closed
    }

    public var kind: Kind
    /// The device in words ("virtio-console 00:03.0").
    public var device: String
    public var message: String

    public init(_ kind: Kind, _ device: String, _ message: String) {
        self.kind = kind
        self.device = device
        self.message = message
    }

    public var description: String { device + ": " + message }
}

/// `value` in hexadecimal with the prefix 0x, padded to `digits`.
public func hexadecimal(_ value: some BinaryInteger, digits: Int = 1) -> String {
    let text = String(UInt64(truncatingIfNeeded: value), radix: 16)
    var padding = ""
    for _ in 0..<max(0, digits - text.utf8.count) { padding += "0" }
    return "0x" + padding + text
}
