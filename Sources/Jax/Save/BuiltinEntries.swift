// The attributes and types of MLIR's builtin dialect that a program of VHLO has: those of the module, the names in dictionaries, and
// locations (`mlir/include/mlir/IR/BuiltinDialectBytecode.td`).
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryWriter {
    /// An attribute of this kind, whose fields `fields` appends.
    func builtin(_ code: BuiltinAttributeCode, _ fields: (inout ByteWriter) throws(JaxError) -> Void) throws(JaxError) -> Int {
        var encoded = ByteWriter()
        encoded.varint(code.rawValue)
        try fields(&encoded)
        return try add(attribute: encoded, EntryWriter.builtin)
    }

    func builtin(string text: String) throws(JaxError) -> Int {
        let index = string(text)
        return try builtin(.string) { encoded throws(JaxError) in encoded.varint(index) }
    }

    /// A dictionary of attributes that are encoded already.
    func builtin(dictionary entries: [(name: String, value: Int)]) throws(JaxError) -> Int {
        try builtin(.dictionary) { encoded throws(JaxError) in
            encoded.varint(entries.count)
            for entry in entries {
                encoded.varint(try self.builtin(string: entry.name))
                encoded.varint(entry.value)
            }
        }
    }

    /// An attribute of the module.
    func builtin(_ attribute: Attribute) throws(JaxError) -> Int { try nested { () throws(JaxError) in try encodedBuiltin(attribute) } }

    private func encodedBuiltin(_ attribute: Attribute) throws(JaxError) -> Int {
        switch attribute {
        case .unit: return try builtin(.unit) { _ throws(JaxError) in }
        case .bool(let value):
            let type = integerType(width: 1, isUnsigned: false)
            return try builtin(.integer) { encoded throws(JaxError) in
                encoded.varint(type)
                encoded.byte(value ? 1 : 0)
            }
        case .integer(let value, let dtype):
            guard dtype.isInteger else { throw JaxError(.internalError, "an integer of type \(dtype.name)") }
            let type = integerType(width: dtype.bitWidth, isUnsigned: dtype.kind == .unsigned)
            return try builtin(.integer) { encoded throws(JaxError) in
                encoded.varint(type)
                encoded.integer(value, dtype)
            }
        case .string(let text): return try builtin(string: text)
        case .symbol(let name):
            let text = try builtin(string: name)
            return try builtin(.flatSymbol) { encoded throws(JaxError) in encoded.varint(text) }
        case .integers(let list):
            let type = integerType(width: 64, isUnsigned: false)
            try spend(list.count)
            return try builtin(.denseArray) { encoded throws(JaxError) in
                encoded.varint(type)
                encoded.varint(list.count)
                encoded.varint(8 * list.count)
                for value in list { encoded.fixed(Int64(value)) }
            }
        case .array(let list):
            var indices: [Int] = []
            for element in list { indices.append(try builtin(element)) }
            return try builtin(.array) { encoded throws(JaxError) in encoded.varints(indices) }
        case .dictionary(let entries):
            var fields: [(name: String, value: Int)] = []
            for entry in entries { fields.append((entry.name, try builtin(entry.value))) }
            return try builtin(dictionary: fields)
        case .float, .type, .bools, .enumeration, .literal, .opaque:
            throw JaxError(.notImplemented, "the attribute \(attribute.text()) of a module is not written")
        }
    }

    /// The two lowest bits say how the sign is meant: not at all, or as unsigned.
    private func integerType(width: Int, isUnsigned: Bool) -> Int {
        var encoded = ByteWriter()
        encoded.varint(BuiltinTypeCode.integer.rawValue)
        encoded.varint(width << 2 | (isUnsigned ? 2 : 0))
        return add(type: encoded, EntryWriter.builtin)
    }
}

extension ByteWriter {
    /// An integer of known width: one byte up to 8 bits, else zigzag, extended by its highest bit.
    mutating func integer(_ value: Int, _ dtype: DType) {
        let shift = 64 - dtype.bitWidth
        if dtype.bitWidth <= 8 {
            byte(UInt8(truncatingIfNeeded: value & (1 << dtype.bitWidth - 1)))
        } else {
            signedVarint((value << shift) >> shift)
        }
    }
}
