// JSON (RFC 8259) for the entry points' arguments and for what the machine reports: a bounded reader and a writer.
import JaxPlatform

/// A JSON value. Objects keep their order.
public indirect enum JSON {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    public subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        for member in members where member.key == key { return member.value }
        return nil
    }

    public var string: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    public var integer: Int? {
        if case .integer(let value) = self { return value }
        return nil
    }

    public var array: [JSON]? {
        if case .array(let list) = self { return list }
        return nil
    }

    /// Parses `text`, which must hold one value. Throws `malformed` with the byte offset.
    public init(parsing text: String) throws(JaxError) {
        var reader = JSONReader(bytes: Array(text.utf8))
        self = try reader.readDocument()
    }
}

extension JSON: CustomStringConvertible {
    /// The value as JSON text on one line.
    public var description: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .number(let value): return value.isFinite ? "\(value)" : "null"
        case .string(let text): return JSON.quoted(text)
        case .array(let list):
            var text = "["
            for (index, element) in list.enumerated() {
                if index > 0 { text += ", " }
                text += element.description
            }
            return text + "]"
        case .object(let members):
            var text = "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += ", " }
                text += JSON.quoted(member.key) + ": " + member.value.description
            }
            return text + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let digits: [Character] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"]
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if scalar.value < 0x20 {
                    result += "\\u00"
                    result.append(digits[Int(scalar.value >> 4)])
                    result.append(digits[Int(scalar.value & 15)])
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0
    /// Deeper nesting is refused, so that a hostile text cannot overrun the stack.
    static let maximumDepth = 32

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func readDocument() throws(JaxError) -> JSON {
        let value = try readValue(depth: 0)
        skipSpace()
        if position < bytes.count { throw expected("the end of the text") }
        return value
    }

    private func expected(_ what: String) -> JaxError {
        JaxError(.malformed, "JSON: expected " + what, offset: position)
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        guard bytes.count - position >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where bytes[position + index] != word.utf8Start[index] { return false }
        position += word.utf8CodeUnitCount
        return true
    }

    private mutating func readValue(depth: Int) throws(JaxError) -> JSON {
        if depth > JSONReader.maximumDepth { throw expected("at most \(JSONReader.maximumDepth) levels of nesting") }
        skipSpace()
        guard position < bytes.count else { throw expected("a value") }
        switch bytes[position] {
        case UInt8(ascii: "{"):
            position += 1
            var members: [(key: String, value: JSON)] = []
            if take(UInt8(ascii: "}")) { return .object(members) }
            repeat {
                skipSpace()
                let key = try readString()
                guard take(UInt8(ascii: ":")) else { throw expected("':'") }
                members.append((key: key, value: try readValue(depth: depth + 1)))
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw expected("',' or '}'") }
            return .object(members)
        case UInt8(ascii: "["):
            position += 1
            var list: [JSON] = []
            if take(UInt8(ascii: "]")) { return .array(list) }
            repeat { list.append(try readValue(depth: depth + 1)) } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw expected("',' or ']'") }
            return .array(list)
        case UInt8(ascii: "\""):
            return .string(try readString())
        default:
            if takeWord("null") { return .null }
            if takeWord("true") { return .bool(true) }
            if takeWord("false") { return .bool(false) }
            return try readNumber()
        }
    }

    private mutating func readNumber() throws(JaxError) -> JSON {
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                 UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
                continue
            default: break
            }
            break
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if let integer = Int(text) { return .integer(integer) }
        if let number = Double(text) { return .number(number) }
        position = start
        throw expected("a value")
    }

    private mutating func readString() throws(JaxError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw expected("a string") }
        position += 1
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try readEscape(into: &content)
            case 0..<0x20:
                throw expected("no control character in a string")
            default:
                content.append(byte)
            }
        }
        throw expected("'\"'")
    }

    private mutating func readEscape(into content: inout [UInt8]) throws(JaxError) {
        guard position < bytes.count else { throw expected("an escape") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "u"):
            var value = try readHex4()
            if value & 0xFC00 == 0xD800, takeWord("\\u") {
                let low = try readHex4()
                guard low & 0xFC00 == 0xDC00 else { throw expected("a low surrogate") }
                value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(value) else { throw expected("a Unicode scalar") }
            content.append(contentsOf: Array(String(Character(scalar)).utf8))
        default:
            throw expected("an escape")
        }
    }

    private mutating func readHex4() throws(JaxError) -> UInt32 {
        guard bytes.count - position >= 4,
              let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw expected("four hexadecimal digits") }
        position += 4
        return value
    }
}
