// The types of VHLO as they are encoded (`stablehlo/dialect/VhloBytecode.cpp`): a code, then the fields.
import JaxEncoding
import JaxIR
import JaxPlatform

extension EntryWriter {
    private func type(_ code: VhloTypeCode, _ fields: (inout ByteWriter) throws(JaxError) -> Void) throws(JaxError) -> Int {
        var encoded = ByteWriter()
        encoded.varint(code.rawValue)
        try fields(&encoded)
        return add(type: encoded, EntryWriter.vhlo)
    }

    /// A type without fields: token, none, index, tf32.
    func simpleType(_ code: VhloTypeCode) throws(JaxError) -> Int { try type(code) { _ throws(JaxError) in } }

    /// An element type.
    func elementType(_ dtype: DType) throws(JaxError) -> Int {
        if let code = dtype.vhloCode {
            var encoded = ByteWriter()
            encoded.varint(code)
            return add(type: encoded, EntryWriter.vhlo)
        }
        let part = try elementType(dtype.real)
        return try type(.complex) { encoded throws(JaxError) in encoded.varint(part) }
    }

    /// The type of an array whose elements have the type of index `element`.
    func tensorType(_ shape: [Int], element: Int) throws(JaxError) -> Int {
        try type(.tensor) { encoded throws(JaxError) in
            encoded.varint(shape.count)
            for size in shape { encoded.signedVarint(size == TensorType.dynamic ? encodedDynamicDimension : size) }
            encoded.varint(element)
        }
    }

    /// The type of a value.
    func type(_ type: ValueType) throws(JaxError) -> Int {
        switch type {
        case .tensor(let tensor): return try tensorType(tensor.shape, element: elementType(tensor.dtype))
        case .token: return try simpleType(.token)
        case .tuple(let types): return try nested { () throws(JaxError) in
            let indices = try self.types(types)
            return try self.type(.tuple) { encoded throws(JaxError) in encoded.varints(indices) }
        }
        }
    }

    private func types(_ types: [ValueType]) throws(JaxError) -> [Int] {
        var indices: [Int] = []
        indices.reserveCapacity(types.count)
        for type in types { indices.append(try self.type(type)) }
        return indices
    }

    func functionType(_ inputs: [ValueType], _ results: [ValueType]) throws(JaxError) -> Int {
        let inputs = try types(inputs), results = try types(results)
        return try type(.function) { encoded throws(JaxError) in
            encoded.varints(inputs)
            encoded.varints(results)
        }
    }
}
