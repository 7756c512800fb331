// Messages that are answered at once: who is there, what there is, how it goes, and the end.
import JaxPlatform

/// What machine and command say that they are.
public let productVersion = "BareJAX 0.1"

/// Opens a channel: agrees on the version.
public struct Hello: Request {
    public static var kind: MessageKind { .hello }
    public var minimumVersion = UInt8(FrameHeader.version)
    public var maximumVersion = UInt8(FrameHeader.version)
    /// Who speaks, for the log.
    public var client = ""

    public init() {}
    public init(client: String) { self.client = client }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&minimumVersion)
        try coder.field(&maximumVersion)
        try coder.field(&client)
    }

    public struct Reply: Fields {
        public var version = UInt8(FrameHeader.version)
        /// "BareJAX 0.1".
        public var machine = ""
        /// The largest body that is accepted.
        public var maximumBody = Link.maximumBody

        public init() {}

        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
            try coder.field(&version)
            try coder.field(&machine)
            try coder.field(&maximumBody)
        }
    }
}

/// Lists the devices that programs can execute on.
public struct ListDevices: Request {
    public static var kind: MessageKind { .devices }

    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}

    public struct Reply: Fields {
        public var devices: [DeviceDescription] = []

        public init() {}
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.list(&devices, elementWidth: 24) }
    }
}

public struct DeviceDescription: Fields {
    /// "cpu:0".
    public var name = ""
    public var text = ""
    public var memoryBytes = 0
    /// Programs executed on it so far.
    public var dispatchCount = 0

    public init() {}

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&name)
        try coder.field(&text)
        try coder.field(&memoryBytes)
        try coder.field(&dispatchCount)
    }
}

/// The machine's figures; the reply's body is one JSON object.
public struct ReadStatistics: Request {
    public static var kind: MessageKind { .statistics }
    public typealias Reply = Empty

    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}
}

/// The recorded faults; the reply's body is one JSON list, oldest first.
public struct ReadFaults: Request {
    public static var kind: MessageKind { .faults }
    public typealias Reply = Empty

    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}
}

/// The trace ring; the reply's body is Chrome's trace event JSON.
public struct ReadTrace: Request {
    public static var kind: MessageKind { .trace }
    public typealias Reply = Empty

    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}
}

/// Ends another request of the same channel, waiting or running; that one is answered by a failure of kind `cancelled`.
public struct Cancel: Request {
    public static var kind: MessageKind { .cancel }
    public var request: UInt32 = 0

    public init() {}
    public init(request: UInt32) { self.request = request }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&request) }

    public struct Reply: Fields {
        /// Whether there was such a request.
        public var found = false

        public init() {}
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&found) }
    }
}

/// Arms a fault on purpose in a machine that was started for that, or with an empty kind disarms; then reports: the reply's
/// body is one JSON object with the faults after number `since` and the memory in use by owner.
public struct Inject: Request {
    public static var kind: MessageKind { .inject }
    public typealias Reply = Empty
    /// A name of the kernel's `Injector.Kind`.
    public var fault = ""
    /// Nanoseconds of the next job's running time, or how many allocations or interrupts are spared.
    public var after: UInt64 = 0
    public var since: UInt64 = 0

    public init() {}
    public init(fault: String, after: UInt64 = 0, since: UInt64 = 0) {
        self.fault = fault
        self.after = after
        self.since = since
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&fault)
        try coder.field(&after)
        try coder.field(&since)
    }
}

/// Powers the machine off after the reply.
public struct Shutdown: Request {
    public static var kind: MessageKind { .shutdown }
    public typealias Reply = Empty

    public init() {}
    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {}
}
