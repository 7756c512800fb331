// What an operation is given beside its operands, decoded once: dimensions, a comparison's direction, a window, a constant.
// Each operation's record is a subclass that stands beside its definition in Sources/Jax/Ops; the operations without any
// have this class itself.
import JaxPlatform

/// The parameters of an operation. A record does not change once an operation has it, so that operations may share one.
open class Parameters {
    public required init() {}

    /// Visits every field under its name, in the order in which they are written. One method both reads and writes: the coder
    /// knows which. Throws `malformed` for a field that is missing or of the wrong kind.
    open func code(_ coder: ParameterCoder) throws(JaxError) {}

    /// The functions that the record names: a callee, the computations of a custom call.
    open var functions: [Function] { [] }

    /// The same record with other functions in the places of `functions`; for those that name any.
    open func replacing(_ functions: [Function]) -> Parameters { self }

    /// The fields as attributes, the types of results that are fields among them.
    public final func attributes(omittingDefaults: Bool = false) -> Attributes {
        attributes(ParameterCoder(omittingDefaults: omittingDefaults, omittingTypes: omittingDefaults))
    }

    /// The fields that a bytecode file holds: all but those that the results' types say.
    public final func encodedAttributes() -> Attributes { attributes(ParameterCoder(omittingDefaults: false, omittingTypes: true)) }

    private func attributes(_ coder: ParameterCoder) -> Attributes {
        // Writing never throws.
        try? code(coder)
        return coder.remaining
    }

    /// Whether all fields are the same.
    public final func isEqual(_ other: Parameters) -> Bool { self === other || attributes() == other.attributes() }

    /// The record of an operation without parameters.
    public static var none: Parameters { noParameters }
}

nonisolated(unsafe) private let noParameters = Parameters()

/// Reads a record's fields from attributes, or writes them.
///
/// Reading takes each named attribute away, so that what is left is what the machine has no use for: an operation keeps that as
/// annotations. Fields that say what a result's type is ("shape", "new_dtype") are no attributes in a bytecode file: they are
/// taken from the declared types.
public final class ParameterCoder {
    /// Reading: what has not been read yet. Writing: what has been written.
    public var remaining: Attributes
    public let isReading: Bool
    private let code: OpCode
    /// The types of the operands, for fields whose length or default depends on them.
    public let operandTypes: [ValueType]
    private let resultTypes: [ValueType]
    private let omitsDefaults: Bool
    private let omitsTypes: Bool
    private let function: (String) throws(JaxError) -> Function

    /// Reads from `attributes`. `resultTypes` are the declared ones, empty where the text names all fields.
    public init(reading attributes: Attributes, of code: OpCode, operandTypes: [ValueType], resultTypes: [ValueType],
                function: @escaping (String) throws(JaxError) -> Function) {
        remaining = attributes
        self.code = code
        self.operandTypes = operandTypes
        self.resultTypes = resultTypes
        self.function = function
        isReading = true
        omitsDefaults = false
        omitsTypes = false
    }

    /// Writes; fields that have their default, and those that follow from the results' types, are left out on request.
    public init(omittingDefaults: Bool, omittingTypes: Bool) {
        remaining = Attributes()
        code = .constant
        operandTypes = []
        resultTypes = []
        function = { name throws(JaxError) in throw JaxError(.internalError, "nothing is read") }
        isReading = false
        omitsDefaults = omittingDefaults
        omitsTypes = omittingTypes
    }

    public func error(_ message: String) -> JaxError { JaxError(.malformed, code.name + ": " + message) }

    private func wrong(_ name: String, _ expected: String) -> JaxError { error("the attribute \(name) must be \(expected)") }

    /// Takes the attribute away.
    private func take(_ name: String) throws(JaxError) -> Attribute {
        guard let value = takeIfPresent(name) else { throw error("the attribute \(name) is missing") }
        return value
    }

    public func takeIfPresent(_ name: String) -> Attribute? { remaining.remove(name) }

    public func put(_ name: String, _ value: Attribute) { remaining.entries.append(NamedAttribute(name, value)) }

    // MARK: Fields

    public func integers(_ name: String, _ value: inout [Int]) throws(JaxError) {
        if !isReading { return put(name, .integers(value)) }
        guard let list = try take(name).integerList else { throw wrong(name, "a list of integers") }
        value = list
    }

    /// `missing` stands for an absent list.
    public func integers(_ name: String, _ value: inout [Int], missing: [Int]) throws(JaxError) {
        if isReading ? remaining[name] == nil : omitsDefaults && value == missing {
            value = missing
        } else {
            try integers(name, &value)
        }
    }

