import Testing
import JaxIR
@testable import JaxOps

@Suite struct IndexingTests {
    private func gather(_ operand: Tensor, _ indices: Tensor, _ shape: [Int],
                        offset: [Int], collapsed: [Int], map: [Int], vector: Int, sizes: [Int],
                        batching: ([Int], [Int]) = ([], [])) throws -> [Int32] {
        try evaluate(.gather, [operand, indices], TensorType(.i32, shape), [
            NamedAttribute("offset_dims", .integers(offset)), NamedAttribute("collapsed_slice_dims", .integers(collapsed)),
            NamedAttribute("operand_batching_dims", .integers(batching.0)),
            NamedAttribute("start_indices_batching_dims", .integers(batching.1)),
            NamedAttribute("start_index_map", .integers(map)), NamedAttribute("index_vector_dim", .integer(vector, .i64)),
            NamedAttribute("slice_sizes", .integers(sizes)),
        ]).list(Int32.self)
    }

    @Test func gathersRowsAndClampsIndices() throws {
        let operand = try ints((0..<12).map { Int32($0) }, [4, 3])
        let rows = try ints([2, -5, 9], [3, 1])
        #expect(try gather(operand, rows, [3, 3], offset: [1], collapsed: [0],
                           map: [0], vector: 1, sizes: [1, 3]) == [6, 7, 8, 0, 1, 2, 9, 10, 11])
        // Columns: the window comes first in the result.
        let columns = try ints([1, 0])
        #expect(try gather(operand, columns, [4, 2], offset: [0], collapsed: [1],
                           map: [1], vector: 1, sizes: [4, 1]) == [1, 0, 4, 3, 7, 6, 10, 9])
    }

    @Test func gathersWithBatchingDimensions() throws {
        let operand = try ints((0..<6).map { Int32($0 * 10) }, [2, 3])
        let indices = try ints([2, 0, 1, 1], [2, 2, 1])
        #expect(try gather(operand, indices, [2, 2], offset: [], collapsed: [1],
                           map: [1], vector: 2, sizes: [1, 1], batching: ([0], [0])) == [20, 0, 40, 40])
    }

    /// Scatter by the region whose text is `region`.
    private func scatter(_ operand: Tensor, _ indices: Tensor, _ updates: Tensor,
                         _ region: String, window: String, inserted: String, map: String,
                         vector: Int) throws -> Tensor {
        try run("""
            main = { lambda ; a:\(operand.type) i:\(indices.type) u:\(updates.type). let
                b = scatter[update_window_dims=\(window) inserted_window_dims=\(inserted) scatter_dims_to_operand_dims=\(map) index_vector_dim=\(vector)] a i u
                \(region)
              in (b,) }
            """, [operand, indices, updates])[0]
    }

    @Test func scatterAddsAndDropsWhatIsOutside() throws {
        let operand = try ints([0, 0, 0, 0, 0]), indices = try ints([1, 3, 1, 7, -1], [5, 1]), updates = try ints([1, 2, 4, 8, 16])
        let result = try scatter(operand, indices, updates, reducer("add", .i32), window: "()", inserted: "(0,)", map: "(0,)", vector: 1)
        #expect(result.list(Int32.self) == [0, 5, 0, 2, 0])
        // The argument is somebody else's: it must not have been overwritten.
        #expect(operand.list(Int32.self) == [0, 0, 0, 0, 0])
    }

    @Test func scatterReplacesRowsOfAnyElementType() throws {
        let operand = try tensor(.c128, [3, 2], (0..<6).map { Bytes16(low: UInt64($0), high: 0) })
        let updates = try tensor(.c128, [1, 2], [Bytes16(low: 77, high: 1), Bytes16(low: 88, high: 2)])
        let region = "{ lambda ; x:c128[] y:c128[]. let\n in (y,) }"
        let result = try scatter(operand, try ints([2], [1, 1]), updates, region, window: "(1,)", inserted: "(0,)", map: "(0,)", vector: 1)
        #expect(result.list(Bytes16.self).map { $0.low } == [0, 1, 2, 3, 77, 88])
    }

    /// A region that only the evaluator can run (it holds a conditional) gives what the compiled one gives.
    @Test func regionsThatDoNotCompileAreInterpreted() throws {
        let result = try scatter(try ints([3, 3, 3]), try ints([0, 1, 0], [3, 1]), try ints([5, 1, 9]), """
            { lambda ; x:i32[] y:i32[]. let
                  less = compare[comparison_direction=LT] x y
                  z = if less
                    { lambda ;. let
                      in (y,) }
                    { lambda ;. let
                      in (x,) }
              in (z,) }
            """, window: "()", inserted: "(0,)", map: "(0,)", vector: 1)
        #expect(result.list(Int32.self) == [9, 3, 3])
    }

    @Test func selectAndScatterPicksTheLargest() throws {
        let operand = try floats([1, 5, 2, 2, 8, 0]), source = try floats([10, 20, 30]), initial = try floats([0], [])
        let result = try run("""
            main = { lambda ; a:f32[6] b:f32[3] c:f32[]. let
                d = select_and_scatter[window_dimensions=(2,) window_strides=(2,) padding=(0, 0)] a b c
                  { lambda ; x:f32[] y:f32[]. let
                        keeps = compare[comparison_direction=GE] x y
                    in (keeps,) }
                \(reducer("add", .f32))
              in (d,) }
            """, [operand, source, initial])
        #expect(result[0].list(Float.self) == [0, 10, 20, 0, 30, 0])
    }
}
