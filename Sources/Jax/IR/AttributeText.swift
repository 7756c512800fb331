// Attributes and constants as text; `Load/Text` reads the same notation.

extension Attribute {
    /// Python-like text; constants of more than `elements` are summarised, and with `cut`, what is longer than a screen.
    public func text(upTo elements: Int = 8, cut: Bool = true) -> String {
        var writer = AttributeWriter(elements: elements, limit: cut ? 2000 : Int.max)
        writer.write(self)
        return writer.text
    }

    /// A name as it stands, or quoted where it is more than letters, digits and "_.-".
    static func identifier(_ name: String) -> String {
        var isPlain = !name.isEmpty
        for (index, byte) in name.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"): if index == 0 { isPlain = false }
            default: isPlain = false
            }
        }
        return isPlain ? name : quote(name)
    }

    static func quote(_ text: String) -> String {
        var quoted = "'"
        for character in text.unicodeScalars {
            switch character {
            case "'": quoted += "\\'"
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default:
                if character.value < 32 || character.value == 127 { quoted += "\\x" + hex(UInt64(character.value), digits: 2) } else {
                    quoted.unicodeScalars.append(character)
                }
            }
        }
        return quoted + "'"
    }

    fileprivate static func hex(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}

/// Attributes may share parts many times over; a bound on the text bounds the walk.
private struct AttributeWriter {
    var text = ""
    let elements: Int
    let limit: Int

    private var isFull: Bool { text.utf8.count >= limit }

    mutating func write(_ attribute: Attribute) {
        guard !isFull else {
            text += "…"
            return
        }
        switch attribute {
        case .unit: text += "unit"
        case .bool(let value): text += value ? "True" : "False"
        case .integer(let value, let dtype): text += "\(value)" + type(dtype, usual: .i64)
        case .float(let value, let dtype): text += number(value) + type(dtype, usual: .f64)
        case .string(let value): text += Attribute.quote(value)
        case .type(let type): text += type.description
        case .symbol(let name): text += "@" + Attribute.identifier(name)
        case .enumeration(let name): text += name
        case .opaque(let value): text += "opaque" + Attribute.quote(value)
        case .literal(let literal): text += literal.type.description + "{" + literal.text(upTo: elements) + "}"
        case .integers(let list): self.list(list.count, "(", ")") { $0.text += "\(list[$1])" }
        case .bools(let list): self.list(list.count, "(", ")") { $0.text += list[$1] ? "True" : "False" }
        case .array(let list): self.list(list.count, "[", "]") { $0.write(list[$1]) }
        case .dictionary(let entries):
            text += "{"
            for (index, entry) in entries.enumerated() where !isFull {
                text += (index > 0 ? ", " : "") + Attribute.identifier(entry.name) + "="
                write(entry.value)
            }
            text += "}"
        }
    }

    /// ":i32" after a number, where the text is to be read again.
    private func type(_ dtype: DType, usual: DType) -> String { limit < Int.max || dtype == usual ? "" : ":" + dtype.shortName }

    /// The bits of a NaN that is not the usual one.
    private func number(_ value: Double) -> String {
        value != value && value.bitPattern != Double.nan.bitPattern ? "0x" + Attribute.hex(value.bitPattern, digits: 16) : "\(value)"
    }

    /// "(1, 2)", with Python's comma after a single element.
    private mutating func list(_ count: Int, _ open: String, _ close: String, _ element: (inout AttributeWriter, Int) -> Void) {
        text += open
        for index in 0..<count {
            if index > 0 { text += ", " }
            guard !isFull else {
                text += "…"
                break
            }
            element(&self, index)
        }
        text += count == 1 && open == "(" ? ",)" : close
    }
}

extension Literal {
    /// The elements, separated by commas, or how many there are. A NaN that is not the usual one, and the floats of 8 bits and
    /// less, stand as their bits.
    func text(upTo limit: Int) -> String {
        let count = type.elementCount
        if isSplat && count != 1 { return element(0) + " everywhere" }
        guard count <= limit else { return "… \(count) elements" }
        var text = ""
        for index in 0..<count { text += (index > 0 ? ", " : "") + element(index) }
        return text
    }

    private func read<Value: BitwiseCopyable>(_ index: Int, _ type: Value.Type) -> Value {
        storage.bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self)
    }

    private func element(_ index: Int) -> String {
        guard storage.byteCount >= (index + 1) * type.dtype.byteWidth else { return "?" }
        switch type.dtype {
        case .i1: return read(index, UInt8.self) != 0 ? "True" : "False"
        case .i2, .i4, .i8: return "\(read(index, Int8.self))"
        case .u2, .u4, .u8: return "\(read(index, UInt8.self))"
        case .i16: return "\(read(index, Int16.self))"
        case .u16: return "\(read(index, UInt16.self))"
        case .i32: return "\(read(index, Int32.self))"
        case .u32: return "\(read(index, UInt32.self))"
        case .i64: return "\(read(index, Int64.self))"
        case .u64: return "\(read(index, UInt64.self))"
        case .f32, .f64, .f16, .bf16: return float(index, type.dtype)
        case .c64: return "(" + float(2 * index, .f32) + "+" + float(2 * index + 1, .f32) + "j)"
        case .c128: return "(" + float(2 * index, .f64) + "+" + float(2 * index + 1, .f64) + "j)"
        default: return "0x" + Attribute.hex(UInt64(read(index, UInt8.self)), digits: 2)
        }
    }

    private func float(_ index: Int, _ dtype: DType) -> String {
        func text(_ value: Float, _ bits: UInt64, _ digits: Int, usual: UInt64) -> String {
            value != value && bits != usual ? "0x" + Attribute.hex(bits, digits: digits) : "\(value)"
        }
        switch dtype {
        case .f32:
            let value = read(index, Float.self)
            return text(value, UInt64(value.bitPattern), 8, usual: 0x7fc0_0000)
        case .f16:
            let value = read(index, Float16.self)
            return text(Float(value), UInt64(value.bitPattern), 4, usual: 0x7e00)
        case .bf16:
            let bits = read(index, UInt16.self)
            return text(Float(bitPattern: UInt32(bits) << 16), UInt64(bits), 4, usual: 0x7fc0)
        default:
            let value = read(index, Double.self)
            return value != value && value.bitPattern != 0x7ff8_0000_0000_0000
                ? "0x" + Attribute.hex(value.bitPattern, digits: 16) : "\(value)"
        }
    }
}
