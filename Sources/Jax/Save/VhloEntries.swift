// The attributes of VHLO as they are encoded (`stablehlo/dialect/VhloBytecode.cpp`): a code, then the fields.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryWriter {
    /// An attribute of this kind, whose fields `fields` appends.
    func vhlo(_ code: VhloAttributeCode, _ fields: (inout ByteWriter) throws(JaxError) -> Void) throws(JaxError) -> Int {
        var encoded = ByteWriter()
        encoded.varint(code.rawValue)
        try fields(&encoded)
        return try add(attribute: encoded, EntryWriter.vhlo)
    }

    /// An attribute as it is, whatever its name.
    func attribute(_ attribute: Attribute) throws(JaxError) -> Int { try nested { () throws(JaxError) in try encoded(attribute) } }

    private func encoded(_ attribute: Attribute) throws(JaxError) -> Int {
        switch attribute {
        case .unit: return try self.type(attribute: simpleType(.noType))
        case .bool(let value): return try vhlo(.boolean) { encoded throws(JaxError) in encoded.varint(value ? 1 : 0) }
        case .integer(let value, let dtype): return try integer(value, dtype)
        case .float(let value, let dtype): return try float(value, dtype)
        case .string(let text), .symbol(let text): return try string(attribute: text)
        case .type(let type): return try self.type(attribute: self.type(type))
        case .integers(let list): return try integers(list, [list.count])
        case .bools(let list): return try bools(list)
        case .array(let list):
            var indices: [Int] = []
            indices.reserveCapacity(list.count)
            for element in list { indices.append(try self.attribute(element)) }
            return try array(indices)
        case .dictionary(let entries):
            var fields: [(name: Int, value: Int)] = []
            for entry in entries { fields.append((try string(attribute: entry.name), try self.attribute(entry.value, named: entry.name))) }
            return try vhlo(.dictionary) { encoded throws(JaxError) in
                encoded.varint(fields.count)
                for field in fields {
                    encoded.varint(field.name)
                    encoded.varint(field.value)
                }
            }
        case .literal(let literal): return try constant(literal)
        case .enumeration(let name): throw JaxError(.notImplemented, "the case \(name) of an unknown enum is not written")
        case .opaque(let text): throw JaxError(.notImplemented, "what the program was loaded without, \(text), is not written")
        }
    }

    /// A reader of UTF-8 puts U+FFFD where bytes are no text.
    func string(attribute text: String) throws(JaxError) -> Int {
        guard !text.unicodeScalars.contains("\u{FFFD}") else {
            throw JaxError(.notImplemented, "an attribute that is no text was lost when the program was loaded; it is not written")
        }
        let index = string(text)
        return try vhlo(.string) { encoded throws(JaxError) in encoded.varint(index) }
    }

    /// An attribute that is the type of an index.
    func type(attribute type: Int) throws(JaxError) -> Int { try vhlo(.type) { encoded throws(JaxError) in encoded.varint(type) } }

    /// A list of attributes that are encoded already.
    func array(_ indices: [Int]) throws(JaxError) -> Int { try vhlo(.array) { encoded throws(JaxError) in encoded.varints(indices) } }

    func enumeration(_ name: String, of table: EncodedEnum) throws(JaxError) -> Int {
        guard let value = table.value(of: name) else { throw JaxError(.internalError, "no enum of VHLO has the case \(name) here") }
        return try vhlo(table.code) { encoded throws(JaxError) in encoded.varint(value) }
    }

    func integer(_ value: Int, _ dtype: DType) throws(JaxError) -> Int {
        guard dtype.isInteger else { throw JaxError(.internalError, "an integer of type \(dtype.name)") }
        let type = try elementType(dtype)
        return try vhlo(.integer) { encoded throws(JaxError) in
            encoded.varint(type)
            encoded.integer(value, dtype)
        }
    }

    /// A number as the integer of its bits.
    private func float(_ value: Double, _ dtype: DType) throws(JaxError) -> Int {
        let bits: Int
        switch dtype {
        case .f64: bits = Int(bitPattern: UInt(value.bitPattern))
        case .f32: bits = Int(Int32(bitPattern: Float(value).bitPattern))
        case .bf16: bits = Int(Int16(truncatingIfNeeded: Float(value).bitPattern >> 16))
        case .f16: bits = Int(Int16(bitPattern: Float16(value).bitPattern))
        default: throw JaxError(.notImplemented, "an attribute of type \(dtype.name) is not written")
        }
        let type = try elementType(dtype)
        return try vhlo(.float) { encoded throws(JaxError) in
            encoded.varint(type)
            encoded.signedVarint(bits)
        }
    }

    // MARK: Constants

    /// `list`, row-major, as a constant i64 of this shape.
    func integers(_ list: [Int], _ shape: [Int]) throws(JaxError) -> Int { try integers(list, shape, element: elementType(.i64)) }

    /// The same of a type of integers of 64 bits, i64 or `index`.
    func integers(_ list: [Int], _ shape: [Int], element: Int) throws(JaxError) -> Int {
        try spend(list.count)
        let type = try tensorType(shape, element: element)
        return try vhlo(.tensor) { encoded throws(JaxError) in
            encoded.varint(type)
            encoded.varint(8 * list.count)
            for value in list { encoded.fixed(Int64(value)) }
        }
    }

    /// Booleans take a bit each, the lowest first.
    private func bools(_ list: [Bool]) throws(JaxError) -> Int {
        try spend(list.count)
        let type = try tensorType([list.count], element: elementType(.i1))
        return try vhlo(.tensor) { encoded throws(JaxError) in
            encoded.varint(type)
            encoded.packed(list.count) { list[$0] }
        }
    }

    private func constant(_ literal: Literal) throws(JaxError) -> Int {
        let type = try self.type(.tensor(literal.type))
        let bytes = try literal.elements()
        return try vhlo(.tensor) { encoded throws(JaxError) in
            encoded.varint(type)
            if literal.type.dtype == .i1, literal.isSplat, literal.type.elementCount > 1 {
                encoded.varint(1)
                encoded.byte(bytes[0] != 0 ? 0xFF : 0)
            } else if literal.type.dtype == .i1 {
                encoded.packed(bytes.count) { bytes[$0] != 0 }
            } else {
                encoded.varint(bytes.count)
                encoded.append(bytes)
            }
        }
    }
}

extension Literal {
    /// The bytes that are stored, which must be there. Valid as long as the constant is.
    func elements() throws(JaxError) -> UnsafeRawBufferPointer {
        guard type.checkedElementCount != nil, byteCount <= storage.byteCount else {
            throw JaxError(.internalError, "a constant \(type) without its elements")
        }
        return UnsafeRawBufferPointer(start: storage.bytes, count: byteCount)
    }
}

extension ByteWriter {
    /// The size and the bytes of `count` booleans.
    fileprivate mutating func packed(_ count: Int, _ bit: (Int) -> Bool) {
        varint((count + 7) / 8)
        for start in stride(from: 0, to: count, by: 8) {
            var bits: UInt8 = 0
            for index in start..<min(start + 8, count) where bit(index) { bits |= 1 << UInt8(index - start) }
            byte(bits)
        }
    }
}
