// What several messages share.
import JaxPlatform

/// A reply or request without fields.
public struct Empty: Fields {
    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}
}

/// What a job started by a request may use; zero stands for no limit.
public struct JobLimits: Fields {
    public var memoryBytes: UInt64 = 0
    public var nanoseconds: UInt64 = 0
    /// `Permissions.rawValue`; without a request for more, programs from the link have the processor only.
    public var permissions: UInt32 = 0

    public init() {}

    public init(memoryBytes: UInt64 = 0, nanoseconds: UInt64 = 0, permissions: Permissions) {
        self.memoryBytes = memoryBytes
        self.nanoseconds = nanoseconds
        self.permissions = permissions.rawValue
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&memoryBytes)
        try coder.field(&nanoseconds)
        try coder.field(&permissions)
    }
}

/// The type of an array: JAX's dtype name and the dimensions; −1 for one that is not known before the call.
public struct ArrayType: Fields, Equatable {
    public var dtype = ""
    public var shape: [Int] = []

    public init() {}

    public init(dtype: String, shape: [Int]) {
        self.dtype = dtype
        self.shape = shape
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&dtype)
        try coder.field(&shape)
    }

    static let minimumWidth = 8
}

/// Why a request failed: a `JaxError` on its way over the link.
public struct Failure: Fields {
    public var kind: UInt8 = 0
    public var message = ""
    public var location: String?
    /// −1 for none.
    public var offset = -1

    public init() {}

    public init(_ error: JaxError) {
        kind = error.kind.rawValue
        // An error fits one frame, whatever it quotes.
        message = Failure.shortened(error.message)
        location = error.location.map(Failure.shortened)
        offset = error.offset ?? -1
    }

    public var error: JaxError {
        JaxError(JaxError.Kind(rawValue: kind) ?? .internalError, message, location: location, offset: offset < 0 ? nil : offset)
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&kind)
        try coder.field(&message)
        try coder.field(&location)
        try coder.field(&offset)
    }

    private static func shortened(_ text: String) -> String {
        let limit = 16384
        return text.utf8.count <= limit ? text : String(decoding: Array(text.utf8.prefix(limit)), as: UTF8.self) + "…"
    }
}

/// Says that bytes came which are no sound frame. Request and channel are those of the damaged header where it was whole.
public struct Damage: Fields {
    public var reason: UInt8 = 0
    public var request: UInt32 = 0

    public init() {}

    public init(_ damage: FrameDamage) {
        reason = damage.reason.rawValue
        request = damage.header?.request ?? 0
    }

    /// The damage as an error's text.
    public var text: String {
        (FrameDamage.Reason(rawValue: reason)?.text ?? "damage of an unknown kind") + " arrived"
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&reason)
        try coder.field(&request)
    }
}
