// The attributes and types of VHLO, as `stablehlo/dialect/VhloBytecode.cpp` encodes them: a code, then the fields.
import JaxIR
import JaxPlatform

/// The names of an enum's cases by their encoded values, which begin at `base`.
private struct EnumNames {
    var names: [String]
    var base = 0
}

/// Cases as VHLO names them (`VhloEnums.td`); StableHLO encodes the same values.
enum EncodedEnum {
    case comparisonDirection, comparisonType, apiVersion, fftType, precision, rngAlgorithm, rngDistribution, transpose
    case accuracyMode

    private var names: EnumNames {
        switch self {
        case .comparisonDirection: return EnumNames(names: ["EQ", "NE", "GE", "GT", "LE", "LT"])
        case .comparisonType: return EnumNames(names: ["NOTYPE", "FLOAT", "TOTALORDER", "SIGNED", "UNSIGNED"])
        case .apiVersion:
            return EnumNames(names: [
                "API_VERSION_UNSPECIFIED", "API_VERSION_ORIGINAL", "API_VERSION_STATUS_RETURNING",
                "API_VERSION_STATUS_RETURNING_UNIFIED", "API_VERSION_TYPED_FFI",
            ])
        case .fftType: return EnumNames(names: ["FFT", "IFFT", "RFFT", "IRFFT"])
        case .precision: return EnumNames(names: ["DEFAULT", "HIGH", "HIGHEST"])
        case .rngAlgorithm: return EnumNames(names: ["DEFAULT", "THREE_FRY", "PHILOX"])
        case .rngDistribution: return EnumNames(names: ["UNIFORM", "NORMAL"], base: 1)
        case .transpose: return EnumNames(names: ["TRANSPOSE_INVALID", "NO_TRANSPOSE", "TRANSPOSE", "ADJOINT"])
        case .accuracyMode: return EnumNames(names: ["DEFAULT", "HIGHEST", "TOLERANCE"])
        }
    }

    func name(of value: Int) -> String? {
        let table = names
        let index = value - table.base
        return index >= 0 && index < table.names.count ? table.names[index] : nil
    }

    func read(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let value = try reader.varint("enum value")
        guard let name = name(of: value) else {
            throw JaxError(.malformed, "no case of the enum has the value \(value)", offset: start)
        }
        return .enumeration(name)
    }
}

