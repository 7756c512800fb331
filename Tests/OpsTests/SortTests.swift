import Foundation
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

    /// The first few of long rows, found in one pass, are those that sorting puts in front: equal ones as they stand, zeros by their signs.
    @Test(arguments: ["f32", "f64", "bf16", "i32", "u32", "i8"], [1, 7, 40])
    func selectionOfTheFirst(dtype: String, count: Int) throws {
        for isLargest in ["True", "False"] { try selects(dtype, count, isLargest) }
    }

    private func selects(_ dtype: String, _ count: Int, _ isLargest: String) throws {
        let length = 5 * 256 + 37, type = try #require(DType.allCases.first { $0.shortName == dtype })
        let operand = try Tensor(TensorType(type, [2, length]))
        var state: UInt64 = 7
        for index in 0..<operand.type.byteCount {
            state = state &* 6364136223846793005 &+ 1442695040888963407
            // Few different bytes make equal elements, infinities and NaNs.
            operand.elements(as: UInt8.self).baseAddress![index] = [0, 0x80, 0x7F, 0xFF, 0x3F, 1][Int(state >> 40) % 6]
        }
        let order = isLargest == "True" ? "GT" : "LT", total = type.isFloat ? " compare_type=TOTALORDER" : ""
        func program(_ kept: Int) -> String {
            """
            main = { lambda ; a:\(dtype)[2,\(length)]. let
                b:\(dtype)[2,\(kept)] c:i32[2,\(kept)] = top_k[k=\(kept) largest=\(isLargest)] a
              in (b, c) }
            """
        }
        let found = try run(program(count), [operand])
        let sorted = try run("""
            main = { lambda ; a:\(dtype)[2,\(length)]. let
                i:i32[2,\(length)] = iota[dtype=i32[] shape=(2, \(length)) iota_dimension=1]
                b:\(dtype)[2,\(length)] c:i32[2,\(length)] = sort[dimension=1 is_stable=True] a i
                  { lambda ; x:\(dtype)[] y:\(dtype)[] m:i32[] n:i32[]. let
                      r:bool[] = compare[comparison_direction=\(order)\(total)] x y
                    in (r,) }
              in (b, c) }
            """, [operand])
        let places = found[1].list(Int32.self), all = sorted[1].list(Int32.self), width = type.byteWidth
        for row in 0..<2 {
            #expect(Array(places[(row * count)..<((row + 1) * count)]) == Array(all[(row * length)..<(row * length + count)]))
            for index in 0..<count {
                let value = operand.bytes + (row * length + Int(places[row * count + index])) * width
                #expect(memcmp(value, found[0].bytes + (row * count + index) * width, width) == 0)
            }
        }
    }
}
