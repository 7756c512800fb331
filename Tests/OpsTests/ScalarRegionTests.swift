// Every operation that works element by element, on every element type: the same in a region over scalars as on whole arrays.
import JaxIR
import JaxPlatform
import Testing
@testable import JaxOps

@Suite struct ScalarRegionTests {
    /// Values at which functions have corners, in the given type.
    private func corners(_ dtype: DType) throws -> Tensor {
        switch dtype.kind {
        case .boolean: return try tensor(.i1, [2], [UInt8(0), 1])
        case .signed, .unsigned:
            return try convert(try tensor(.i64, [9], [Int64(0), 1, -1, 7, -8, 127, Int64(Int32.min), Int64.max, Int64.min]), to: dtype)
        case .float:
            return try convert(try doubles([0, -0.0, 1, -1.5, 0.5, 3e-42, 1e30, .infinity, -.infinity, .nan, -7.25]), to: dtype)
        case .complex:
            let parts: [Double] = [0, -0.0, 1, -1.5, .infinity, -.infinity, .nan, 1e30]
            let pairs = parts.flatMap { real in parts.map { Complex128(real, $0) } }
            return try convert(try tensor(.c128, [pairs.count], pairs), to: dtype)
        }
    }

    /// The records that an operation is tried with.
    private func records(_ code: OpCode, _ dtype: DType) throws -> [Parameters] {
        switch code {
        case .compare:
            return [Comparison.Direction.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual].map { CompareParameters($0) }
        case .convert, .bitcastConvert: return DType.allCases.map { DTypeParameters($0) }
        case .reducePrecision:
            return [try parameters(code,
                                   [NamedAttribute("exponent_bits", .integer(5, .i32)), NamedAttribute("mantissa_bits", .integer(3, .i32))],
                                   operands: [.tensor(TensorType(dtype, []))], results: [])]
        default: return [.none]
        }
    }

    private func element(_ tensor: Tensor, _ index: Int) throws -> Literal {
        let scalar = try Tensor(TensorType(tensor.dtype, []))
        scalar.bytes.copyMemory(from: tensor.bytes + index * tensor.dtype.byteWidth, byteCount: tensor.dtype.byteWidth)
        return Literal(type: scalar.type, isSplat: false, storage: scalar.storage)
    }

    private enum Place: CaseIterable { case array, region, captured }

    /// `code` with `values` as operand `position` and scalars for the other operands: on the array, or element by element in the region
    /// of a reduction over a dimension of size 1. Nil where the operation does not take the types.
    private func result(_ code: OpCode, _ record: Parameters, _ values: Tensor,
                        at position: Int, _ others: [Literal], _ place: Place) throws -> Tensor? {
        let builder = Builder(Function(name: "main"))
        let array = builder.parameter(.tensor(values.type))
        func apply(_ value: ValueID, _ scalars: [ValueID]) throws(JaxError) -> ValueID {
            var operands = scalars
            operands.insert(value, at: position)
            return try builder.one(code, operands, record)
        }
        func constants(_ shape: [Int]) throws(JaxError) -> [ValueID] {
            var ids: [ValueID] = []
            for literal in others { ids.append(try builder.broadcast(try builder.constant(literal), to: shape, dimensions: [])) }
            return ids
        }
        let whole: ValueID
        do throws(JaxError) { whole = try apply(array, try constants(values.shape)) } catch { return nil }
        guard try builder.tensorType(whole).shape == values.shape else { return nil }
        if place == .array {
            builder.finish([whole])
        } else {
            let type = try builder.tensorType(whole)
            let column = try builder.reshape(array, values.shape + [1])
            let zeros = try builder.constant(0, TensorType(type.dtype, values.shape + [1]))
            let initials = [try builder.constant(0, TensorType(values.dtype, [])), try builder.constant(0, TensorType(type.dtype, []))]
            let outside = try constants([])
            let scalars = [values.dtype, type.dtype].map { ValueType.tensor(TensorType($0, [])) }
            let region = try builder.region(scalars + scalars) { _, values throws(JaxError) in
                [values[2], try apply(values[2], place == .captured ? outside : try constants([]))]
            }
            let reduced = try builder.emit(.reduce, [column, zeros] + initials, DimensionsParameters([1]), regions: [region])
            #expect(ScalarFunction(region, of: builder.function) != nil, "\(code.name) on \(values.type)")
            builder.finish([reduced[1]])
        }
        let module = Module()
        try module.add(builder.function)
        return try run(module, [values])[0]
    }

    @Test func regionsComputeWhatOperationsDo() throws {
        var count = 0
        for code in OpCode.allCases {
            guard let definition = opDefinition(code), definition.traits.contains(.elementwise) else { continue }
            var taken = 0
            for dtype in DType.allCases {
                let values = try corners(dtype)
                for record in try records(code, dtype) {
                    for operands in 1...3 {
                        for position in 0..<operands {
                            for other in stride(from: 0, to: operands == 1 ? 1 : values.elementCount, by: operands == 3 ? 3 : 1) {
                                var others = [Literal](repeating: try element(values, other), count: operands - 1)
                                // The predicate of select.
                                if code == .select, position > 0 { others[0] = try element(try corners(.i1), other & 1) }
                                guard let whole = try result(code, record, values, at: position, others, .array) else { continue }
                                taken += 1
                                for place in [Place.region, .captured] {
                                    let other = try #require(try result(code, record, values, at: position, others, place))
                                    #expect(other.type == whole.type)
                                    #expect(sameBytes(whole, other), "\(code.name) on \(values.type) at \(position), \(place)")
                                }
                            }
                        }
                    }
                }
            }
            #expect(taken > 0, "no type for \(code.name)")
            count += taken
        }
        print("\(count) cases of elementwise operations agree with regions")
    }

    private func sameBytes(_ a: Tensor, _ b: Tensor) -> Bool {
        UnsafeRawBufferPointer(start: a.bytes,
                               count: a.type.byteCount).elementsEqual(UnsafeRawBufferPointer(start: b.bytes, count: b.type.byteCount))
    }
}
