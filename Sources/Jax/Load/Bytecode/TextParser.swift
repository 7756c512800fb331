// Attributes and types that a producer wrote as text in MLIR's assembly (`mlir/docs/LangRef.md`): what occurs in programs of
// StableHLO. What is not understood is kept as its text.
import JaxIR
import JaxPlatform

struct TextParser {
    private let characters: [UInt8]
    private var position = 0
    private let start: Int
    private static let depthLimit = 48
    private var depth = 0

    private init(_ text: String, _ start: Int) {
        characters = Array(text.utf8)
        self.start = start
    }

    /// An attribute: a number, string, symbol, list, dictionary, type, dense constant or an enum of StableHLO or VHLO.
    static func attribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let text = try reader.zeroTerminatedText("an attribute's text")
        var parser = TextParser(text, start)
        guard let value = try parser.attribute(), parser.isAtEnd else { return .opaque(text) }
        return value
    }

    static func type(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        let text = try reader.zeroTerminatedText("a type's text")
        var parser = TextParser(text, start)
        guard let type = try parser.type(), parser.isAtEnd else { return .unsupported(text) }
        return type
    }

    // MARK: Characters

    private var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == characters.count
        }
    }

    private mutating func skipSpace() {
        while position < characters.count, characters[position] == 0x20 || characters[position] == 0x0A { position += 1 }
    }

    private func peek() -> UInt8? { position < characters.count ? characters[position] : nil }

    private mutating func take(_ text: StaticString) -> Bool {
        skipSpace()
        return text.withUTF8Buffer { buffer in
            guard characters.count - position >= buffer.count else { return false }
            for index in 0..<buffer.count where characters[position + index] != buffer[index] { return false }
            position += buffer.count
            return true
        }
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: characters[range], as: UTF8.self) }

    /// Letters, digits, `_`, `.`, `$`.
    private mutating func word() -> String {
        skipSpace()
        let begin = position
        while let byte = peek(), byte == 0x5F || byte == 0x2E || byte == 0x24 || (0x30...0x39).contains(byte)
                || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) { position += 1 }
        return text(begin..<position)
    }

    private mutating func nested<Value>(_ body: (inout TextParser) throws(JaxError) -> Value?) throws(JaxError) -> Value? {
        guard depth < TextParser.depthLimit else {
            throw JaxError(.malformed, "text nested deeper than \(TextParser.depthLimit)", offset: start + position)
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// "a, b, c" up to `end`.
    private mutating func list<Value>(until end: StaticString,
                                      _ element: (inout TextParser) throws(JaxError) -> Value?) throws(JaxError) -> [Value]? {
        var values: [Value] = []
        if take(end) { return values }
        repeat {
            guard let value = try nested(element) else { return nil }
            values.append(value)
        } while take(",")
        return take(end) ? values : nil
    }

    // MARK: Attributes

    private mutating func attribute() throws(JaxError) -> Attribute? {
        skipSpace()
        guard let next = peek() else { return nil }
        switch next {
        case 0x22: return string().map { .string($0) }
        case 0x40:
            position += 1
            if peek() == 0x22 { return string().map { .symbol($0) } }
            let name = word()
            return name.isEmpty ? nil : .symbol(name)
        case 0x5B:
            position += 1
            return try list(until: "]") { parser throws(JaxError) in try parser.attribute() }.map { .array($0) }
        case 0x7B:
            position += 1
            return try list(until: "}") { parser throws(JaxError) in try parser.entry() }.map { .dictionary($0) }
        case 0x23: return dialectEnum()
        case 0x2D, 0x30...0x39: return try number()
        default: break
        }
        let begin = position
        switch word() {
        case "unit": return .unit
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "dense": return try dense()
        case "array": return try denseArray()
        default:
            position = begin
            return try typeAttribute()
        }
    }

    private mutating func typeAttribute() throws(JaxError) -> Attribute? {
        switch try type() {
        case .value(let type)?: return .type(type)
        case .element(let dtype)?: return .type(.tensor(TensorType(dtype, [])))
        case .function(let inputs, let results)?: return .type(.tuple([.tuple(inputs), .tuple(results)]))
        default: return nil
        }
    }

    private mutating func entry() throws(JaxError) -> NamedAttribute? {
        skipSpace()
        guard let name = peek() == 0x22 ? string() : word(), !name.isEmpty else { return nil }
        guard take("=") else { return NamedAttribute(name, .unit) }
        return try attribute().map { NamedAttribute(name, $0) }
    }

    /// "…" with \", \\, \n, \t and \XX.
    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var bytes: [UInt8] = []
        while let byte = peek() {
            position += 1
            if byte == 0x22 { return String(decoding: bytes, as: UTF8.self) }
            guard byte == 0x5C, let next = peek() else {
                bytes.append(byte)
                continue
            }
            position += 1
            switch next {
            case 0x6E: bytes.append(0x0A)
            case 0x74: bytes.append(0x09)
            case 0x22, 0x5C: bytes.append(next)
            default:
                guard let low = peek(), let value = UInt8(text(position - 1..<position + 1), radix: 16) else { return nil }
                _ = low
                position += 1
                bytes.append(value)
            }
        }
        return nil
    }

    /// "#stablehlo<comparison_direction LT>", "#vhlo<precision_v1 DEFAULT>": the case's name.
    private mutating func dialectEnum() -> Attribute? {
        position += 1
        let dialect = word()
        guard dialect == "stablehlo" || dialect == "vhlo" || dialect == "mhlo" || dialect == "chlo", take("<") else { return nil }
        _ = word()
        let name = word()
        guard !name.isEmpty, take(">") else { return nil }
        return .enumeration(name)
    }

    private mutating func digits() -> String? {
        skipSpace()
        let begin = position
        if peek() == 0x2D { position += 1 }
        while let byte = peek(), (0x30...0x39).contains(byte) || byte == 0x2E || byte == 0x65 || byte == 0x45
                || ((byte == 0x2B || byte == 0x2D) && position > begin && (characters[position - 1] | 0x20) == 0x65) { position += 1 }
        return position > begin ? text(begin..<position) : nil
    }

    private mutating func number() throws(JaxError) -> Attribute? {
        guard let digits = digits() else { return nil }
        var dtype: DType?
        if take(":") {
            guard case .element(let element)? = try type() else { return nil }
            dtype = element
        }
        if let value = Int(digits), dtype?.isFloat != true { return .integer(value, dtype ?? .i64) }
        return Double(digits).map { .float($0, dtype ?? .f64) }
    }

    /// "dense<…> : tensor<…>" of integers or booleans; other constants do not come as text.
    private mutating func dense() throws(JaxError) -> Attribute? {
        guard take("<") else { return nil }
        var values: [Int] = []
        guard try elements(&values), take(">"), take(":"), case .value(.tensor(let type))? = try self.type(),
              let count = type.checkedElementCount, count <= 1 << 16 else { return nil }
        guard values.count == count || (values.count == 1 && count > 0 && count <= 64) else { return nil }
        if values.count == 1 { values = [Int](repeating: values[0], count: count) }
        switch type.dtype {
        case .i64: return .integers(values)
        case .i1: return .bools(values.map { $0 != 0 })
        default: return nil
        }
    }

    private mutating func elements(_ values: inout [Int]) throws(JaxError) -> Bool {
        skipSpace()
        if peek() == 0x3E { return true }
        if take("[") {
            if take("]") { return true }
            repeat {
                guard try nested({ parser throws(JaxError) in try parser.elements(&values) ? true : nil }) != nil else { return false }
            } while take(",")
            return take("]")
        }
        if take("true") { values.append(1) } else if take("false") { values.append(0) } else {
            guard let value = digits().flatMap({ Int($0) }) else { return false }
            values.append(value)
        }
        return true
    }

    /// "array<i64: 1, 2>".
    private mutating func denseArray() throws(JaxError) -> Attribute? {
        guard take("<"), case .element(let dtype)? = try type() else { return nil }
        var values: [Int] = []
        if take(":") {
            repeat {
                if take("true") { values.append(1) } else if take("false") { values.append(0) } else {
                    guard let value = digits().flatMap({ Int($0) }) else { return nil }
                    values.append(value)
                }
            } while take(",")
        }
        guard take(">") else { return nil }
        return dtype == .i1 ? .bools(values.map { $0 != 0 }) : .integers(values)
    }

    // MARK: Types

    private mutating func type() throws(JaxError) -> EncodedType? {
        try nested { parser throws(JaxError) in try parser.plainType() }
    }

    private mutating func plainType() throws(JaxError) -> EncodedType? {
        if take("tensor<") { return try tensor() }
        if take("!stablehlo.token") || take("!mhlo.token") || take("!vhlo.token_v1") { return .value(.token) }
        if take("tuple<") {
            return try list(until: ">") { parser throws(JaxError) in try parser.valueType() }.map { .value(.tuple($0)) }
        }
        if take("complex<") {
            guard case .element(let part)? = try type(), take(">") else { return nil }
            return part == .f32 ? .element(.c64) : part == .f64 ? .element(.c128) : nil
        }
        if take("(") {
            guard let inputs = try list(until: ")", { parser throws(JaxError) in try parser.valueType() }), take("->") else { return nil }
            if take("(") {
                return try list(until: ")") { parser throws(JaxError) in try parser.valueType() }
                    .map { .function(inputs: inputs, results: $0) }
            }
            return try valueType().map { .function(inputs: inputs, results: [$0]) }
        }
        let name = word()
        if name == "index" { return .index }
        if name == "none" { return EncodedType.none }
        for dtype in DType.allCases where dtype.mlirName == name { return .element(dtype) }
        return nil
    }

    private mutating func valueType() throws(JaxError) -> ValueType? {
        if case .value(let type)? = try type() { return type }
        return nil
    }

    /// After "tensor<": "2x?xf32>", "f32>".
    private mutating func tensor() throws(JaxError) -> EncodedType? {
        var shape: [Int] = []
        while shape.count <= 64 {
            skipSpace()
            let begin = position
            if take("?") { shape.append(TensorType.dynamic) } else {
                while let byte = peek(), (0x30...0x39).contains(byte) { position += 1 }
                guard position > begin else { break }
                guard let size = Int(text(begin..<position)) else { return nil }
                shape.append(size)
            }
            guard take("x") else { return nil }
        }
        guard case .element(let dtype)? = try type(), take(">") else { return nil }
        let type = TensorType(dtype, shape)
        guard !type.isStatic || type.checkedElementCount != nil else { return nil }
        return .value(.tensor(type))
    }
}
