// What an accelerator answers when something did not work.

/// An error of an accelerator: what was wrong, with the object's name and the device call where there is one.
public struct AcceleratorError: Error, CustomStringConvertible {
    public enum Kind: UInt8, CaseIterable {
        /// There is no such device, or it offers no compute.
        case unavailable
        case outOfMemory
        /// A request that no device could carry out: out of bounds, freed, of another device.
        case invalidUse
        /// The device refused a module or kernel.
        case moduleRejected
        /// The buffer went with a device state that was reset.
        case bufferLost
        /// The device stopped working; `reset()` rebuilds it.
        case deviceLost
        /// A time budget ran out before the work completed.
        case timedOut
        /// The device answered something that it must not.
        case protocolViolation
        /// A call of the device's interface failed for a reason of its own.
        case callFailed

        public var name: String {
            switch self {
            case .unavailable: return "unavailable"
            case .outOfMemory: return "out of device memory"
            case .invalidUse: return "invalid use"
            case .moduleRejected: return "module rejected"
            case .bufferLost: return "buffer lost"
            case .deviceLost: return "device lost"
            case .timedOut: return "timed out"
            case .protocolViolation: return "protocol violation"
            case .callFailed: return "device call failed"
            }
        }
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { kind.name + ": " + message }

    /// Whether the device needs `reset()` before it can work again.
    public var needsReset: Bool { kind == .deviceLost || kind == .timedOut || kind == .protocolViolation }
}

extension JaxError {
    /// The error as the JAX layer reports it.
    public init(_ error: AcceleratorError) {
        let kind: JaxError.Kind
        switch error.kind {
        case .outOfMemory, .timedOut: kind = .resourceExhausted
        case .invalidUse: kind = .valueError
        case .unavailable: kind = .notImplemented
        case .moduleRejected, .bufferLost, .deviceLost, .protocolViolation, .callFailed: kind = .deviceError
        }
        self.init(kind, error.description)
    }
}
