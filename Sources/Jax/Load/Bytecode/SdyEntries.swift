// The attributes of Shardy (`shardy/dialect/sdy/ir/bytecode.td`): meshes and shardings, kept as dictionaries of their fields.
import JaxIR
import JaxPlatform

extension EntryTable {
    func sdyAttribute(_ reader: inout ByteReader) throws(JaxError) -> Attribute {
        let start = reader.offset
        let code = try reader.varint("sdy attribute code")
        switch code {
        case 0, 9, 11, 12, 14: return .array(try attributes(&reader))
        case 1:
            return .dictionary([
                NamedAttribute("name", .string(try container.string(&reader))),
                NamedAttribute("size", .integer(try reader.signedVarint("mesh axis size"), .i64)),
            ])
        case 2:
            return .dictionary([
                NamedAttribute("axes", .array(try attributes(&reader))),
                NamedAttribute("device_ids", .integers(try signedVarints(&reader))),
            ])
        case 3:
            return .dictionary([
                NamedAttribute("pre_size", .integer(try reader.signedVarint("sub-axis pre-size"), .i64)),
                NamedAttribute("size", .integer(try reader.signedVarint("sub-axis size"), .i64)),
            ])
        case 4:
            var fields = [NamedAttribute("name", .string(try container.string(&reader)))]
            if let sub = try optionalAttribute(&reader) { fields.append(NamedAttribute("sub_axis_info", sub)) }
            return .dictionary(fields)
        case 5:
            var fields = [
                NamedAttribute("axes", .array(try attributes(&reader))),
                NamedAttribute("is_closed", .bool(try reader.byte("boolean") != 0)),
            ]
            let (priority, isPresent) = try reader.flaggedVarint("priority")
            if isPresent { fields.append(NamedAttribute("priority", .integer(priority, .i64))) }
            return .dictionary(fields)
        case 6, 15, 17:
            var fields = [
                NamedAttribute("mesh", try attribute(&reader)),
                NamedAttribute("dimensions", .array(try attributes(&reader))),
                NamedAttribute("replicated_axes", .array(try attributes(&reader))),
            ]
            if code != 6 { fields.append(NamedAttribute("unreduced_axes", .array(try attributes(&reader)))) }
            if code == 17 { fields.append(NamedAttribute("reduction", .integer(try reader.signedVarint("reduction"), .i64))) }
            return .dictionary(fields)
        case 7, 16: return .array(try attributes(&reader))
        case 8: return .integers(try signedVarints(&reader))
        case 10, 13:
            try reader.skip(reader.remaining, "a sharding rule")
            return .opaque(code == 10 ? "sdy.op_sharding_rule" : "sdy.all_to_all_param")
        default:
            throw JaxError(.malformed, "sdy has no attribute with the code \(code)", offset: start)
        }
    }

    /// The mesh that an `sdy.mesh` operation names.
    static func mesh(_ name: String, _ value: Attribute) -> Mesh {
        var axes: [(name: String, size: Int)] = []
        if case .dictionary(let fields) = value, let list = Attributes(fields).array("axes") {
            for case .dictionary(let axis) in list {
                let axis = Attributes(axis)
                axes.append((axis.string("name") ?? "", axis.integer("size") ?? 1))
            }
        }
        return Mesh(name: name, axes: axes)
    }
}
