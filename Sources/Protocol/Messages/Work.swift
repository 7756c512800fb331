// Messages about programs and arrays. Handles are numbers that the client chooses, unique in its channel and not 0, so that
// a chain of requests can be sent without waiting for an answer; each channel's work is done in order.
import JaxPlatform

/// Loads and verifies a program: the body, a `jax.export` artifact or a bytecode module.
public struct Compile: Request {
    public static var kind: MessageKind { .compile }
    public var handle: UInt64 = 0
    /// For messages: the file's name.
    public var name = ""
    public var limits = JobLimits()

    public init() {}

    public init(handle: UInt64, name: String, limits: JobLimits = JobLimits()) {
        self.handle = handle
        self.name = name
        self.limits = limits
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&handle)
        try coder.field(&name)
        try limits.code(&coder)
    }

    /// The program's signature.
    public struct Reply: Fields {
        public var arguments: [ArrayType] = []
        public var results: [ArrayType] = []

        public init() {}

        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
            try coder.list(&arguments, elementWidth: ArrayType.minimumWidth)
            try coder.list(&results, elementWidth: ArrayType.minimumWidth)
        }
    }
}

/// Makes an array of the body: row-major little-endian elements.
public struct Put: Request {
    public static var kind: MessageKind { .put }
    public typealias Reply = Empty
    public var handle: UInt64 = 0
    public var type = ArrayType()
    /// Where it is to lie: "cpu", "gpu", "cpu:0".
    public var device = "cpu"

    public init() {}

    public init(handle: UInt64, type: ArrayType, device: String = "cpu") {
        self.handle = handle
        self.type = type
        self.device = device
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&handle)
        try type.code(&coder)
        try coder.field(&device)
    }
}

/// Calls a program with arrays. Its results are named `firstResult`, `firstResult + 1`, …
public struct Execute: Request {
    public static var kind: MessageKind { .execute }
    public var program: UInt64 = 0
    public var arguments: [UInt64] = []
    public var firstResult: UInt64 = 0
    /// "cpu", "gpu", "cpu:0".
    public var device = "cpu"
    /// Which of the arguments, by their numbers from 0, are forgotten, so that results may take their memory.
    public var donated: [UInt64] = []
    /// Operation by operation, in place of compiled code.
    public var usesEvaluator = false
    /// The program is executed twice, and the reply's body is the record of the second time, a `ProfileReport`. Donates nothing.
    public var profiles = false
    public var limits = JobLimits()

    public init() {}

    public init(program: UInt64, arguments: [UInt64], firstResult: UInt64, device: String = "cpu", donated: [UInt64] = [],
                usesEvaluator: Bool = false, profiles: Bool = false, limits: JobLimits = JobLimits()) {
        self.program = program
        self.arguments = arguments
        self.firstResult = firstResult
        self.device = device
        self.donated = donated
        self.usesEvaluator = usesEvaluator
        self.profiles = profiles
        self.limits = limits
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&program)
        try coder.field(&arguments)
        try coder.field(&firstResult)
        try coder.field(&device)
        try coder.field(&donated)
        try coder.field(&usesEvaluator)
        try coder.field(&profiles)
        try limits.code(&coder)
    }

    public struct Reply: Fields {
        public var results: [ArrayType] = []

        public init() {}
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
            try coder.list(&results, elementWidth: ArrayType.minimumWidth)
        }
    }
}

/// Reads an array back; the reply's body holds the elements.
public struct Fetch: Request {
    public static var kind: MessageKind { .fetch }
    public var handle: UInt64 = 0

    public init() {}
    public init(handle: UInt64) { self.handle = handle }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&handle) }

    public struct Reply: Fields {
        public var type = ArrayType()

        public init() {}
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try type.code(&coder) }
    }
}

/// Forgets handles; those that do not exist are passed over.
public struct Drop: Request {
    public static var kind: MessageKind { .drop }
    public typealias Reply = Empty
    public var handles: [UInt64] = []

    public init() {}
    public init(handles: [UInt64]) { self.handles = handles }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&handles) }
}

/// Runs a self-checking program, the body: `main` takes no arguments and fails by `check.expect_*`.
public struct Check: Request {
    public static var kind: MessageKind { .check }
    public typealias Reply = Empty
    public var name = ""
    public var device = "cpu"
    /// Operation by operation, in place of compiled code.
    public var usesEvaluator = false
    public var limits = JobLimits()

    public init() {}

    public init(name: String, device: String = "cpu", usesEvaluator: Bool = false, limits: JobLimits = JobLimits()) {
        self.name = name
        self.device = device
        self.usesEvaluator = usesEvaluator
        self.limits = limits
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&name)
        try coder.field(&device)
        try coder.field(&usesEvaluator)
        try limits.code(&coder)
    }
}

/// Prints a program; the reply's body is the text.
public struct Inspect: Request {
    public static var kind: MessageKind { .inspect }
    public typealias Reply = Empty
    public var program: UInt64 = 0

    public init() {}
    public init(program: UInt64) { self.program = program }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&program) }
}

/// Writes a program for others; the reply's body is the file.
public struct Save: Request {
    public static var kind: MessageKind { .save }
    public typealias Reply = Empty
    public var program: UInt64 = 0
    /// An artifact of `jax.export`; else a module of bytecode.
    public var isArtifact = true
    public var limits = JobLimits()

    public init() {}

    public init(program: UInt64, isArtifact: Bool, limits: JobLimits = JobLimits()) {
        self.program = program
        self.isArtifact = isArtifact
        self.limits = limits
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&program)
        try coder.field(&isArtifact)
        try limits.code(&coder)
    }
}

/// Makes a program of a program: what `execute_jax_transformation` does.
public struct Transform: Request {
    public static var kind: MessageKind { .transform }
    public typealias Reply = Compile.Reply
    /// "grad", "vmap", "jvp", …
    public var transformation = ""
    public var program: UInt64 = 0
    /// The handle of the new program.
    public var handle: UInt64 = 0
    /// JSON: {"argnums": [0], "in_axes": [0, null], …}
    public var parameters = ""
    /// Arrays whose types the program is specialised for.
    public var arguments: [UInt64] = []
    /// Operation by operation, in place of compiled code.
    public var usesEvaluator = false
    public var limits = JobLimits()

    public init() {}

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&transformation)
        try coder.field(&program)
        try coder.field(&handle)
        try coder.field(&parameters)
        try coder.field(&arguments)
        try coder.field(&usesEvaluator)
        try limits.code(&coder)
    }
}

/// Runs the body, Python text, with fresh globals; what it prints comes as `output` events.
public struct Evaluate: Request {
    public static var kind: MessageKind { .evaluate }
    /// For tracebacks: the file's name.
    public var name = ""
    public var limits = JobLimits()

    public init() {}

    public init(name: String, limits: JobLimits = JobLimits()) {
        self.name = name
        self.limits = limits
    }

    public mutating func code(_ coder: inout FieldCoder) throws(JaxError) {
        try coder.field(&name)
        try limits.code(&coder)
    }

    public struct Reply: Fields {
        /// 0, 1 after an uncaught exception, or the argument of `sys.exit`.
        public var status: UInt32 = 0

        public init() {}
        public init(status: UInt32) { self.status = status }
        public mutating func code(_ coder: inout FieldCoder) throws(JaxError) { try coder.field(&status) }
    }
}
