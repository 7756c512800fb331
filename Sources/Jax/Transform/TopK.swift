// The custom calls of exports whose `k` is a symbolic dimension: the k largest elements and their indices.
import JaxIR
import JaxOps
import JaxPlatform

extension FunctionBuilder {
    /// stablehlo.dynamic_top_k(operand, k): along the last dimension, largest first, equal ones in their order. Becomes a
    /// stable sort of the operand with its indices, and a slice.
    func copyTopK(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        guard operation.operands.count == 2, operation.results.count == 2,
              case .tensor(let type) = try type(of: operation.operands[0]), type.rank > 0,
              let count = try knownIntegers(operation.operands[1], "k").first, count >= 0, count <= type.shape[type.rank - 1] else {
            throw JaxError(.malformed, "stablehlo.dynamic_top_k takes an array and a k within its last dimension")
        }
        let last = type.rank - 1, location = operation.location
        let indexType = TensorType(.i32, type.shape)
        let indices = try emit(.iota, [], indexType, [NamedAttribute("iota_dimension", .integer(last, .i64))],
                               location: location, to: &output)
        var comparator = Region()
        for dtype in [type.dtype, type.dtype, .i32, .i32] {
            comparator.parameters.append(function.makeValue(.tensor(TensorType(dtype, []))))
        }
        let order = type.dtype.isFloat ? "TOTALORDER" : type.dtype.kind == .signed ? "SIGNED" : "UNSIGNED"
        comparator.results = [try emit(.compare, Array(comparator.parameters[..<2]), TensorType(.i1, []), [
            NamedAttribute("comparison_direction", .enumeration("GT")), NamedAttribute("compare_type", .enumeration(order)),
        ], location: location, to: &comparator.operations)]
        let sort = Operation(.sort, operands: [try value(operation.operands[0]), indices],
                             results: [function.makeValue(.tensor(type)), function.makeValue(.tensor(indexType))],
                             attributes: Attributes([NamedAttribute("dimension", .integer(last, .i64)), NamedAttribute("is_stable", .bool(true))]),
                             regions: [comparator], location: location)
        output.append(sort)
        var limits = type.shape
        limits[last] = count
        for (result, sorted) in zip(operation.results, sort.results) {
            guard case .tensor(let whole) = function.type(of: sorted) else { continue }
            bind(result, .value(try emit(.slice, [sorted], TensorType(whole.dtype, limits), [
                NamedAttribute("start_indices", .integers([Int](repeating: 0, count: type.rank))),
                NamedAttribute("limit_indices", .integers(limits)),
                NamedAttribute("strides", .integers([Int](repeating: 1, count: type.rank))),
            ], location: location, to: &output)))
        }
    }

    /// stablehlo.dynamic_approx_top_k: ApproxTopK with k as the operand before the shapes of the results.
    func copyApproximateTopK(_ operation: Operation, to output: inout [Operation]) throws(JaxError) {
        let operands = operation.operands, results = operation.results.count
        guard results > 0, operands.count >= 2 * results + 1,
              let count = try knownIntegers(operands[2 * results], "k").first else {
            throw JaxError(.malformed, "stablehlo.dynamic_approx_top_k takes operands, initial values and k")
        }
        var attributes = operation.attributes
        var configuration = attributes.dictionary("mhlo.backend_config") ?? Attributes()
        configuration["top_k"] = .integer(count, .i64)
        attributes["mhlo.backend_config"] = .dictionary(configuration.entries)
        attributes["call_target_name"] = .string("ApproxTopK")
        attributes["indices_of_shape_operands"] = nil
        try copyNamedFunctions(&attributes)
        let dimension = configuration.integer("reduction_dim") ?? 0
        var types: [ValueType] = []
        for id in operands[..<results] {
            guard case .tensor(var type) = try type(of: id), type.shape.indices.contains(dimension) else {
                throw JaxError(.malformed, "stablehlo.dynamic_approx_top_k has no dimension \(dimension)")
            }
            type.shape[dimension] = count
            types.append(.tensor(type))
        }
        try emit(.customCall, operation, Array(operands[..<(2 * results)]), attributes, resultTypes: types, to: &output)
    }
}
