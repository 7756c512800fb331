import Testing
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
@testable import JaxTransform

@Suite struct InlineTests {
    @Test func callsGiveWayToBodies() throws {
        let module = try parseProgram("""
            private double = { lambda ; x:f32[]. let
                y:f32[] = add x x
              in (y,) }
            main = { lambda ; a:f32[] p:bool[]. let
                b:f32[] = call[callee=@double] a
                c:f32[] = call[callee=@double] b
                d = if p
                  { lambda ;. let
                        e:f32[] = call[callee=@double] c
                    in (e,) }
                  { lambda ;. let
                    in (b,) }
              in (d,) }
            """)
        try verify(module)
        let flat = try inlined(module)
        try verify(flat)
        #expect(flat.text() == """
            main = { lambda ; a:f32[] b:bool[]. let
                c:f32[] = add a a
                d:f32[] = add c c
                e:f32[] = if b
                  { lambda ;. let
                      f:f32[] = add d d
                    in (f,) }
                  { lambda ;. let
                    in (c,) }
              in (e,) }

            """)
    }

    /// A function that an operation names without calling it stays, under its name.
    @Test func namedFunctionsStay() throws {
        let module = try parseProgram("""
            private less = { lambda ; a:f32[] b:f32[]. let
                c = compare[comparison_direction=LT] a b
              in (c,) }
            private unused = { lambda ; a:f32[]. let
              in (a,) }
            main = { lambda ; a:f32[5] b:f32[]. let
                c:f32[2] = custom_call[call_target_name='ApproxTopK' called_computations=[@less] mhlo.backend_config={reduction_dim=0}] a b
              in (c,) }
            """)
        try verify(module)
        let flat = try inlined(module)
        try verify(flat)
        #expect(flat.functions.map { $0.name } == ["less", "main"])
        #expect(flat.functions[1].body.operations[0].parameters.functions.first === flat.functions[0])
    }

    @Test func recursionIsRefused() throws {
        let module = try parseProgram("""
            main = { lambda ; a:f32[]. let
                b:f32[] = call[callee=@main] a
              in (b,) }
            """)
        #expect(throws: JaxError.self) { try inlined(module) }
    }
}
