// The native part of jax.numpy: every table's functions. The rest is Python (frozen/jax/numpy.py).
import JaxIR
import JaxPlatform

func numpyModule() -> NativeModule {
    NativeModule(name: "jax.numpy", functions: creationFunctions() + unaryFunctions() + binaryFunctions() + reductionFunctions()
        + shapeFunctions() + contractionFunctions() + selectionFunctions() + updateFunctions() + dtypeFunctions())
}

private func dtypeFunctions() -> [NativeFunction] {
    [
        NativeFunction("dtype", "dtype", .inline) { call throws(JaxError) in
            guard let dtype = try call[0].asDType() else { return .object(DTypeObject(.f32)) }
            return .object(DTypeObject(dtype))
        },
        NativeFunction("result_type", "*args", .inline) { call throws(JaxError) in
            var types: [PromotedType] = []
            for value in call.rest {
                if let array = value.arrayObject {
                    types.append(PromotedType(dtype: array.dtype, isWeak: array.isWeak))
                } else if let type = scalarType(value) {
                    types.append(type)
                } else if let dtype = try value.asDType() {
                    types.append(PromotedType(dtype: dtype, isWeak: false))
                }
            }
            return .object(DTypeObject(try promote(types).dtype))
        },
        // The scalar types by name: the module in Python takes them from here.
        NativeFunction("_scalar_types", "", .inline) { call throws(JaxError) in
            var pairs: [(key: Value, value: Value)] = []
            for entry in scalarTypeNames {
                pairs.append((key: .string(entry.name.description), value: .object(ScalarTypeObject(entry.dtype))))
            }
            return .dictionary(pairs)
        },
    ]
}