    public func integer(_ name: String, _ value: inout Int, missing: Int? = nil) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || value != missing { put(name, .integer(value, .i64)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        switch try take(name) {
        case .integer(let number, _): value = number
        case .bool(let flag): value = flag ? 1 : 0
        default: throw wrong(name, "an integer")
        }
    }

    public func float(_ name: String, _ value: inout Double, missing: Double? = nil) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || value != missing { put(name, .float(value, .f64)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        guard case .float(let number, _) = try take(name) else { throw wrong(name, "a float") }
        value = number
    }

    public func bool(_ name: String, _ value: inout Bool, missing: Bool? = nil) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || value != missing { put(name, .bool(value)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        switch try take(name) {
        case .bool(let flag): value = flag
        case .integer(let number, _): value = number != 0
        case .unit: value = true
        default: throw wrong(name, "a boolean")
        }
    }

    /// Booleans; `missing` of them, all false, stand for an absent list.
    public func bools(_ name: String, _ value: inout [Bool], missing: Int) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || value.contains(true) { put(name, .bools(value)) }
            return
        }
        guard remaining[name] != nil else {
            value = [Bool](repeating: false, count: max(missing, 0))
            return
        }
        switch try take(name) {
        case .bools(let list): value = list
        case .array(let list) where list.isEmpty: value = []
        default: throw wrong(name, "a list of booleans")
        }
    }

    public func string(_ name: String, _ value: inout String, missing: String? = nil) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || value != missing { put(name, .string(value)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        guard case .string(let text) = try take(name) else { throw wrong(name, "a string") }
        value = text
    }

    /// A case of an enum, by StableHLO's name for it; `missing` stands for an absent one.
    public func choice<Choice: RawRepresentable>(_ name: String, _ value: inout Choice, missing: Choice? = nil) throws(JaxError)
        where Choice.RawValue == String {
        if !isReading {
            if !omitsDefaults || value.rawValue != missing?.rawValue { put(name, .enumeration(value.rawValue)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        guard case .enumeration(let text) = try take(name) else { throw wrong(name, "one of its names") }
        guard let choice = Choice(rawValue: text) else { throw error("\(name) \(text) is unknown") }
        value = choice
    }

    public func literal(_ name: String, _ value: inout Literal?) throws(JaxError) {
        if !isReading {
            if let value { put(name, .literal(value)) }
            return
        }
        guard case .literal(let literal) = try take(name) else { throw wrong(name, "a constant") }
        value = literal
    }

    /// Lists of integers, such as groups of devices.
    public func groups(_ name: String, _ value: inout [[Int]], missing: [[Int]]? = nil) throws(JaxError) {
        if !isReading {
            var lists: [Attribute] = []
            for list in value { lists.append(.integers(list)) }
            if !omitsDefaults || value != missing { put(name, .array(lists)) }
            return
        }
        if let missing, remaining[name] == nil {
            value = missing
            return
        }
        guard case .array(let lists) = try take(name) else { throw wrong(name, "a list of lists of integers") }
        value = []
        for list in lists {
            guard let integers = list.integerList else { throw wrong(name, "a list of lists of integers") }
            value.append(integers)
        }
    }

    public func dictionary(_ name: String, _ value: inout Attributes) throws(JaxError) {
        if !isReading {
            if !omitsDefaults || !value.entries.isEmpty { put(name, .dictionary(value.entries)) }
            return
        }
        guard case .dictionary(let entries) = takeIfPresent(name) ?? .dictionary([]) else { throw wrong(name, "a dictionary") }
        value = Attributes(entries)
    }

    public func function(_ name: String, _ value: inout Function?) throws(JaxError) {
        if !isReading {
            if let value { put(name, .symbol(value.name)) }
            return
        }
        guard case .symbol(let callee) = try take(name) else { throw wrong(name, "a function's name") }
        value = try function(callee)
    }

    public func functions(_ name: String, _ value: inout [Function]) throws(JaxError) {
        if !isReading {
            var names: [Attribute] = []
            for function in value { names.append(.symbol(function.name)) }
            if !omitsDefaults || !names.isEmpty { put(name, .array(names)) }
            return
        }
        guard case .array(let names) = takeIfPresent(name) ?? .array([]) else { throw wrong(name, "a list of functions' names") }
        value = []
        for entry in names {
            guard case .symbol(let callee) = entry else { throw wrong(name, "a list of functions' names") }
            value.append(try function(callee))
        }
    }

    // MARK: Fields that say what a result's type is

    private func declared(_ index: Int) throws(JaxError) -> TensorType {
        guard index < resultTypes.count, let type = resultTypes[index].tensor else { throw error("result \(index) must be an array") }
        return type
    }

    /// The shape of result `index`.
    public func shape(_ name: String, of index: Int = 0, _ value: inout [Int]) throws(JaxError) {
        if isReading, remaining[name] == nil { value = try declared(index).shape } else if !omitsTypes { try integers(name, &value) }
    }

    /// The element type of result `index`.
    public func dtype(_ name: String, of index: Int = 0, _ value: inout DType) throws(JaxError) {
        if !isReading {
            if !omitsTypes { put(name, .type(.tensor(TensorType(value, [])))) }
            return
        }
        guard let attribute = takeIfPresent(name) else {
            value = try declared(index).dtype
            return
        }
        guard case .type(.tensor(let type)) = attribute else { throw wrong(name, "a dtype") }
        value = type.dtype
    }

    /// The types of all results.
    public func types(_ name: String, _ value: inout [ValueType]) throws(JaxError) {
        if !isReading {
            if !omitsTypes { put(name, .array(value.map { .type($0) })) }
            return
        }
        guard let attribute = takeIfPresent(name) else {
            value = resultTypes
            return
        }
        guard case .array(let list) = attribute else { throw wrong(name, "a list of types") }
        value = []
        for entry in list {
            guard case .type(let type) = entry else { throw wrong(name, "a list of types") }
            value.append(type)
        }
    }
}

extension Attribute {
    /// The integers of a list; an empty list of anything has none.
    fileprivate var integerList: [Int]? {
        switch self {
        case .integers(let list): return list
        case .array(let list) where list.isEmpty: return []
        case .bools(let list) where list.isEmpty: return []
        default: return nil
        }
    }
}
