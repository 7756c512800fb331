// The attributes and types of VHLO, as `stablehlo/dialect/VhloBytecode.cpp` encodes them: a code, then the fields.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EncodedEnum {
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
        switch VhloAttributeCode(rawValue: code) {
        case .array: return .array(try attributes(&reader))
        case .boolean: return .bool(try reader.varint("boolean") != 0)
        case .comparisonDirection: return try EncodedEnum.comparisonDirection.read(&reader)
        case .comparisonType: return try EncodedEnum.comparisonType.read(&reader)
        case .apiVersion: return try EncodedEnum.apiVersion.read(&reader)
        case .dictionary: return try vhloDictionary(&reader)
        case .fftType: return try EncodedEnum.fftType.read(&reader)
        case .float: return try float(elementType(&reader), &reader)
        case .integer: return try integer(numberType(&reader), &reader)
        case .outputOperandAlias: return try outputOperandAlias(&reader)
        case .precision: return try EncodedEnum.precision.read(&reader)
        case .rngAlgorithm: return try EncodedEnum.rngAlgorithm.read(&reader)
        case .rngDistribution: return try EncodedEnum.rngDistribution.read(&reader)
        case .string: return .string(try container.string(&reader))
        case .tensor: return try vhloTensor(&reader)
        case .transpose: return try EncodedEnum.transpose.read(&reader)
        case .type: return try typeAttribute(&reader)
        case .typeExtensions: return .integers(try signedVarints(&reader))
        case .accuracyMode: return try EncodedEnum.accuracyMode.read(&reader)
        case .accuracy:
            return .dictionary([
                NamedAttribute(AccuracyField.absolute, try float(.f64, &reader)),
                NamedAttribute(AccuracyField.relative, try float(.f64, &reader)),
                NamedAttribute(AccuracyField.ulps, .integer(try reader.signedVarint("ulps"), .i64)),
                NamedAttribute(AccuracyField.mode, try attribute(&reader)),
            ])
        case .subAxisInfo:
            return .dictionary([
                NamedAttribute("pre_size", .integer(try reader.signedVarint("sub-axis pre-size"), .i64)),
                NamedAttribute("size", .integer(try reader.signedVarint("sub-axis size"), .i64)),
            ])
        case .axisReference:
            var fields = [NamedAttribute("name", try attribute(&reader))]
            if try reader.varint("sub-axis flag") != 0 { fields.append(NamedAttribute("sub_axis_info", try attribute(&reader))) }
            return .dictionary(fields)
        case .groupsOnMesh:
            return .dictionary([NamedAttribute("mesh", try attribute(&reader)), NamedAttribute("axes", try attribute(&reader))])
        case .meshAxis:
            return .dictionary([
                NamedAttribute("name", try attribute(&reader)),
                NamedAttribute("size", .integer(try reader.signedVarint("mesh axis size"), .i64)),
            ])
        case .mesh:
            var fields = [NamedAttribute("axes", try attribute(&reader))]
            if let devices = try optionalAttribute(&reader) { fields.append(NamedAttribute("device_ids", devices)) }
            return .dictionary(fields)
        case nil:
            throw JaxError(.malformed, "VHLO has no attribute with the code \(code)", offset: start)
        }
    }

    func vhloType(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        let code = try reader.varint("VHLO type code")
        if let dtype = DType(vhloCode: code) { return .element(dtype) }
        switch VhloTypeCode(rawValue: code) {
        case .complex: return try complex(of: elementType(&reader), start)
        case .function: return .function(inputs: try valueTypes(&reader), results: try valueTypes(&reader))
        case .index: return .index
        case .tensor: return try tensorType(&reader)
        case .encodedTensor:
            _ = try attribute(&reader)
            return try tensorType(&reader)
        case .token: return .value(.token)
        case .tuple: return .value(.tuple(try valueTypes(&reader)))
        case .noType: return .none
        case .quantised, .quantisedPerAxis:
            try reader.skip(reader.remaining, "a quantised type")
            return .unsupported("!quant.uniform")
        case .unrankedTensor:
            _ = try type(&reader)
            return .unsupported("tensor<*>")
        case .witness: return .unsupported("witness")
        case .tf32: return .unsupported(tf32Name)
        case .buffer:
            try reader.skip(reader.remaining, "a type")
            return .unsupported("buffer")
        case .future:
            try reader.skip(reader.remaining, "a type")
            return .unsupported("future")
        case nil:
            throw JaxError(.malformed, "VHLO has no type with the code \(code)", offset: start)
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
            NamedAttribute(AliasField.resultPath, .integers(try signedVarints(&reader))),
            NamedAttribute(AliasField.operand, .integer(try reader.signedVarint("operand index"), .i64)),
            NamedAttribute(AliasField.operandPath, .integers(try signedVarints(&reader))),
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
