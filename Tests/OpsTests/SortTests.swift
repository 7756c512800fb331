import Testing
import JaxIR
@testable import JaxOps

@Suite struct SortTests {
    private func sort(_ operands: [Tensor], dimension: Int, _ body: (ProgramBuilder, [ValueID], inout [Operation]) -> ValueID) throws -> [Tensor] {
        let builder = ProgramBuilder()
        let ids = operands.map { builder.parameter($0.type) }
        let region = scalarRegion(builder, operands.flatMap { [$0.dtype, $0.dtype] }) { p, operations in [body(builder, p, &operations)] }
        let operation = builder.make(.sort, ids, operands.map { .tensor($0.type) }, [
            NamedAttribute("dimension", .integer(dimension, .i64)), NamedAttribute("is_stable", .bool(true)),
        ], regions: [region])
        return try builder.run(builder.add(operation), operands)
    }

    private func compare(_ builder: ProgramBuilder, _ a: ValueID, _ b: ValueID, _ direction: String, _ type: String, _ operations: inout [Operation]) -> ValueID {
        let operation = builder.make(.compare, [a, b], [.tensor(TensorType(.i1, []))], [
            NamedAttribute("comparison_direction", .enumeration(direction)), NamedAttribute("compare_type", .enumeration(type)),
        ])
        operations.append(operation)
        return operation.results[0]
    }

    @Test func sortsTwoOperandsStablyAlongEachDimension() throws {
        let keys = try ints([3, 1, 3, 1, 2, 1], [2, 3]), payload = try floats([0, 1, 2, 3, 4, 5], [2, 3])
        let rows = try sort([keys, payload], dimension: 1) { compare($0, $1[0], $1[1], "LT", "SIGNED", &$2) }
        #expect(rows[0].list(Int32.self) == [1, 3, 3, 1, 1, 2])
        #expect(rows[1].list(Float.self) == [1, 0, 2, 3, 5, 4])
        let columns = try sort([keys, payload], dimension: 0) { compare($0, $1[0], $1[1], "LT", "SIGNED", &$2) }
        #expect(columns[0].list(Int32.self) == [1, 1, 1, 3, 2, 3])
        #expect(columns[1].list(Float.self) == [3, 1, 5, 0, 4, 2])
    }

    @Test func totalOrderPutsNaNsAtTheEnds() throws {
        let values = try floats([.nan, 1, -.infinity, -0.0, 0, -.nan])
        let sorted = try sort([values], dimension: 0) { compare($0, $1[0], $1[1], "LT", "TOTALORDER", &$2) }[0].list(Float.self)
        #expect(sorted[0].isNaN && sorted[0].sign == .minus && sorted[1] == -.infinity)
        #expect(sorted[2].sign == .minus && sorted[3].sign == .plus && sorted[4] == 1 && sorted[5].isNaN)
    }

    /// Descending through a comparison that integer keys cannot express (no total order), long enough for merges.
    @Test func arbitraryComparators() throws {
        let values = (0..<1000).map { Float(($0 * 7919) % 1009) }
        let sorted = try sort([try floats(values)], dimension: 0) { compare($0, $1[0], $1[1], "GT", "FLOAT", &$2) }[0].list(Float.self)
        #expect(sorted == values.sorted(by: >))
    }

    @Test func lexicographicKeysAreRecognised() throws {
        let a = try ints([1, 0, 1, 0]), b = try ints([5, 7, 4, 6])
        let sorted = try sort([a, b], dimension: 0) { builder, p, operations in
            let bool = ValueType.tensor(TensorType(.i1, []))
            let inner = compare(builder, p[2], p[3], "LT", "SIGNED", &operations)
            let less = compare(builder, p[0], p[1], "LT", "SIGNED", &operations), equal = compare(builder, p[0], p[1], "EQ", "SIGNED", &operations)
            let both = builder.make(.and, [equal, inner], [bool])
            let either = builder.make(.or, [less, both.results[0]], [bool])
            operations += [both, either]
            return either.results[0]
        }
        #expect(sorted[0].list(Int32.self) == [0, 0, 1, 1])
        #expect(sorted[1].list(Int32.self) == [6, 7, 4, 5])
    }
}
