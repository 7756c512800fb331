// From the operations of VHLO, StableHLO, func and sdy to JaxIR's: names, versions, defaults.
import JaxIR
import JaxPlatform

/// One of an operation's properties.
struct EncodedProperty {
    var name: String
    var isOptional: Bool
}

/// What is known of an operation by its name, found once a file.
struct OperationForm {
    var dialect: String
    var mnemonic: String
    /// In the order of their encoding; nil where the operation has none or is unknown.
    var properties: [EncodedProperty]?

    init(dialect: String, mnemonic: String) {
        self.dialect = dialect
        self.mnemonic = mnemonic
        let text: StaticString?
        switch dialect {
        case "vhlo": text = vhloProperties(mnemonic)
        default: text = otherProperties(dialect, mnemonic)
        }
        guard let text else { return }
        properties = []
        let names = text.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
        for word in names.split(separator: " ") {
            let isOptional = word.last == "?"
            properties?.append(EncodedProperty(name: String(isOptional ? word.dropLast() : word), isOptional: isOptional))
        }
    }
}

/// The properties of operations outside VHLO, as `vhloProperties` has them; a question mark follows optional ones.
private func otherProperties(_ dialect: String, _ mnemonic: String) -> StaticString? {
    switch (dialect, mnemonic) {
    case ("builtin", "module"): return "sym_name? sym_visibility?"
    case ("func", "func"):
        return "arg_attrs? function_type no_inline? res_attrs? sym_name sym_visibility?"
    case ("func", "call"): return "arg_attrs? callee no_inline? res_attrs?"
    case ("sdy", "mesh"): return "mesh sym_name"
    case ("sdy", "sharding_constraint"): return "sharding"
    case ("sdy", "manual_computation"): return "in_shardings manual_axes out_shardings"
    default: return nil
    }
}

enum Translation {
    /// The operation and attributes of JaxIR that stand for `header`.
    static func translate(_ header: OperationHeader) throws(JaxError) -> (OpCode, Attributes) {
        var attributes = header.attributes
        guard let code = code(header) else {
            throw JaxError(.notImplemented, "the operation \(header.fullName) is not supported", offset: header.offset)
        }
        switch header.fullName {
        case "sdy.sharding_constraint":
            attributes["call_target_name"] = .string("Sharding")
            attributes["has_side_effect"] = .bool(false)
        case "vhlo.gather_v1", "vhlo.dynamic_gather_v1":
            attributes["operand_batching_dims"] = .integers([])
            attributes["start_indices_batching_dims"] = .integers([])
        case "vhlo.scatter_v1":
            attributes["input_batching_dims"] = .integers([])
            attributes["scatter_indices_batching_dims"] = .integers([])
        case "vhlo.dynamic_conv_v1": attributes["padding"] = nil
        case "vhlo.rng_bit_generator_v1": break
        default: break
        }
        return (code, attributes)
    }

    private static func code(_ header: OperationHeader) -> OpCode? {
        switch header.dialect {
        case "vhlo":
            // "add_v1": the version ends the name.
            var name = header.mnemonic[...]
            while let last = name.last, last != "v" { name = name.dropLast() }
            let base = name.dropLast(2)
            if base == "cross-replica-sum" { return .crossReplicaSum }
            return OpCode(rawValue: String(base))
        case "stablehlo":
            return header.mnemonic == "cross-replica-sum" ? .crossReplicaSum : OpCode(rawValue: header.mnemonic)
        case "func": return header.mnemonic == "call" ? .call : nil
        case "sdy":
            switch header.mnemonic {
            case "sharding_constraint": return .customCall
            case "manual_computation": return .manualComputation
            default: return nil
            }
        default: return nil
        }
    }
}