extension EntryTable {
    func vhloAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let code = try reader.varint("VHLO attribute code")
        switch code {
        case 1: return .array(try attributes(&reader))
        case 2: return .bool(try reader.varint("boolean") != 0)
        case 3: return try EncodedEnum.comparisonDirection.read(&reader)
        case 4: return try EncodedEnum.comparisonType.read(&reader)
        case 5: return try EncodedEnum.apiVersion.read(&reader)
        case 6: return try vhloDictionary(&reader)
        case 7: return try EncodedEnum.fftType.read(&reader)
        case 8: return try float(elementType(&reader), &reader)
        case 9: return try integer(numberType(&reader), &reader)
        case 10: return try outputOperandAlias(&reader)
        case 11: return try EncodedEnum.precision.read(&reader)
        case 12: return try EncodedEnum.rngAlgorithm.read(&reader)
        case 13: return try EncodedEnum.rngDistribution.read(&reader)
        case 14: return .string(try container.string(&reader))
        case 15: return try vhloTensor(&reader)
        case 16: return try EncodedEnum.transpose.read(&reader)
        case 17: return try typeAttribute(&reader)
        case 18: return .integers(try signedVarints(&reader))
        case 19: return try EncodedEnum.accuracyMode.read(&reader)
        case 20:
            return .dictionary([
                NamedAttribute("atol", try float(.f64, &reader)),
                NamedAttribute("rtol", try float(.f64, &reader)),
                NamedAttribute("ulps", .integer(try reader.signedVarint("ulps"), .i64)),
                NamedAttribute("mode", try attribute(&reader)),
            ])
        case 21:
            return .dictionary([
                NamedAttribute("pre_size", .integer(try reader.signedVarint("sub-axis pre-size"), .i64)),
                NamedAttribute("size", .integer(try reader.signedVarint("sub-axis size"), .i64)),
            ])
        case 22:
            var fields = [NamedAttribute("name", try attribute(&reader))]
            if try reader.varint("sub-axis flag") != 0 { fields.append(NamedAttribute("sub_axis_info", try attribute(&reader))) }
            return .dictionary(fields)
        case 23:
            return .dictionary([NamedAttribute("mesh", try attribute(&reader)), NamedAttribute("axes", try attribute(&reader))])
        case 24:
            return .dictionary([
                NamedAttribute("name", try attribute(&reader)),
                NamedAttribute("size", .integer(try reader.signedVarint("mesh axis size"), .i64)),
            ])
        case 25:
            var fields = [NamedAttribute("axes", try attribute(&reader))]
            if let devices = try optionalAttribute(&reader) { fields.append(NamedAttribute("device_ids", devices)) }
            return .dictionary(fields)
        default:
            throw JaxError(.malformed, "VHLO has no attribute with the code \(code)", offset: start)
        }
    }

    func vhloType(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        let code = try reader.varint("VHLO type code")
        if let dtype = vhloElementType(code) { return .element(dtype) }
        switch code {
        case 1: return try complex(of: elementType(&reader), start)
        case 8: return .function(inputs: try valueTypes(&reader), results: try valueTypes(&reader))
        case 9: return .index
        case 20: return try tensorType(&reader)
        case 21:
            _ = try attribute(&reader)
            return try tensorType(&reader)
        case 22: return .value(.token)
        case 23: return .value(.tuple(try valueTypes(&reader)))
        case 33: return .none
        case 24, 30:
            try reader.skip(reader.remaining, "a quantised type")
            return .unsupported("!quant.uniform")
        case 25:
            _ = try type(&reader)
            return .unsupported("tensor<*>")
        case 26: return .unsupported("witness")
        case 34: return .unsupported("tf32")
        case 41, 42:
            try reader.skip(reader.remaining, "a type")
            return .unsupported(code == 41 ? "buffer" : "future")
        default:
            throw JaxError(.malformed, "VHLO has no type with the code \(code)", offset: start)
        }
    }

    private func vhloElementType(_ code: Int) -> DType? {
        switch code {
        case 0: return .i1
        case 2: return .bf16
        case 3: return .f16
        case 4: return .f32
        case 5: return .f64
        case 6: return .f8E4M3FN
        case 7: return .f8E5M2
        case 10: return .i4
        case 11: return .i8
        case 12: return .i16
        case 13: return .i32
        case 14: return .i64
        case 15: return .u4
        case 16: return .u8
        case 17: return .u16
        case 18: return .u32
        case 19: return .u64
        case 27: return .f8E4M3FNUZ
        case 28: return .f8E5M2FNUZ
        case 29: return .f8E4M3B11FNUZ
        case 31: return .i2
        case 32: return .u2
        case 35: return .f8E4M3
        case 36: return .f8E3M4
        case 37: return .f4E2M1FN
        case 38: return .f6E2M3FN
        case 39: return .f6E3M2FN
        case 40: return .f8E8M0FNU
        default: return nil
        }
    }

    private func vhloDictionary(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        var entries: [NamedAttribute] = []
        let count = try reader.count("dictionary entries")
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let name = try text(&reader)
            if let value = try namedAttribute(name, &reader) { entries.append(NamedAttribute(name, value)) }
        }
        return .dictionary(entries)
    }

    private func vhloTensor(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        guard case .value(.tensor(let type)) = try type(&reader) else {
            throw JaxError(.malformed, "expected the tensor type of a constant", offset: start)
        }
        let length = try reader.varint("constant size")
        return .literal(try literal(type, reader.slice(length, "a constant")))
    }

    func outputOperandAlias(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        .dictionary([
            NamedAttribute("output_tuple_indices", .integers(try signedVarints(&reader))),
            NamedAttribute("operand_index", .integer(try reader.signedVarint("operand index"), .i64)),
            NamedAttribute("operand_tuple_indices", .integers(try signedVarints(&reader))),
        ])
    }

    /// A type as an attribute; a scalar's for an element type, unit for none.
    func typeAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        switch try type(&reader) {
        case .value(let type): return .type(type)
        case .element(let dtype): return .type(.tensor(TensorType(dtype, [])))
        case .function(let inputs, let results): return .type(.tuple([.tuple(inputs), .tuple(results)]))
        case .none: return .unit
        case .index: return .opaque("index")
        case .unsupported(let name): return .opaque(name)
        }
    }
}
