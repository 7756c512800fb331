// The attributes of functions in a file, which are fields of a function here.
import JaxIR

public enum FunctionField {
    public static let name = "sym_name", type = "function_type", visibility = "sym_visibility"
    public static let parameters = "arg_attrs", results = "res_attrs"
    public static let `public` = "public", `private` = "private"
    /// The attribute of a parameter that the caller computes, and the one for several platforms.
    public static let globalConstant = "jax.global_constant", platformIndex = "_platform_index"
}

/// How `sdy.sharding_constraint` is kept: as a custom call of this target with its sharding under this name.
public let shardingCallTarget = "Sharding", shardyConstraintField = "sharding"

/// What the names of Shardy's attributes begin with, and the one that says how an operation's operands and results can be divided together.
public let shardyPrefix = "sdy.", shardyRuleField = "sdy.sharding_rule"
