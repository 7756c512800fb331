// The attributes and types of StableHLO itself (`stablehlo/dialect/StablehloBytecode.cpp`), for files whose producer did not
// translate them to VHLO. Structures become dictionaries under the names that VHLO flattens them to.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryTable {
    func stablehloAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let code = try reader.varint("StableHLO attribute code")
        switch code {
        case 1:
            return .dictionary([
                NamedAttribute("channel_id", .integer(try reader.signedVarint("channel handle"), .i64)),
                NamedAttribute("channel_type", .integer(try reader.signedVarint("channel type"), .i64)),
            ])
        case 2: return try EncodedEnum.comparisonDirection.read(&reader)
        case 3: return try EncodedEnum.comparisonType.read(&reader)
        case 4:
            return .dictionary(try fields(&reader, [
                .number("input_batch_dimension"), .number("input_feature_dimension"), .list("input_spatial_dimensions"),
                .number("kernel_input_feature_dimension"), .number("kernel_output_feature_dimension"),
                .list("kernel_spatial_dimensions"),
                .number("output_batch_dimension"), .number("output_feature_dimension"), .list("output_spatial_dimensions"),
            ]))
        case 5:
            return .dictionary(try fields(&reader, [
                .list("lhs_batching_dimensions"), .list("rhs_batching_dimensions"),
                .list("lhs_contracting_dimensions"), .list("rhs_contracting_dimensions"),
            ]))
        case 6: return try EncodedEnum.fftType.read(&reader)
        case 7:
            // Batching dimensions came in 2024 and stand behind the collapsed ones.
            let lists = try listsAndNumber(&reader)
            return gatherDimensions(lists.lists, lists.number, [
                "offset_dims", "collapsed_slice_dims", "operand_batching_dims", "start_indices_batching_dims", "start_index_map",
            ])
        case 8: return try EncodedEnum.precision.read(&reader)
        case 9: return try EncodedEnum.rngAlgorithm.read(&reader)
        case 10: return try EncodedEnum.rngDistribution.read(&reader)
        case 11:
            let lists = try listsAndNumber(&reader)
            return gatherDimensions(lists.lists, lists.number, [
                "update_window_dims", "inserted_window_dims", "input_batching_dims", "scatter_indices_batching_dims",
                "scatter_dims_to_operand_dims",
            ])
        case 12: return try EncodedEnum.transpose.read(&reader)
        case 13: return .integers(try signedVarints(&reader))
        case 14: return try outputOperandAlias(&reader)
        case 16: return try EncodedEnum.accuracyMode.read(&reader)
        case 15, 17...22:
            try reader.skip(reader.remaining, "an attribute")
            return .opaque("a StableHLO attribute of kind \(code)")
        default:
            throw JaxError(.malformed, "StableHLO has no attribute with the code \(code)", offset: start)
        }
    }

    func stablehloType(_ reader: inout ByteReader) throws(JaxError) -> EncodedType {
        let start = reader.offset
        let code = try reader.varint("StableHLO type code")
        guard code == 0 else { throw JaxError(.malformed, "StableHLO has no type with the code \(code)", offset: start) }
        return .value(.token)
    }

    private enum Field {
        case number(String)
        case list(String)
    }

    private func fields(_ reader: inout ByteReader, _ layout: [Field]) throws(JaxError) -> [NamedAttribute] {
        var entries: [NamedAttribute] = []
        for field in layout {
            switch field {
            case .number(let name): entries.append(NamedAttribute(name, .integer(try reader.signedVarint("dimension"), .i64)))
            case .list(let name): entries.append(NamedAttribute(name, .integers(try signedVarints(&reader))))
            }
        }
        return entries
    }

    private func listsAndNumber(_ reader: inout ByteReader) throws(JaxError) -> (lists: [[Int]], number: Int) {
        var lists: [[Int]] = []
        for _ in 0..<5 {
            // With three lists only the index vector dimension is left now.
            var peek = reader
            _ = try peek.varint("integers")
            if lists.count == 3, peek.isEmpty { break }
            lists.append(try signedVarints(&reader))
        }
        return (lists, try reader.signedVarint("index vector dimension"))
    }

    private func gatherDimensions(_ lists: [[Int]], _ indexVectorDimension: Int, _ names: [String]) -> Attribute {
        let lists = lists.count == 3 ? [lists[0], lists[1], [], [], lists[2]] : lists
        var entries: [NamedAttribute] = []
        for (name, list) in zip(names, lists) { entries.append(NamedAttribute(name, .integers(list))) }
        entries.append(NamedAttribute("index_vector_dim", .integer(indexVectorDimension, .i64)))
        return .dictionary(entries)
    }
}
