// Native functions: name, parameters, body; and the arguments of one call, bound to the parameters.
import JaxIR
import JaxPlatform

/// A function that Python code calls.
struct NativeFunction {
    enum Kind {
        /// Runs as a job: its limits hold, a fault in it becomes an exception.
        case job
        /// A job that looks into the elements of its arguments: never recorded by a trace.
        case reading
        /// Runs as it is: short, or made of jobs of its own.
        case inline
        /// An attribute that is a value; called with the object alone, as it is.
        case property
        /// The same, as a job.
        case computedProperty
    }

    let name: StaticString
    let kind: Kind
    /// Parameter names, separated by spaces: "a axis? *rest **options". A '?' makes one optional, '*' takes all positional
    /// arguments that are left, '**' all keywords that name no parameter.
    let parameters: StaticString
    let body: (Call) throws(JaxError) -> Value

    init(_ name: StaticString, _ parameters: StaticString, _ kind: Kind = .job, _ body: @escaping (Call) throws(JaxError) -> Value) {
        self.name = name
        self.kind = kind
        self.parameters = parameters
        self.body = body
    }
}

/// A native module: what Python finds under its name.
struct NativeModule {
    let name: StaticString
    let functions: [NativeFunction]
}

/// The arguments of one call.
struct Call {
    private let function: StaticString
    private let parameters: ParameterList
    private let values: [Value?]
    /// What a '*' parameter took.
    let rest: [Value]
    /// What a '**' parameter took.
    let options: [(key: Value, value: Value)]

    var functionName: String { function.description }

    /// Binds arguments as Python does. Throws `typeError` in Python's words.
    init(_ function: NativeFunction, _ arguments: [Value], _ keywords: [(key: Value, value: Value)]) throws(JaxError) {
        let parameters = ParameterList(function.parameters)
        if !parameters.hasRest && arguments.count > parameters.count {
            throw JaxError(.typeError,
                           "\(function.name)() takes \(parameters.count) positional arguments but \(arguments.count) were given")
        }
        var values = [Value?](repeating: nil, count: parameters.count)
        let positional = parameters.positionalCount
        for (index, value) in arguments.prefix(positional).enumerated() { values[index] = value }
        rest = arguments.count > positional ? Array(arguments.dropFirst(positional)) : []
        var options: [(key: Value, value: Value)] = []
        for (key, value) in keywords {
            guard case .string(let name) = key, let index = parameters.index(of: name) else {
                if parameters.hasOptions {
                    options.append((key: key, value: value))
                    continue
                }
                var text = "?"
                if case .string(let name) = key { text = name }
                throw JaxError(.typeError, "\(function.name)() got an unexpected keyword argument '\(text)'")
            }
            if values[index] != nil { throw JaxError(.typeError, "\(function.name)() got multiple values for argument '\(name)'") }
            values[index] = value
        }
        for index in values.indices where values[index] == nil && !parameters.isOptional(index) {
            throw JaxError(.typeError, "\(function.name)() missing required argument: '\(parameters.name(index))'")
        }
        self.function = function.name
        self.parameters = parameters
        self.values = values
        self.options = options
    }

    /// The argument at `index`; None where it was not given.
    subscript(index: Int) -> Value { values[index] ?? .none }

    /// Whether the argument was given, and is not None.
    func has(_ index: Int) -> Bool {
        if let value = values[index] { return !value.isNone }
        return false
    }

    func wasGiven(_ index: Int) -> Bool { values[index] != nil }

    private func wrong(_ index: Int, _ expected: String) -> JaxError {
        JaxError(.typeError, "\(functionName)(): argument '\(parameters.name(index))' must be \(expected), not \(self[index].typeName)")
    }

    func string(_ index: Int) throws(JaxError) -> String {
        if case .string(let text) = self[index] { return text }
        throw wrong(index, "str")
    }

    func bool(_ index: Int, default standard: Bool) throws(JaxError) -> Bool {
        switch self[index] {
        case .none: return standard
        case .bool(let flag): return flag
        case .int(let number): return number != 0
        default: throw wrong(index, "bool")
        }
    }

    func int(_ index: Int) throws(JaxError) -> Int {
        guard let number = try self[index].asIndex() else { throw wrong(index, "an integer") }
        return number
    }

    func int(_ index: Int, default standard: Int) throws(JaxError) -> Int {
        has(index) ? try int(index) : standard
    }

    func float(_ index: Int, default standard: Double) throws(JaxError) -> Double {
        switch self[index] {
        case .none: return standard
        case .int(let number): return Double(number)
        case .float(let number): return number
        default: throw wrong(index, "a real number")
        }
    }

    func bytes(_ index: Int) throws(JaxError) -> UnsafeRawBufferPointer {
        if case .bytes(let bytes) = self[index] { return bytes }
        throw wrong(index, "a bytes-like object")
    }
}
