// Scans that are found again in the `while` that JAX lowers them to, in the forms that exporters give it, and loops that must stay as they are.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

/// Operations of a block and of what is inside of it.
func operations(_ region: Region, _ code: OpCode) -> [Operation] {
    region.operations.flatMap { operation in
        (operation.code == code ? [operation] : []) + operation.regions.flatMap { operations($0, code) }
    }
}

@Suite struct LoopRecoveryTests {
    /// What becomes of a loop: its scans by how many slices and outputs they have, from the outside, and how many loops are left. The results
    /// are the same.
    private func check(_ sample: Sample, scans expected: [(slices: Int, outputs: Int)], loops: Int = 0,
                       _ location: SourceLocation = #_sourceLocation) throws {
        let module = try sample.module(), made = try withScans(module)
        let main = try #require(made.function(named: "main"))
        var shapes: [[Int]] = []
        for scan in operations(main.body, .scan) {
            let count = scan.parameters(ScanParameters.self).carryCount
            shapes.append([scan.operands.count - count, scan.results.count - count])
        }
        #expect(shapes == expected.map { [$0.slices, $0.outputs] }, "\(made.text())", sourceLocation: location)
        #expect(operations(main.body, .while).count == loops, sourceLocation: location)
        let arguments = try sample.arguments(main.parameterTypes)
        for (result, value) in zip(try evaluate(made, arguments), try evaluate(module, arguments)) {
            #expect(try result.numbers == value.numbers, sourceLocation: location)
        }
        // What has been recovered has a derivative in reverse mode too.
        if loops > 0 { return }
        var gradients = GradientCheck(sample)
        try gradients.check(try Callable(module), arguments, order: 1, .both)
    }

    private func evaluate(_ module: Module, _ arguments: [Tensor]) throws -> [Tensor] {
        let main = try #require(module.function(named: "main"))
        return try EvaluationPlan(module).call(main, arguments.map { .tensor($0) }).map { try $0.asTensor().owned() }
    }

    /// Found by random programs: sums and products of such constants overflowed while a loop's trips were counted.
    @Test func numbersAtTheEndsOf64BitsAreNotFollowed() throws {
        let module = try parseProgram("""
            main = { lambda ; x:i64[]. let
                zero:i32[] = constant[0]
                one:i32[] = constant[1]
                limit:i32[] = constant[3]
                greatest:i64[] = constant[9223372036854775807]
                least:i64[] = constant[-9223372036854775808]
                n:i32[] y:i64[] = while zero x
                  { lambda ; i:i32[] v:i64[]. let
                      p:bool[] = compare[comparison_direction=LT] i limit
                    in (p,) }
                  { lambda ; i:i32[] v:i64[]. let
                      j:i32[] = add i one
                      a:i64[] = multiply greatest least
                      b:i64[] = add greatest greatest
                      c:i64[] = subtract least greatest
                      d:i64[] = negate least
                      e:bool[] = compare[comparison_direction=LT] least greatest
                      f:i64[] = clamp least v greatest
                      g:i64[] = add a b
                      h:i64[] = add c d
                      k:i64[] = select e g h
                      w:i64[] = add f k
                    in (j, w) }
              in (y,) }
            """)
        let main = try #require(module.function(named: "main"))
        let loop = try #require(operations(main.body, .while).first)
        #expect(tripCount(of: loop, in: main, Uses(main)) == 3)
        let x = try Tensor(TensorType(.i64, []))
        x.elements(as: Int64.self)[0] = 5
        for (a, b) in zip(try evaluate(withScans(module), [x]), try evaluate(module, [x])) {
            #expect(a.elements(as: Int64.self)[0] == b.elements(as: Int64.self)[0])
        }
    }

    private static let numbers = [("zero", 0), ("one", 1), ("two", 2), ("last", 3), ("limit", 4)].map { "\($0.0):i32[] = constant[\($0.1)]\n" }.joined()

