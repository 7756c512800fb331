// What the compiler's passes over the program form leave of programs, and that they leave what they must.
import JaxIR
import JaxLoad
import JaxOps
import JaxTransform
import Testing

private func lines(_ text: String, _ pass: (Module) throws -> Module) throws -> [String] {
    let module = try parseProgram(text)
    try verify(module)
    let made = try pass(module)
    try verify(made)
    let main = try #require(made.function(named: "main"))
    return withoutDead(main.body.operations, main.body.results).map { $0.code.name }
}

@Suite struct SimplificationTests {
    @Test func whatIsComputedTwiceIsComputedOnce() throws {
        let text = """
            main = { lambda ; a:f32[3] b:f32[3]. let
                c:f32[3] = add a b
                d:f32[3] = add a b
                e:f32[3] = add b a
                f:f32[3] = multiply c d
                g:f32[3] = multiply f e
              in (g,) }
            """
        #expect(try lines(text, withoutCommonSubexpressions) == ["add", "add", "multiply", "multiply"])
    }

    /// What a branch computes is not there outside of it, nor in another one.
    @Test func blocksKeepWhatTheyCompute() throws {
        let text = """
            main = { lambda ; p:bool[] a:f32[3]. let
                b:f32[3] = if p
                  { lambda ;. let
                      c:f32[3] = tanh a
                    in (c,) }
                  { lambda ;. let
                      d:f32[3] = tanh a
                      e:f32[3] = negate d
                    in (e,) }
                f:f32[3] = tanh a
                g:f32[3] = add b f
              in (g,) }
            """
        let module = try parseProgram(text)
        let made = try withoutCommonSubexpressions(module)
        try verify(made)
        #expect(made.text() == module.text())
    }

    /// A comparator may use what its block has computed.
    @Test func scalarRegionsSeeWhatStandsForTheirValues() throws {
        let text = """
            main = { lambda ; a:f32[3]. let
                b:f32[] = constant[0.0]
                c:f32[] = constant[0.0]
                d:f32[3] = sort[dimension=0] a
                  { lambda ; x:f32[] y:f32[]. let
                      z:f32[] = add x c
                      w:bool[] = compare[comparison_direction=LT] z y
                    in (w,) }
                e:f32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] b
                f:f32[3] = add d e
              in (f,) }
            """
        #expect(try lines(text, withoutCommonSubexpressions) == ["constant", "sort", "broadcast_in_dim", "add"])
    }

    @Test func neutralElementsGo() throws {
        let text = """
            main = { lambda ; a:f32[3] i:i32[3]. let
                one:f32[] = constant[1.0]
                b:f32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] one
                c:f32[3] = multiply b a
                m:f32[] = constant[-0.0]
                none:f32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] m
                d:f32[3] = add c none
                z:f32[] = constant[0.0]
                zero:f32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] z
                e:f32[3] = subtract d zero
                n:i32[] = constant[0]
                nothing:i32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] n
                j:i32[3] = add nothing i
              in (e, j) }
            """
        #expect(try lines(text, simplified) == [])
    }

    /// −0 + 0 is 0; 0 − x is not x.
    @Test func whatChangesASignStays() throws {
        let text = """
            main = { lambda ; a:f32[3]. let
                z:f32[] = constant[0.0]
                zero:f32[3] = broadcast_in_dim[shape=(3,) broadcast_dimensions=()] z
                b:f32[3] = add a zero
                c:f32[3] = subtract zero b
              in (c,) }
            """
        #expect(try lines(text, simplified) == ["constant", "broadcast_in_dim", "add", "subtract"])
    }

    @Test func contractionsReadThroughTranspositions() throws {
        let text = """
            main = { lambda ; a:f32[2,5,4,3] b:f32[7,2,4,3] c:f32[5,4]. let
                d:f32[2,4,5,3] = transpose[permutation=(0, 2, 1, 3)] a
                e:f32[2,4,3,7] = transpose[permutation=(1, 2, 3, 0)] b
                f:f32[2,4,5,7] = dot_general[lhs_batching_dimensions=(0, 1) rhs_batching_dimensions=(0, 1) \
            lhs_contracting_dimensions=(3,) rhs_contracting_dimensions=(2,)] d e
                g:f32[4,5] = transpose[permutation=(1, 0)] c
                h:f32[5,4] = transpose[permutation=(1, 0)] g
              in (f, h) }
            """
        #expect(try lines(text, simplified) == ["dot_general"])
    }
}
