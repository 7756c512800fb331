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
    /// The operation of JaxIR; nil where there is none.
    var code: OpCode?
    /// The end of a block: `vhlo.return`, `func.return`, `sdy.return`, `stablehlo.return`.
    var isReturn: Bool
    /// `builtin.unrealized_conversion_cast`, which passes values on between dialects.
    var isCast: Bool

    init(dialect: String, mnemonic: String) {
        self.dialect = dialect
        self.mnemonic = mnemonic
        code = Translation.code(dialect, mnemonic)
        isReturn = mnemonic == "return" || mnemonic == "return_v1"
        isCast = dialect == "builtin" && mnemonic == "unrealized_conversion_cast"
        let text: StaticString?
        switch dialect {
        case "vhlo": text = vhloProperties(mnemonic)
        case "stablehlo": text = stablehloProperties(mnemonic)
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
    /// The attributes of JaxIR that stand for those of `header`'s operation, whose first operand has this rank.
    static func attributes(_ header: OperationHeader, _ attributes: Attributes, rank: Int) -> Attributes {
        if header.dialect == "stablehlo" { return vhloForm(header.mnemonic, attributes, rank: rank) }
        var attributes = attributes
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
        default: break
        }
        return attributes
    }

    static func code(_ dialect: String, _ mnemonic: String) -> OpCode? {
        switch dialect {
        case "vhlo":
            // "add_v1": the version ends the name.
            var name = mnemonic[...]
            while let last = name.last, last != "v" { name = name.dropLast() }
            let base = name.dropLast(2)
            if base == "cross-replica-sum" { return .crossReplicaSum }
            return OpCode(rawValue: String(base))
        case "stablehlo":
            return mnemonic == "cross-replica-sum" ? .crossReplicaSum : OpCode(rawValue: mnemonic)
        case "func": return mnemonic == "call" ? .call : nil
        case "sdy":
            switch mnemonic {
            case "sharding_constraint": return .customCall
            case "manual_computation": return .manualComputation
            default: return nil
            }
        default: return nil
        }
    }
}
