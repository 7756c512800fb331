// The attributes, types and locations of MLIR's builtin dialect (`mlir/include/mlir/IR/BuiltinDialectBytecode.td`): a code, the
// position in the lists at that file's end, then the fields.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryTable {
    func builtinAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let code = try reader.varint("builtin attribute code")
        switch BuiltinAttributeCode(rawValue: code) {
        case .array: return .array(try attributes(&reader))
        case .dictionary:
            var entries: [NamedAttribute] = []
            for _ in 0..<(try reader.count("dictionary entries")) {
                let name = try text(&reader)
                if let value = try namedAttribute(name, &reader) { entries.append(NamedAttribute(name, value)) }
            }
            return .dictionary(entries)
        case .string: return .string(try container.string(&reader))
        case .typedString:
            let value = try container.string(&reader)
            _ = try type(&reader)
            return .string(value)
        case .flatSymbol: return .symbol(try text(&reader))
        case .symbol:
            let root = try text(&reader)
            for _ in 0..<(try reader.count("nested references")) { _ = try attribute(&reader) }
            return .symbol(root)
        case .type: return try typeAttribute(&reader)
        case .unit: return .unit
        case .integer: return try integer(numberType(&reader), &reader)
        case .float: return try float(elementType(&reader), &reader)
        case .callSiteLocation, .fileLocation, .fusedLocation, .fusedLocationWithMetadata, .namedLocation, .unknownLocation,
             .fileRangeLocation:
            try reader.skip(reader.remaining, "a location")
            return .opaque("location")
        case .resource:
            let type = try shapedType(&reader)
            let index = try reader.varint("resource index")
            guard index < container.resources.count else {
                throw JaxError(.malformed, "resource \(index) of \(container.resources.count) does not exist", offset: start)
            }
            return .literal(try literal(type, container.resources[index]))
        case .denseArray: return try denseArray(&reader)
        case .denseElements:
            let type = try shapedType(&reader)
            let length = try reader.varint("constant size")
            return .literal(try literal(type, reader.slice(length, "a constant")))
        case .denseStrings:
            try reader.skip(reader.remaining, "an attribute")
            return .opaque("a dense list of strings")
        case .sparseElements:
            try reader.skip(reader.remaining, "an attribute")
            return .opaque("a sparse constant")
        case .distinct: return try attribute(&reader)
        case nil:
            throw JaxError(.malformed, "the builtin dialect has no attribute with the code \(code)", offset: start)
        }
    }

    func builtinType(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        let code = try reader.varint("builtin type code")
        switch BuiltinTypeCode(rawValue: code) {
        case .integer:
            let raw = try reader.varint("integer type")
            guard let dtype = EntryTable.integerType(width: raw >> 2, isUnsigned: raw & 3 == 2) else {
                return .unsupported("i\(raw >> 2)")
            }
            return .element(dtype)
        case .index: return .index
        case .function: return .function(inputs: try valueTypes(&reader), results: try valueTypes(&reader))
        case .bf16: return .element(.bf16)
        case .f16: return .element(.f16)
        case .f32: return .element(.f32)
        case .f64: return .element(.f64)
        case .f80: return .unsupported("f80")
        case .f128: return .unsupported("f128")
        case .complex: return try complex(of: elementType(&reader), start)
        case .noType: return .none
        case .tensor: return try tensorType(&reader)
        case .encodedTensor:
            _ = try attribute(&reader)
            return try tensorType(&reader)
        case .tuple: return .value(.tuple(try valueTypes(&reader)))
        case .memref, .memrefWithSpace, .unrankedMemref, .unrankedMemrefWithSpace: return try skipped("memref", &reader)
        case .unrankedTensor: return try skipped("tensor<*>", &reader)
        case .vector, .scalableVector: return try skipped("vector", &reader)
        case nil:
            throw JaxError(.malformed, "the builtin dialect has no type with the code \(code)", offset: start)
        }
    }

    private func skipped(_ name: String, _ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        try reader.skip(reader.remaining, "a type")
        return .unsupported(name)
    }

    static func integerType(width: Int, isUnsigned: Bool) -> DType? {
        switch (width, isUnsigned) {
        case (1, _): return .i1
        case (2, false): return .i2
        case (4, false): return .i4
        case (8, false): return .i8
        case (16, false): return .i16
        case (32, false): return .i32
        case (64, false): return .i64
        case (2, true): return .u2
        case (4, true): return .u4
        case (8, true): return .u8
        case (16, true): return .u16
        case (32, true): return .u32
        case (64, true): return .u64
        default: return nil
        }
    }

    private func shapedType(_ reader: inout ByteReader) throws(JaxError) -> TensorType {
        let start = reader.offset
        guard case .value(.tensor(let type)) = try type(&reader) else {
            throw JaxError(.malformed, "expected a tensor type", offset: start)
        }
        return type
    }

    /// `array<i64: …>`: StableHLO's lists of dimensions since 2023.
    private func denseArray(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let dtype = try elementType(&reader)
        let count = try reader.varint("array size")
        let length = try reader.varint("array bytes")
        var bytes = try reader.slice(length, "an array")
        guard dtype == .i64 || dtype == .i1 || dtype == .i32, count <= length, length == count * dtype.byteWidth else {
            throw bytes.malformed("expected an array of \(count) elements of i1, i32 or i64 in \(length) bytes, found \(dtype.mlirName)")
        }
        if dtype == .i1 {
            var list: [Bool] = []
            for _ in 0..<count { list.append(try bytes.byte("boolean") != 0) }
            return .bools(list)
        }
        var list: [Int] = []
        list.reserveCapacity(count)
        for _ in 0..<count {
            list.append(try dtype == .i64 ? Int(bytes.fixed(Int64.self, "integer")) : Int(bytes.fixed(Int32.self, "integer")))
        }
        return .integers(list)
    }

    func builtinLocation(_ reader: inout ByteReader) throws(JaxError) -> Location {
        let start = reader.offset
        let code = try reader.varint("location code")
        switch BuiltinAttributeCode(rawValue: code) {
        case .callSiteLocation: return .callSite(callee: try location(&reader), caller: try location(&reader))
        case .fileLocation:
            let file = try text(&reader)
            let line = try reader.varint("line")
            return .file(name: file, line: line, column: try reader.varint("column"))
        case .fusedLocation, .fusedLocationWithMetadata:
            let count = try reader.count("locations")
            var parts: [LocationID] = []
            parts.reserveCapacity(count)
            for _ in 0..<count { parts.append(try location(&reader)) }
            if code == BuiltinAttributeCode.fusedLocationWithMetadata.rawValue { _ = try reader.varint("metadata") }
            return .fused(parts)
        case .namedLocation: return .name(try text(&reader), try location(&reader))
        case .unknownLocation: return .unknown
        case .fileRangeLocation:
            // A range: the first line and column, then the last.
            let file = try text(&reader)
            var numbers: [Int] = []
            for _ in 0..<(try reader.count("line numbers")) { numbers.append(try reader.varint("line")) }
            return .file(name: file, line: numbers.first ?? 0, column: numbers.count > 1 ? numbers[1] : 0)
        default:
            throw JaxError(.malformed, "expected a location, found the builtin attribute code \(code)", offset: start)
        }
    }
}
