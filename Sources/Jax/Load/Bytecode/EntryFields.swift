// What the dialects' encodings have in common: numbers, lists, tensor types, constants.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryTable {
    func signedVarints(_ reader: inout ByteReader) throws(JaxError) -> [Int] {
        let count = try reader.count("integers")
        var list: [Int] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try reader.signedVarint("integer")) }
        return list
    }

    func attributes(_ reader: inout ByteReader) throws(JaxError) -> [Attribute] {
        let count = try reader.count("attributes")
        var list: [Attribute] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try attribute(&reader)) }
        return list
    }

    /// The type of a number in an attribute; `index` counts as i64.
    func numberType(_ reader: inout ByteReader) throws(JaxError) -> DType {
        let start = reader.offset
        switch try type(&reader) {
        case .element(let dtype): return dtype
        case .index: return .i64
        case let type: throw JaxError(.malformed, "expected a number's type, found \(type.name)", offset: start)
        }
    }

    /// An integer of known width: one byte up to 8 bits, else zigzag.
    func integer(_ dtype: DType, _ reader: inout ByteReader) throws(JaxError) -> Attribute {
        if dtype == .i1 { return .bool(try reader.byte("boolean") != 0) }
        guard dtype.isInteger else { throw reader.malformed("expected an integer type, found \(dtype.mlirName)") }
        let width = dtype.bitWidth
        let raw = try width <= 8 ? Int(reader.byte("integer")) : reader.signedVarint("integer")
        let shift = 64 - width
        let value = dtype.kind == .signed ? (raw << shift) >> shift
                                          : Int(bitPattern: UInt(bitPattern: raw << shift) >> UInt(shift))
        return .integer(value, dtype)
    }

    /// A floating-point number, encoded as the integer of its bits.
    func float(_ dtype: DType, _ reader: inout ByteReader) throws(JaxError) -> Attribute {
        switch dtype {
        case .f64: return .float(Double(bitPattern: UInt64(bitPattern: Int64(try reader.signedVarint("f64")))), .f64)
        case .f32:
            return .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try reader.signedVarint("f32")))), .f32)
        case .bf16:
            let bits = UInt32(UInt16(truncatingIfNeeded: try reader.signedVarint("bf16"))) << 16
            return .float(Double(Float(bitPattern: bits)), .bf16)
        case .f16:
            let bits = UInt16(truncatingIfNeeded: try reader.signedVarint("f16"))
            return .float(Double(Float16(bitPattern: bits)), .f16)
        default:
            guard dtype.isFloat else { throw reader.malformed("expected a float type, found \(dtype.mlirName)") }
            return .opaque("the \(dtype.mlirName) with the bits \(try reader.byte("small float"))")
        }
    }

    func complex(of element: DType, _ position: Int) throws(JaxError) -> EncodedType {
        switch element {
        case .f32: return .element(.c64)
        case .f64: return .element(.c128)
        default: throw JaxError(.malformed, "complex<\(element.mlirName)> is not a type", offset: position)
        }
    }

    func tensorType(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        var shape = try signedVarints(&reader)
        guard shape.count <= EncodingLimit.rank else {
            throw JaxError(.notImplemented, "tensors of \(shape.count) dimensions are not supported; \(EncodingLimit.rank) are the most",
                           offset: start)
        }
        for axis in shape.indices {
            if shape[axis] == encodedDynamicDimension { shape[axis] = TensorType.dynamic; continue }
            guard shape[axis] >= 0 else {
                throw JaxError(.malformed, "a dimension cannot be \(shape[axis])", offset: start)
            }
        }
        let elementStart = reader.offset
        switch try type(&reader) {
        case .element(let dtype):
            let type = TensorType(dtype, shape)
            guard !type.isStatic || type.checkedElementCount != nil else {
                throw JaxError(.malformed, "a tensor of type \(type) is larger than any memory", offset: start)
            }
            return .value(.tensor(type))
        case .unsupported(let name): return .unsupported("tensor of \(name)")
        case .index: return .value(.tensor(TensorType(.i64, shape)))
        case let type: throw JaxError(.malformed, "expected an element type, found \(type.name)", offset: elementStart)
        }
    }

    /// The constant of `type` whose raw elements `bytes` holds: all of them, one for all, or, for booleans, one bit each.
    func literal(_ type: TensorType, _ bytes: ByteReader) throws(JaxError) -> Literal {
        guard type.isStatic, let count = type.checkedElementCount else {
            throw bytes.malformed("a constant cannot have the type \(type)")
        }
        var reader = bytes
        let size = reader.remaining
        let width = type.dtype.byteWidth
        if type.dtype == .i1 { return try booleans(type, count, &reader) }
        guard size == count * width || size == width else {
            throw bytes.malformed("expected \(count * width) bytes, or \(width) for a splat, of a constant \(type), found \(size)")
        }
        let storage = try Storage(byteCount: size)
        reader.copy(to: storage.bytes, count: size)
        type.dtype.canonicalise(storage.bytes, count: size / width)
        return Literal(type: type, isSplat: size != count * width, storage: storage)
    }

    /// Booleans come as a splat of FF or 00, as bits (the lowest first), or one byte each.
    private func booleans(_ type: TensorType, _ count: Int, _ reader: inout ByteReader) throws(JaxError) -> Literal {
        let size = reader.remaining
        let packed = count / 8 + (count % 8 == 0 ? 0 : 1)
        let isPacked = size == packed
        guard isPacked || size == count || size == 1 else {
            throw reader.malformed("expected \(packed) or \(count) bytes of a constant \(type), found \(size)")
        }
        var peek = reader
        let first = size > 0 ? try peek.byte("boolean") : 0
        let isSplat = count > 1 && size == 1 && (first == 0xFF || !isPacked)
        let storage = try Storage(byteCount: isSplat ? 1 : count)
        let destination = storage.bytes.assumingMemoryBound(to: UInt8.self)
        if isSplat || size == count {
            for index in 0..<size { destination[index] = try reader.byte("boolean") != 0 ? 1 : 0 }
        } else {
            var bits: UInt8 = 0
            for index in 0..<count {
                if index & 7 == 0 { bits = try reader.byte("booleans") }
                destination[index] = bits >> UInt8(index & 7) & 1
            }
        }
        return Literal(type: type, isSplat: isSplat, storage: storage)
    }

    // MARK: Attributes in their operation's place

    /// The attribute whose index comes next, in the form that an operation keeps under `name`; nil for none.
    func namedAttribute(_ name: String, _ reader: inout ByteReader) throws(JaxError) -> Attribute? {
        let start = reader.offset
        var peek = reader
        let index = try peek.varint("attribute index")
        return try operationForm(name, attribute(&reader), index, start)
    }

    /// `VhloOperations.swift` in Encoding has the table of the forms.
    func operationForm(_ name: String, _ value: Attribute, _ index: Int, _ position: Int) throws(JaxError) -> Attribute? {
        switch (PropertyForm(name), value) {
        case (.constant, _): return value
        case (.groups, .literal(let groups)):
            return try cachedForm(2 * index + 1) { () throws(JaxError) in try rows(groups, position) }
        case (_, .literal(let literal)) where literal.type.dtype == .i64 || literal.type.dtype == .i1:
            return try cachedForm(2 * index) { () throws(JaxError) in try list(literal, position) }
        case (.symbol, .string(let name)): return .symbol(name)
        case (.symbols, .array(let names)):
            var symbols: [Attribute] = []
            for name in names {
                if case .string(let name) = name { symbols.append(.symbol(name)) } else { symbols.append(name) }
            }
            return .array(symbols)
        case (.accuracy, .dictionary(let fields)):
            return Attributes(fields).enumeration(AccuracyField.mode) == AccuracyField.defaultMode ? nil : value
        case (.optional, .unit): return nil
        default: return value
        }
    }

    /// The most elements that a splat may stand for where an operation wants a list.
    private static let splatLimit = 64

    private func expandedCount(_ literal: Literal, _ position: Int) throws(JaxError) -> Int {
        let count = literal.type.elementCount
        guard !literal.isSplat || count <= EntryTable.splatLimit else {
            throw JaxError(.malformed, "a list of \(count) equal elements is longer than \(EntryTable.splatLimit)", offset: position)
        }
        return count
    }

    private func list(_ literal: Literal, _ position: Int) throws(JaxError) -> Attribute {
        let count = try expandedCount(literal, position)
        if literal.type.dtype == .i1 {
            let source = literal.storage.bytes.assumingMemoryBound(to: UInt8.self)
            return .bools((0..<count).map { source[literal.isSplat ? 0 : $0] != 0 })
        }
        let source = literal.storage.bytes.assumingMemoryBound(to: Int64.self)
        return .integers((0..<count).map { Int(source[literal.isSplat ? 0 : $0]) })
    }

    private func rows(_ literal: Literal, _ position: Int) throws(JaxError) -> Attribute {
        guard literal.type.dtype == .i64, literal.type.rank == 2 else {
            throw JaxError(.malformed, "expected replica groups i64[groups, devices], found \(literal.type)", offset: position)
        }
        let count = try expandedCount(literal, position)
        guard count > 0 else { return .array([]) }
        let source = literal.storage.bytes.assumingMemoryBound(to: Int64.self)
        let width = literal.type.shape[1]
        var groups: [Attribute] = []
        for row in 0..<literal.type.shape[0] {
            groups.append(.integers((row * width..<(row + 1) * width).map { Int(source[literal.isSplat ? 0 : $0]) }))
        }
        return .array(groups)
    }
}
