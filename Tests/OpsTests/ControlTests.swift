import Testing
import JaxIR
import JaxLoad
@testable import JaxOps

@Suite struct ControlTests {
    /// while i < n: row i of the array becomes i + 1. The array is filled in place, and the argument stays as it was.
    @Test func loopsUpdateInPlace() throws {
        let argument = try ints([0, 0, 0, 0])
        let results = try run("""
            main = { lambda ; a:i32[4] zero:i32[] one:i32[] limit:i32[]. let
                b c = while a zero
                  { lambda ; d:i32[4] i:i32[]. let
                        e = compare[comparison_direction=LT] i limit
                    in (e,) }
                  { lambda ; d:i32[4] i:i32[]. let
                        next = add i one
                        row:i32[1] = reshape next
                        f = dynamic_update_slice d row i
                    in (f, next) }
              in (b, c) }
            """, [argument, try scalar(0), try scalar(1), try scalar(4)])
        #expect(results[0].list(Int32.self) == [1, 2, 3, 4])
        #expect(results[1].list(Int32.self) == [4])
        #expect(argument.list(Int32.self) == [0, 0, 0, 0])
    }

    /// Values die after their last use, and one that a region captures lives as long as the region's operation.
    @Test func lastUses() throws {
        let module = try parseProgram("""
            main = { lambda ; x:f32[2] p:bool[]. let
                twice = add x x
                unused = negate x
                chosen = if p
                  { lambda ;. let
                        square = multiply twice twice
                    in (square,) }
                  { lambda ;. let
                    in (twice,) }
              in (chosen,) }
            """)
        #expect(try run(module, [try floats([1, 2]), try tensor(.i1, [], [UInt8(1)])])[0].list(Float.self) == [4, 16])
        let main = try #require(module.function(named: "main"))
        let steps = try EvaluationPlan(module).plan(main).body.steps
        let twice = steps[0], unused = steps[1], branch = steps[2]
        #expect(twice.lastUses == 0 && unused.lastUses == 1)
        #expect(unused.releases == unused.operation.results)
        #expect(branch.lastUses == 1 && branch.releases == twice.operation.results)
        #expect(branch.regions[0].steps[0].lastUses == 0)
    }

    @Test func branchesOutOfRangeTakeTheLast() throws {
        for (index, expected) in [(0, 10), (1, 11), (2, 11), (-1, 11)] as [(Int32, Int32)] {
            let out = try run("""
                main = { lambda ; i:i32[] a:i32[] b:i32[]. let
                    c = case i
                      { lambda ;. let
                        in (a,) }
                      { lambda ;. let
                        in (b,) }
                  in (c,) }
                """, [try scalar(index), try scalar(10), try scalar(11)])
            #expect(out[0].list(Int32.self) == [expected])
        }
    }

