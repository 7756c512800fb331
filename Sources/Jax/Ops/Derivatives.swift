// How rules of differentiation are written beside the operations: forms that most of them have.
import JaxIR
import JaxPlatform

/// The factor of an operand's tangent, from the operation of the builder's function.
typealias PartialDerivative = (_ builder: Builder, _ operands: [ValueID], _ result: ValueID) throws(JaxError) -> ValueID

extension OpDefinition {
    /// A function of one operand by its derivative, which may use the result.
    func derivative(_ factor: @escaping (_ builder: Builder, _ x: ValueID, _ y: ValueID) throws(JaxError) -> ValueID) -> OpDefinition {
        jvp { builder, operation, tangents throws(JaxError) in
            guard let tangent = tangents[0] else { return [nil] }
            return [try builder.multiply(tangent, try factor(builder, operation.operands[0], operation.results[0]))]
        }
    }

    /// An elementwise function of two operands by its partial derivatives.
    func partials(_ first: @escaping PartialDerivative, _ second: @escaping PartialDerivative) -> OpDefinition {
        jvp { builder, operation, tangents throws(JaxError) in
            let operands = operation.operands, result = operation.results[0]
            let left = try tangents[0].map { (t) throws(JaxError) in try builder.multiply(t, try first(builder, operands, result)) }
            let right = try tangents[1].map { (t) throws(JaxError) in try builder.multiply(t, try second(builder, operands, result)) }
            return [try builder.sum(left, right)]
        }
    }

    /// An operation without a derivative, which JAX's words call by the name of its primitive.
    func notDifferentiable(_ primitive: String) -> OpDefinition {
        jvp { _, _, _ throws(JaxError) in throw JaxError(.notImplemented, "Differentiation rule for '\(primitive)' not implemented") }
    }

    /// The transpose of an operation that is linear in its first operand alone and has one result.
    func transposed(_ rule: @escaping (_ builder: Builder, _ operation: Operation, _ cotangent: ValueID) throws(JaxError) -> ValueID)
        -> OpDefinition {
        transpose { builder, operation, cotangents, linear throws(JaxError) in
            var made = [ValueID?](repeating: nil, count: operation.operands.count)
            if linear[0], let cotangent = cotangents[0] { made[0] = try rule(builder, operation, cotangent) }
            return made
        }
    }

    /// The transpose of an operation that is linear in several operands.
    func transposedEach(_ rule: @escaping (_ builder: Builder, _ operation: Operation, _ cotangent: ValueID,
                                           _ operand: Int) throws(JaxError) -> ValueID) -> OpDefinition {
        transpose { builder, operation, cotangents, linear throws(JaxError) in
            var made = [ValueID?](repeating: nil, count: operation.operands.count)
            guard let cotangent = cotangents[0] else { return made }
            for index in made.indices where linear[index] { made[index] = try rule(builder, operation, cotangent, index) }
            return made
        }
    }
}

extension Builder {
    /// The sum of two values of which either may be zero.
    func sum(_ a: ValueID?, _ b: ValueID?) throws(JaxError) -> ValueID? {
        guard let a else { return b }
        guard let b else { return a }
        return try add(a, b)
    }

    /// 1 as the elements of `value`'s type.
    func one(like value: ValueID) throws(JaxError) -> ValueID { try filled(1, like: value) }

    func reciprocal(_ a: ValueID) throws(JaxError) -> ValueID { try divide(try one(like: a), a) }

    func square(_ a: ValueID) throws(JaxError) -> ValueID { try multiply(a, a) }

    /// The sum over `axes`.
    func sum(_ a: ValueID, axes: [Int]) throws(JaxError) -> ValueID {
        axes.isEmpty ? a : try reduce(.add, a, try constant(0, TensorType(try tensorType(a).dtype, [])), axes: axes)
    }

    /// A real array as the dtype given, also a complex one.
    func converted(_ a: ValueID, like value: ValueID) throws(JaxError) -> ValueID { try convert(a, to: try tensorType(value).dtype) }
}
