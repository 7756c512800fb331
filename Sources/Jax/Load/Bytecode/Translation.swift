// From the operations of VHLO, StableHLO, func and sdy to JaxIR's: names, versions, defaults.
import JaxEncoding
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
    /// The name without dialect and version: "add".
    var name: String
    /// The operation of JaxIR; nil where there is none.
    var code: OpCode?
    /// Whether other operations take its place (`Rewritten.swift`).
    var isRewritten: Bool
    /// The end of a block: `vhlo.return`, `func.return`, `sdy.return`, `stablehlo.return`.
    var isReturn: Bool
    /// `builtin.unrealized_conversion_cast`, which passes values on between dialects.
    var isCast: Bool

    init(dialect: String, mnemonic: String) {
        self.dialect = dialect
        self.mnemonic = mnemonic
        name = Translation.name(dialect, mnemonic)
        isRewritten = Translation.isRewritten(dialect, name)
        code = isRewritten ? nil : Translation.code(dialect, name)
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
        for word in propertyNames(text) {
            let isOptional = word.last == "?"
            properties?.append(EncodedProperty(name: isOptional ? String(word.dropLast()) : word, isOptional: isOptional))
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
    case ("sdy", "sharding_constraint"): return "sharding" // `shardyConstraintField`
    case ("sdy", "manual_computation"): return "in_shardings manual_axes out_shardings"
    default: return nil
    }
}

enum Translation {
    /// The attributes of JaxIR that stand for those of `header`'s operation.
    static func attributes(_ header: OperationHeader, _ attributes: Attributes) -> Attributes {
        if header.dialect == "stablehlo" { return vhloForm(header.mnemonic, attributes) }
        var attributes = attributes
        switch header.fullName {
        case "sdy.sharding_constraint":
            attributes["call_target_name"] = .string(shardingCallTarget)
        case "vhlo.dynamic_conv_v1": attributes["padding"] = nil
        default: break
        }
        return attributes
    }

    /// "add" of "add_v1".
    static func name(_ dialect: String, _ mnemonic: String) -> String {
        dialect == Dialect.vhlo ? vhloBaseName(mnemonic) : mnemonic
    }

    static func isRewritten(_ dialect: String, _ name: String) -> Bool {
        (dialect == "vhlo" || dialect == "stablehlo") && rewrittenOperations.contains(name)
    }

    static func code(_ dialect: String, _ name: String) -> OpCode? {
        switch (dialect, name) {
        case ("vhlo", _), ("stablehlo", _): return OpCode(rawValue: name)
        case ("func", "call"): return .call
        case ("sdy", "sharding_constraint"): return .customCall
        case ("sdy", "manual_computation"): return .manualComputation
        default: return nil
        }
    }
}
