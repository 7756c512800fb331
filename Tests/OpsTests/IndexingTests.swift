import Testing
import JaxIR
@testable import JaxOps

@Suite struct IndexingTests {
    private func gather(_ operand: Tensor, _ indices: Tensor, _ shape: [Int], offset: [Int], collapsed: [Int], map: [Int], vector: Int, sizes: [Int],
                        batching: ([Int], [Int]) = ([], [])) throws -> [Int32] {
        try evaluate(.gather, [operand, indices], TensorType(.i32, shape), [
            NamedAttribute("offset_dims", .integers(offset)), NamedAttribute("collapsed_slice_dims", .integers(collapsed)),
            NamedAttribute("operand_batching_dims", .integers(batching.0)), NamedAttribute("start_indices_batching_dims", .integers(batching.1)),
            NamedAttribute("start_index_map", .integers(map)), NamedAttribute("index_vector_dim", .integer(vector, .i64)),
            NamedAttribute("slice_sizes", .integers(sizes)),
        ]).list(Int32.self)
    }

    @Test func gathersRowsAndClampsIndices() throws {
        let operand = try ints((0..<12).map { Int32($0) }, [4, 3])
        let rows = try ints([2, -5, 9], [3, 1])
        #expect(try gather(operand, rows, [3, 3], offset: [1], collapsed: [0], map: [0], vector: 1, sizes: [1, 3]) == [6, 7, 8, 0, 1, 2, 9, 10, 11])
        // Columns: the window comes first in the result.
        let columns = try ints([1, 0])
        #expect(try gather(operand, columns, [4, 2], offset: [0], collapsed: [1], map: [1], vector: 1, sizes: [4, 1]) == [1, 0, 4, 3, 7, 6, 10, 9])
    }

    @Test func gathersWithBatchingDimensions() throws {
        let operand = try ints((0..<6).map { Int32($0 * 10) }, [2, 3])
        let indices = try ints([2, 0, 1, 1], [2, 2, 1])
        #expect(try gather(operand, indices, [2, 2], offset: [], collapsed: [1], map: [1], vector: 2, sizes: [1, 1], batching: ([0], [0])) == [20, 0, 40, 40])
    }

    private func scatter(_ builder: ProgramBuilder, _ operand: Tensor, _ indices: Tensor, _ updates: Tensor, _ region: Region, window: [Int],
                         inserted: [Int], map: [Int], vector: Int) throws -> Tensor {
        let ids = [operand, indices, updates].map { builder.parameter($0.type) }
        let operation = builder.make(.scatter, ids, [.tensor(operand.type)], [
            NamedAttribute("update_window_dims", .integers(window)), NamedAttribute("inserted_window_dims", .integers(inserted)),
            NamedAttribute("scatter_dims_to_operand_dims", .integers(map)), NamedAttribute("index_vector_dim", .integer(vector, .i64)),
        ], regions: [region])
        return try builder.run(builder.add(operation), [operand, indices, updates])[0]
    }

    @Test func scatterAddsAndDropsWhatIsOutside() throws {
        let builder = ProgramBuilder()
        let operand = try ints([0, 0, 0, 0, 0]), indices = try ints([1, 3, 1, 7, -1], [5, 1]), updates = try ints([1, 2, 4, 8, 16])
        let result = try scatter(builder, operand, indices, updates, reducer(builder, .add, .i32), window: [], inserted: [0], map: [0], vector: 1)
        #expect(result.list(Int32.self) == [0, 5, 0, 2, 0])
        // The argument is somebody else's: it must not have been overwritten.
        #expect(operand.list(Int32.self) == [0, 0, 0, 0, 0])
    }

    @Test func scatterReplacesRowsOfAnyElementType() throws {
        let builder = ProgramBuilder()
        let operand = try tensor(.c128, [3, 2], (0..<6).map { Bytes16(low: UInt64($0), high: 0) })
        let updates = try tensor(.c128, [1, 2], [Bytes16(low: 77, high: 1), Bytes16(low: 88, high: 2)])
        let region = scalarRegion(builder, [.c128, .c128]) { parameters, _ in [parameters[1]] }
        let result = try scatter(builder, operand, try ints([2], [1, 1]), updates, region, window: [1], inserted: [0], map: [0], vector: 1)
        #expect(result.list(Bytes16.self).map { $0.low } == [0, 1, 2, 3, 77, 88])
    }

    /// A region that only the evaluator can run (it holds a conditional) gives what the compiled one gives.
    @Test func regionsThatDoNotCompileAreInterpreted() throws {
        let builder = ProgramBuilder()
        let bool = ValueType.tensor(TensorType(.i1, [])), int = ValueType.tensor(TensorType(.i32, []))
        let region = scalarRegion(builder, [.i32, .i32]) { p, operations in
            let less = builder.make(.compare, p, [bool], [NamedAttribute("comparison_direction", .enumeration("LT"))])
            let choice = builder.make(.if, less.results, [int], regions: [Region(results: [p[1]]), Region(results: [p[0]])])
            operations = [less, choice]
            return choice.results
        }
        let result = try scatter(builder, try ints([3, 3, 3]), try ints([0, 1, 0], [3, 1]), try ints([5, 1, 9]), region, window: [], inserted: [0], map: [0], vector: 1)
        #expect(result.list(Int32.self) == [9, 3, 3])
    }

    @Test func selectAndScatterPicksTheLargest() throws {
        let builder = ProgramBuilder()
        let operand = try floats([1, 5, 2, 2, 8, 0]), source = try floats([10, 20, 30]), initial = try floats([0], [])
        let ids = [operand, source, initial].map { builder.parameter($0.type) }
        let select = scalarRegion(builder, [.f32, .f32]) { p, operations in
            operations = [builder.make(.compare, p, [.tensor(TensorType(.i1, []))], [NamedAttribute("comparison_direction", .enumeration("GE"))])]
            return operations[0].results
        }
        let operation = builder.make(.selectAndScatter, ids, [.tensor(operand.type)], [
            NamedAttribute("window_dimensions", .integers([2])), NamedAttribute("window_strides", .integers([2])), NamedAttribute("padding", .integers([0, 0])),
        ], regions: [select, reducer(builder, .add, .f32)])
        #expect(try builder.run(builder.add(operation), [operand, source, initial])[0].list(Float.self) == [0, 10, 20, 0, 30, 0])
    }
}
