// The smallest parts of the project's own notation: words, numbers, types, attributes, constants (JaxIR, AttributeText.swift, writes
// them).
import JaxIR
import JaxPlatform

/// A position in a text. Spaces separate; the ends of lines matter where an operation's operands end.
struct TextLexer {
    private let bytes: [UInt8]
    private(set) var offset = 0
    private var depth = 0
    private static let depthLimit = 64

    init(_ text: String) { bytes = Array(text.utf8) }

    func malformed(_ message: String) -> JaxError { JaxError(.malformed, message, offset: offset) }

    // MARK: Characters

    private mutating func skipSpaces() {
        while offset < bytes.count, bytes[offset] == 0x20 || bytes[offset] == 0x09 { offset += 1 }
    }

    mutating func skipLine() {
        while offset < bytes.count, bytes[offset] != 0x0a { offset += 1 }
    }

    /// Steps over spaces and ends of lines.
    mutating func skipLines() {
        skipSpaces()
        while offset < bytes.count, bytes[offset] == 0x0a || bytes[offset] == 0x0d {
            offset += 1
            skipSpaces()
        }
    }

    var isAtEnd: Bool { offset >= bytes.count }

    /// Whether nothing but a comment is left of the line.
    var isAtLineEnd: Bool {
        mutating get {
            skipSpaces()
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "#") { skipLine() }
            return offset >= bytes.count || bytes[offset] == 0x0a
        }
    }

    /// The next character that is no space, on this line.
    mutating func peek() -> UInt8? {
        skipSpaces()
        return offset < bytes.count ? bytes[offset] : nil
    }

    mutating func take(_ text: StaticString) -> Bool {
        skipSpaces()
        return text.withUTF8Buffer { buffer in
            guard bytes.count - offset >= buffer.count else { return false }
            for index in 0..<buffer.count where bytes[offset + index] != buffer[index] { return false }
            offset += buffer.count
            return true
        }
    }

    /// Whether the last character read is this one.
    func isAfter(_ character: Unicode.Scalar) -> Bool { offset > 0 && bytes[offset - 1] == UInt8(ascii: character) }

    mutating func expect(_ text: StaticString) throws(JaxError) {
        guard take(text) else { throw malformed("expected '\(text)'") }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
             UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"):
            return true
        default: return false
        }
    }

    /// A run of letters, digits and "_.-+".
    mutating func word() throws(JaxError) -> String {
        skipSpaces()
        let start = offset
        while offset < bytes.count, TextLexer.isWordByte(bytes[offset]) { offset += 1 }
        guard offset > start else { throw malformed("expected a word") }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    /// Steps over `text` where it is the whole next word.
    mutating func takeWord(_ text: String) -> Bool {
        let saved = self
        if let found = try? word(), found == text { return true }
        self = saved
        return false
    }

    /// A word or a quoted text. A value's name never ends in a full stop: "a:f32[]." ends the parameters.
    mutating func identifier() throws(JaxError) -> String {
        if peek() == UInt8(ascii: "'") { return try string() }
        return try word()
    }

    /// '…' with \', \\, \n and \xNN.
    private mutating func string() throws(JaxError) -> String {
        try expect("'")
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            if byte == UInt8(ascii: "'") { return String(decoding: text, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\"), offset < bytes.count else {
                text.append(byte)
                continue
            }
            let escaped = bytes[offset]
            offset += 1
            switch escaped {
            case UInt8(ascii: "n"): text.append(0x0a)
            case UInt8(ascii: "x"):
                guard offset + 2 <= bytes.count,
                      let value = UInt8(String(decoding: bytes[offset..<(offset + 2)], as: UTF8.self), radix: 16) else {
                    throw malformed("expected two hexadecimal digits")
                }
                text.append(value)
                offset += 2
            default: text.append(escaped)
            }
        }
        throw malformed("expected the end of a text")
    }

    mutating func integer() throws(JaxError) -> Int {
        let start = offset
        guard let value = Int(try word()) else { throw JaxError(.malformed, "expected an integer", offset: start) }
        return value
    }

    // MARK: Types

    /// "f32[2,3]", "token" or "(f32[], token)".
    mutating func type() throws(JaxError) -> ValueType {
        if take("(") {
            try descend()
            var members: [ValueType] = []
            while !take(")") {
                members.append(try type())
                _ = take(",")
            }
            depth -= 1
            return .tuple(members)
        }
        let start = offset
        let name = typeName()
        if name == "token" { return .token }
        guard let dtype = DType.allCases.first(where: { $0.shortName == name }) else {
            throw JaxError(.malformed, "there is no type \(name)", offset: start)
        }
        return .tensor(TensorType(dtype, try shape()))
    }

    /// A run of letters, digits and "_": a full stop after a type ends what it stands in.
    private mutating func typeName() -> String {
        skipSpaces()
        let start = offset
        while offset < bytes.count, TextLexer.isWordByte(bytes[offset]),
              ![UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+")].contains(bytes[offset]) {
            offset += 1
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func shape() throws(JaxError) -> [Int] {
        try expect("[")
        var shape: [Int] = []
        while !take("]") {
            if take("?") { shape.append(TensorType.dynamic) } else {
                let size = try integer()
                guard size >= 0, shape.count < 64 else { throw malformed("expected at most 64 sizes") }
                shape.append(size)
            }
            _ = take(",")
        }
        return shape
    }

    private mutating func descend() throws(JaxError) {
        guard depth < TextLexer.depthLimit else { throw malformed("nested deeper than \(TextLexer.depthLimit)") }
        depth += 1
    }

    // MARK: Attributes

    /// "a=1 b=(2, 3)" up to `end`.
    mutating func entries(until end: StaticString, separator: StaticString?) throws(JaxError) -> Attributes {
        var attributes = Attributes()
        while !take(end) {
            let name = try identifier()
            try expect("=")
            attributes.entries.append(NamedAttribute(name, try attribute()))
            if let separator { _ = take(separator) }
        }
        return attributes
    }

    mutating func attribute() throws(JaxError) -> Attribute {
        try descend()
        defer { depth -= 1 }
        switch peek() {
        case UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "@"):
            offset += 1
            return .symbol(try identifier())
        case UInt8(ascii: "{"):
            offset += 1
            return .dictionary(try entries(until: "}", separator: ",").entries)
        case UInt8(ascii: "["):
            offset += 1
            var list: [Attribute] = []
            while !take("]") {
                list.append(try attribute())
                _ = take(",")
            }
            return .array(list)
        case UInt8(ascii: "("): return try parenthesised()
        default: return try plain()
        }
    }

    /// A list of integers or booleans, or a tuple's type.
    private mutating func parenthesised() throws(JaxError) -> Attribute {
        let saved = self
        offset += 1
        var integers: [Int] = [], bools: [Bool] = []
        while !take(")") {
            guard let word = try? word() else { break }
            if word == "True" || word == "False" {
                bools.append(word == "True")
            } else if let integer = Int(word) {
                integers.append(integer)
            } else {
                break
            }
            if take(")") { return bools.isEmpty ? .integers(integers) : .bools(bools) }
            guard take(",") else { break }
            if take(")") { return bools.isEmpty ? .integers(integers) : .bools(bools) }
        }
        if integers.isEmpty && bools.isEmpty && offset > saved.offset && bytes[offset - 1] == UInt8(ascii: ")") { return .integers([]) }
        self = saved
        return .type(try type())
    }

    private mutating func plain() throws(JaxError) -> Attribute {
        let saved = self
        let word = try word()
        switch word {
        case "True", "False": return .bool(word == "True")
        case "unit": return .unit
        case "opaque" where offset < bytes.count && bytes[offset] == UInt8(ascii: "'"): return .opaque(try string())
        default: break
        }
        if word == "token" || offset < bytes.count && bytes[offset] == UInt8(ascii: "[") {
            self = saved
            let type = try type()
            if case .tensor(let tensor) = type, offset < bytes.count, bytes[offset] == UInt8(ascii: "{") {
                offset += 1
                return .literal(try literal(tensor, until: "}"))
            }
            return .type(type)
        }
        if let integer = Int(word) {
            return .integer(integer, try numberType(missing: .i64))
        }
        if let number = TextLexer.float(word) { return .float(number, try numberType(missing: .f64)) }
        return .enumeration(word)
    }

    /// ":f32" after a number.
    private mutating func numberType(missing: DType) throws(JaxError) -> DType {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: ":") else { return missing }
        offset += 1
        let start = offset
        let name = try word()
        guard let dtype = DType.allCases.first(where: { $0.shortName == name }) else {
            throw JaxError(.malformed, "there is no type \(name)", offset: start)
        }
        return dtype
    }

    /// A number, or the bits of a double.
    private static func float(_ word: String) -> Double? {
        if word.hasPrefix("0x") { return UInt64(word.dropFirst(2), radix: 16).map { Double(bitPattern: $0) } }
        guard let first = word.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "i") || first == UInt8(ascii: "n")
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        return Double(word)
    }

    // MARK: Constants

    /// The elements of a constant up to `end`: "1.0, 2.0", or "0.0 everywhere".
    mutating func literal(_ type: TensorType, until end: StaticString) throws(JaxError) -> Literal {
        guard let count = type.checkedElementCount else { throw malformed("a constant cannot have the type \(type)") }
        var elements: [UInt8] = []
        var isSplat = false
        while !take(end) {
            try element(type.dtype, into: &elements)
            if takeWord("everywhere") { isSplat = true }
            _ = take(",")
        }
        guard elements.count == (isSplat ? 1 : count) * type.dtype.byteWidth else {
            throw malformed("expected \(count) elements of a constant \(type)")
        }
        let storage = try Storage(byteCount: elements.count)
        for (index, byte) in elements.enumerated() { storage.bytes.storeBytes(of: byte, toByteOffset: index, as: UInt8.self) }
        type.dtype.canonicalise(storage.bytes, count: elements.count / type.dtype.byteWidth)
        return Literal(type: type, isSplat: isSplat, storage: storage)
    }

    private mutating func element(_ dtype: DType, into elements: inout [UInt8]) throws(JaxError) {
        func append<Value: FixedWidthInteger>(_ value: Value) {
            for index in 0..<MemoryLayout<Value>.size { elements.append(UInt8(truncatingIfNeeded: value >> Value(8 * index))) }
        }
        if dtype.isComplex {
            try expect("(")
            // "1.0+-2.0j": both parts are one word.
            let start = offset
            let word = Array(try word().utf8)
            guard word.last == UInt8(ascii: "j"),
                  let plus = word.indices.dropFirst().first(where: { word[$0] == UInt8(ascii: "+")
                  && word[$0 - 1] != UInt8(ascii: "e") }) else {
                throw JaxError(.malformed, "expected a complex number", offset: start)
            }
            for part in [word[..<plus], word[(plus + 1)..<(word.count - 1)]] {
                append(try TextLexer.bits(String(decoding: part, as: UTF8.self), dtype.real, at: start))
                if dtype == .c64 { elements.removeLast(4) }
            }
            return try expect(")")
        }
        let start = offset
        let bits = try TextLexer.bits(try word(), dtype, at: start)
        for index in 0..<dtype.byteWidth { elements.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * index))) }
    }

    /// The bits of an element.
    private static func bits(_ word: String, _ dtype: DType, at offset: Int) throws(JaxError) -> UInt64 {
        if word.hasPrefix("0x"), let bits = UInt64(word.dropFirst(2), radix: 16) { return bits }
        switch dtype.kind {
        case .boolean where word == "True" || word == "False": return word == "True" ? 1 : 0
        case .signed: if let value = Int64(word) { return UInt64(bitPattern: value) }
        case .unsigned: if let value = UInt64(word) { return value }
        case .float:
            if dtype == .f64, let value = Double(word) { return value.bitPattern }
            guard let value = Float(word) else { break }
            switch dtype {
            case .f32: return UInt64(value.bitPattern)
            case .f16: return UInt64(value.isNaN ? 0x7e00 : Float16(value).bitPattern)
            case .bf16: return UInt64(value.isNaN ? 0x7fc0 : value.bitPattern >> 16)
            default: break
            }
        default: break
        }
        throw JaxError(.malformed, "'\(word)' is no element of \(dtype.name)", offset: offset)
    }
}
