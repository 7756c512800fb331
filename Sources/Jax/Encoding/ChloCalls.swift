// CHLO's functions as custom calls, the form in which programs of StableHLO carry them where they carry no decomposition: the target
// "mhlo.NAME" with the function's attributes in a dictionary (XLA, `stablehlo_ext/transforms/chlo_recompose_ops.cpp`).

public enum ChloCall {
    public static let prefix = "mhlo."
    /// The name of `top_k` behind the prefix.
    public static let topK = "topk"
    /// The attributes of the call that hold the function's own, and their version.
    public static let attributes = "mhlo.attributes", version = "mhlo.version"
}
