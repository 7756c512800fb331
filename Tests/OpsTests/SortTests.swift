import Testing
import JaxIR
import JaxLoad
@testable import JaxOps

@Suite struct SortTests {
    /// Sorts by the comparator whose body is `lines`, on a0 b0 a1 b1 …; `result` names what it returns.
    private func sort(_ operands: [Tensor], dimension: Int, _ lines: String, _ result: String = "r") throws -> [Tensor] {
        let types = operands.enumerated().map { "x\($0):\($1.type)" }.joined(separator: " ")
        let scalars = operands.enumerated().map { "a\($0):\($1.dtype.shortName)[] b\($0):\($1.dtype.shortName)[]" }.joined(separator: " ")
        let inputs = operands.indices.map { "x\($0)" }.joined(separator: " "), outputs = operands.indices.map { "y\($0)" }
        return try run("""
            main = { lambda ; \(types). let
                \(outputs.joined(separator: " ")) = sort[dimension=\(dimension) is_stable=True] \(inputs)
                  { lambda ; \(scalars). let
                        \(lines)
                    in (\(result),) }
              in (\(outputs.joined(separator: ", "))) }
            """, operands)
    }

    @Test func sortsTwoOperandsStablyAlongEachDimension() throws {
        let keys = try ints([3, 1, 3, 1, 2, 1], [2, 3]), payload = try floats([0, 1, 2, 3, 4, 5], [2, 3])
        let rows = try sort([keys, payload], dimension: 1, "r = compare[comparison_direction=LT compare_type=SIGNED] a0 b0")
        #expect(rows[0].list(Int32.self) == [1, 3, 3, 1, 1, 2])
        #expect(rows[1].list(Float.self) == [1, 0, 2, 3, 5, 4])
        let columns = try sort([keys, payload], dimension: 0, "r = compare[comparison_direction=LT compare_type=SIGNED] a0 b0")
        #expect(columns[0].list(Int32.self) == [1, 1, 1, 3, 2, 3])
        #expect(columns[1].list(Float.self) == [3, 1, 5, 0, 4, 2])
    }

    @Test func totalOrderPutsNaNsAtTheEnds() throws {
        let values = try floats([.nan, 1, -.infinity, -0.0, 0, -.nan])
        let sorted = try sort([values], dimension: 0,
                              "r = compare[comparison_direction=LT compare_type=TOTALORDER] a0 b0")[0].list(Float.self)
        #expect(sorted[0].isNaN && sorted[0].sign == .minus && sorted[1] == -.infinity)
        #expect(sorted[2].sign == .minus && sorted[3].sign == .plus && sorted[4] == 1 && sorted[5].isNaN)
    }

    /// Descending through a comparison that integer keys cannot express (no total order), long enough for merges.
    @Test func arbitraryComparators() throws {
        let values = (0..<1000).map { Float(($0 * 7919) % 1009) }
        let sorted = try sort([try floats(values)], dimension: 0,
                              "r = compare[comparison_direction=GT compare_type=FLOAT] a0 b0")[0].list(Float.self)
        #expect(sorted == values.sorted(by: >))
    }

    @Test func lexicographicKeysAreRecognised() throws {
        let a = try ints([1, 0, 1, 0]), b = try ints([5, 7, 4, 6])
        let sorted = try sort([a, b], dimension: 0, """
            inner = compare[comparison_direction=LT compare_type=SIGNED] a1 b1
            less = compare[comparison_direction=LT compare_type=SIGNED] a0 b0
            equal = compare[comparison_direction=EQ compare_type=SIGNED] a0 b0
            both = and equal inner
            r = or less both
            """)
        #expect(sorted[0].list(Int32.self) == [0, 0, 1, 1])
        #expect(sorted[1].list(Int32.self) == [6, 7, 4, 5])
    }

    /// JAX's comparator of floats, whose test for NaN is of the number before its zeros were merged: keys, not a program.
    @Test func floatsAreSortedByKeys() throws {
        let text = """
            main = { lambda ; x:f32[6]. let
                zero:f32[] = constant[0.0]
                none:f32[] = constant[nan]
                y = sort[dimension=0 is_stable=True] x
                  { lambda ; a:f32[] b:f32[]. let
                      a0 = compare[comparison_direction=EQ compare_type=FLOAT] a zero
                      a1 = select a0 zero a
                      a2 = compare[comparison_direction=NE compare_type=FLOAT] a a
                      a3 = select a2 none a1
                      b0 = compare[comparison_direction=EQ compare_type=FLOAT] b zero
                      b1 = select b0 zero b
                      b2 = compare[comparison_direction=NE compare_type=FLOAT] b b
                      b3 = select b2 none b1
                      r = compare[comparison_direction=LT compare_type=TOTALORDER] a3 b3
                    in (r,) }
              in (y,) }
            """
        let function = try #require(try parseProgram(text).function(named: "main"))
        let keys = recogniseKeys(function.body.operations[2].regions[0], in: function)
        #expect(keys?.count == 1 && keys?[0].mergesZeros == true && keys?[0].mergesNaNs == true && keys?[0].isPartial == false)
        let sorted = try run(text, [try floats([.nan, 1, -.nan, -0.0, 0, -2])])[0].list(Float.self)
        #expect(sorted[0] == -2 && sorted[1].sign == .minus && sorted[2].sign == .plus && sorted[3] == 1)
        #expect(sorted[4].isNaN && sorted[5].isNaN)
    }
}