    @Test func collectivesNeedOneDevice() throws {
        let a = try floats([1, 2])
        #expect(try evaluate(.allReduce, [a], a.type, [NamedAttribute("replica_groups", .array([.integers([0])]))]).list(Float.self) == [1,
            2])
        #expect(throws: (any Error).self) {
            try evaluate(.allReduce, [a], a.type, [NamedAttribute("replica_groups", .array([.integers([0, 1])]))])
        }
        #expect(try evaluate(.collectivePermute, [a], a.type,
                             [NamedAttribute("source_target_pairs", .integers([]))]).list(Float.self) == [0, 0])
    }

    // MARK: Structured operations

    /// Running sums, forwards and backwards, with the last carry.
    @Test(arguments: [false, true])
    func scan(_ isReverse: Bool) throws {
        let results = try run("""
            main = { lambda ; start:i32[] xs:i32[3,2]. let
                total sums = scan[length=3 num_carry=1 reverse=\(isReverse ? "True" : "False")] start xs
                  { lambda ; carry:i32[] x:i32[2]. let
                        zero:i32[] = constant[0]
                        inner = reduce[dimensions=(0,)] x zero
                          { lambda ; a:i32[] b:i32[]. let
                                c = add a b
                            in (c,) }
                        next = add carry inner
                    in (next, next) }
              in (total, sums) }
            """, [try scalar(100), try ints([1, 2, 3, 4, 5, 6], [3, 2])])
        #expect(results[0].list(Int32.self) == [121])
        #expect(results[1].list(Int32.self) == (isReverse ? [121, 118, 111] : [103, 110, 121]))
    }

    @Test func scansOfNothing() throws {
        let results = try run("""
            main = { lambda ; start:f32[]. let
                end ys = scan[length=0 num_carry=1] start
                  { lambda ; carry:f32[]. let
                    in (carry, carry) }
              in (end, ys) }
            """, [try floats([3], [])])
        #expect(results[0].list(Float.self) == [3] && results[1].shape == [0])
    }

    @Test func countedLoops() throws {
        func factorial(_ lower: Int32, _ upper: Int32) throws -> [Int32] {
            try run("""
                main = { lambda ; lower:i32[] upper:i32[] one:i32[]. let
                    a = fori_loop lower upper one
                      { lambda ; i:i32[] product:i32[]. let
                            next = multiply product i
                        in (next,) }
                  in (a,) }
                """, [try scalar(lower), try scalar(upper), try scalar(1)])[0].list(Int32.self)
        }
        #expect(try factorial(1, 6) == [120])
        #expect(try factorial(6, 1) == [1])
    }

    /// Functions with rules of their own, rematerialised and named ones are their bodies.
    @Test func bodiesAreRun() throws {
        let x = try floats([0.5, 2])
        for operation in ["checkpoint[policy='dots_saveable']", "named_call[name='f']"] {
            #expect(try run("""
                main = { lambda ; x:f32[2]. let
                    y = \(operation) x
                      { lambda ; a:f32[2]. let
                            b = multiply a a
                        in (b,) }
                  in (y,) }
                """, [x])[0].list(Float.self) == [0.25, 4])
        }
        #expect(try run("""
            main = { lambda ; x:f32[2] n:i32[]. let
                y = custom_jvp_call x n
                  { lambda ; a:f32[2] n:i32[]. let
                        b = multiply a a
                    in (b,) }
                  { lambda ; a:f32[2] n:i32[] da:f32[2]. let
                        b = multiply a a
                        db = multiply a da
                    in (b, db) }
                z = custom_vjp_call y
                  { lambda ; a:f32[2]. let
                        b = negate a
                    in (b,) }
                  { lambda ; a:f32[2]. let
                        b = negate a
                    in (b, a) }
                  { lambda ; a:f32[2] db:f32[2]. let
                        da = multiply a db
                    in (da,) }
              in (z,) }
            """, [x, try scalar(3)])[0].list(Float.self) == [-0.25, -4])
    }

    @Test func structuredOperationsAreChecked() throws {
        func refuses(_ text: String, _ message: String) {
            do {
                try verify(try parseProgram(text))
                Issue.record("expected '\(message)'")
            } catch {
                #expect("\(error)".contains(message), "\(error)")
            }
        }
        refuses("""
            main = { lambda ; a:f32[] xs:f32[4]. let
                b = scan[length=3 num_carry=1] a xs
                  { lambda ; c:f32[] x:f32[]. let
                    in (c,) }
              in (b,) }
            """, "must have 3 slices, is f32[4]")
        refuses("""
            main = { lambda ; a:f32[]. let
                b = scan[length=3 num_carry=1] a
                  { lambda ; c:f32[]. let
                        d = convert[new_dtype=i32[]] c
                    in (d,) }
              in (b,) }
            """, "the body returns (i32[]), expected (f32[])")
        refuses("""
            main = { lambda ; a:f32[] n:i32[]. let
                b = fori_loop a n n
                  { lambda ; i:f32[] c:i32[]. let
                    in (c,) }
              in (b,) }
            """, "the bounds must be integers")
        refuses("""
            main = { lambda ; a:f32[2]. let
                b = custom_jvp_call a
                  { lambda ; c:f32[2]. let
                    in (c,) }
                  { lambda ; c:f32[2]. let
                    in (c, c) }
              in (b,) }
            """, "its rule takes (f32[2]), expected (f32[2], f32[2])")
    }
}