    /// A loop from `start` on with a carry `c`, rows of `xs` (f64[6]) and outputs `ys`; `index` makes `k` of `i`.
    private func loop(_ form: String, start: String = "zero", condition: String = "p = compare[comparison_direction=LT] i limit",
                      index: String = "k = add i zero",
                      next: String = "j = add i one", output: String = "i", before: String = "", ys: Int = 4) -> Sample {
        Sample("while", form, "c0:f64[] xs:f64[6] w:f64[] ys0:f64[\(ys)]", LoopRecoveryTests.numbers + """
            \(before)
            n c ys = while \(start) c0 ys0
              { lambda ; i:i32[] c:f64[] ys:f64[\(ys)]. let
                 \(condition)
                in (p,) }
              { lambda ; i:i32[] c:f64[] ys:f64[\(ys)]. let
                 \(index)
                 r = dynamic_slice[slice_sizes=(1,)] xs k
                 x = reshape[new_sizes=()] r
                 a = multiply c w
                 b = add a x
                 d = sine b
                 e = reshape[new_sizes=(1,)] d
                 zs = dynamic_update_slice ys e \(output)
                 \(next)
                in (j, d, zs) }
            """, "c ys n")
    }

    @Test func slicesAndOutputs() throws {
        try check(loop("plain"), scans: [(1, 1)])
        try check(loop("the other way round", condition: "p = compare[comparison_direction=GT] limit i"), scans: [(1, 1)])
        try check(loop("up to and with the last", condition: "p = compare[comparison_direction=LE] i last"), scans: [(1, 1)])
        try check(loop("from an offset", index: "k = add i two"), scans: [(1, 1)])
        try check(loop("the index of Python's", index: "q = compare[comparison_direction=LT] i zero\nl = add i limit\nk = select q l i"),
                  scans: [(1, 1)])
        try check(loop("a clamped index", index: "k = clamp zero i last"), scans: [(1, 1)])
        try check(loop("not from zero", start: "two", ys: 4), scans: [(1, 1)])
        try check(loop("into a longer array", ys: 6), scans: [(1, 1)])
        // Counters of 64 bits, as under jax_enable_x64.
        let wide = loop("wide")
        let body = wide.text.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n")
        let parts = body.split(separator: "i32", omittingEmptySubsequences: false)
        try check(Sample("while", "wide", "c0:f64[] xs:f64[6] w:f64[] ys0:f64[4]", parts.joined(separator: "i64"), "c ys n"), scans: [(1, 1)])
    }

    @Test func reversed() throws {
        try check(loop("both", index: "k = subtract last i", output: "k"), scans: [(1, 1)])
        // Slices and outputs that go in different directions.
        try check(loop("slices alone", index: "k = subtract last i"), scans: [(1, 1)])
        try check(loop("by a negated counter", index: "m = negate i\nk = add m last", output: "k"), scans: [(1, 1)])
    }

    /// A constant from in front of the loop as a state that does not change, and an array likewise.
    @Test func hoistedConstants() throws {
        try check(Sample("while", "hoisted", "c0:f64[] xs:f64[4,2]", LoopRecoveryTests.numbers + """
            n m l zs c = while zero one limit xs c0
              { lambda ; i:i32[] s:i32[] l:i32[] zs:f64[4,2] c:f64[]. let
                 p = compare[comparison_direction=LT] i l
                in (p,) }
              { lambda ; i:i32[] s:i32[] l:i32[] zs:f64[4,2] c:f64[]. let
                 r = dynamic_slice[slice_sizes=(1, 2)] zs i zero
                 x = reshape[new_sizes=(2,)] r
                 f:f64[] = constant[0.0]
                 t = reduce[dimensions=(0,)] x f
            \(scalarRegion("add"))
                 d = multiply c t
                 j = add i s
                in (j, s, l, zs, d) }
            """, "c zs"), scans: [(1, 0)])
    }

    @Test func twoCounters() throws {
        try check(Sample("while", "two counters", "c0:f64[] xs:f64[6]", LoopRecoveryTests.numbers + """
            n m c = while zero two c0
              { lambda ; i:i32[] k:i32[] c:f64[]. let
                 p = compare[comparison_direction=LT] i limit
                in (p,) }
              { lambda ; i:i32[] k:i32[] c:f64[]. let
                 r = dynamic_slice[slice_sizes=(1,)] xs k
                 x = reshape[new_sizes=()] r
                 d = multiply c x
                 j = add i one
                 l = add k one
                in (j, l, d) }
            """, "c n m"), scans: [(1, 0)])
    }

    /// The same array at two offsets is two slices.
    @Test func neighbours() throws {
        try check(Sample("while", "neighbours", "c0:f64[] xs:f64[6]", LoopRecoveryTests.numbers + """
            n c = while zero c0
              { lambda ; i:i32[] c:f64[]. let
                 p = compare[comparison_direction=LT] i limit
                in (p,) }
              { lambda ; i:i32[] c:f64[]. let
                 k = add i one
                 r = dynamic_slice[slice_sizes=(1,)] xs i
                 s = dynamic_slice[slice_sizes=(1,)] xs k
                 x = reshape[new_sizes=()] r
                 z = reshape[new_sizes=()] s
                 a = multiply x z
                 d = multiply c a
                 e = sine d
                in (k, e) }
            """, "c"), scans: [(2, 0)])
    }

    @Test func nested() throws {
        try check(Sample("while", "nested", "c0:f64[] xs:f64[4,3]", LoopRecoveryTests.numbers + """
            three:i32[] = constant[3]
            n c = while zero c0
              { lambda ; i:i32[] c:f64[]. let
                 p = compare[comparison_direction=LT] i limit
                in (p,) }
              { lambda ; i:i32[] c:f64[]. let
                 r = dynamic_slice[slice_sizes=(1, 3)] xs i zero
                 x = reshape[new_sizes=(3,)] r
                 m d = while zero c
                   { lambda ; k:i32[] e:f64[]. let
                      p = compare[comparison_direction=LT] k three
                     in (p,) }
                   { lambda ; k:i32[] e:f64[]. let
                      s = dynamic_slice[slice_sizes=(1,)] x k
                      t = reshape[new_sizes=()] s
                      f = multiply e t
                      g = sine f
                      l = add k one
                     in (l, g) }
                 j = add i one
                in (j, d) }
            """, "c"), scans: [(1, 0), (1, 0)])
    }

    // MARK: What must not be recovered

    /// Rounds are counted, but the array is read beyond its end in the last one, or changes in each: it is a state.
    @Test func arraysThatAreNoSlices() throws {
        try check(loop("beyond the end", index: "three:i32[] = constant[3]\nk = add i three"), scans: [(0, 1)])
        try check(loop("before the start", index: "k = subtract i one"), scans: [(0, 1)])
        try check(loop("every second row", index: "k = multiply i two"), scans: [(0, 1)])
        try check(loop("outputs beyond the end", output: "k", ys: 3), scans: [(1, 0)])
        try check(loop("outputs in one place", output: "zero"), scans: [(1, 0)])
    }

    @Test func loopsThatDoNotCount() throws {
        try check(loop("by the carry", condition: """
            big:f64[] = constant[0.9]
            q = compare[comparison_direction=LT] c big
            r = compare[comparison_direction=LT] i limit
            p = and q r
            """),
                  scans: [], loops: 1)
        try check(loop("in twos", next: "j = add i two"), scans: [], loops: 1)
        try check(loop("in steps that depend on the carry",
                       next: "big:f64[] = constant[0.5]\nq = compare[comparison_direction=LT] d big\nstep = select q one two\nj = add i step"),
                  scans: [], loops: 1)
        try check(loop("up to another end", condition: "p = compare[comparison_direction=NE] i limit"), scans: [], loops: 1)
        try check(Sample("while", "with a limit that is given", "n:i32[] x:f64[]", LoopRecoveryTests.numbers + """
            m y = while zero x
              { lambda ; i:i32[] a:f64[]. let
                 p = compare[comparison_direction=LT] i n
                in (p,) }
              { lambda ; i:i32[] a:f64[]. let
                 b = sine a
                 j = add i one
                in (j, b) }
            """, "y"), scans: [], loops: 1)
        // The limit moves.
        try check(Sample("while", "with a limit that moves", "x:f64[]", LoopRecoveryTests.numbers + """
            m l y = while zero limit x
              { lambda ; i:i32[] l:i32[] a:f64[]. let
                 p = compare[comparison_direction=LT] i l
                in (p,) }
              { lambda ; i:i32[] l:i32[] a:f64[]. let
                 b = sine a
                 j = add i one
                 k = subtract l one
                in (j, k, b) }
            """, "y m"), scans: [], loops: 1)
    }
}
