// Complex numbers in kernels: pairs of lanes, beside real numbers and moved as they are.
import JaxCompile
import JaxLoad
import JaxOps
import JaxIR
import CompileSupport
import Testing

@Suite struct ComplexTests {
    /// To the bit, and nothing of it is evaluated.
    @Test(arguments: [("c64", "f32"), ("c128", "f64")], [3, 37])
    func elementwise(dtypes: (String, String), count: Int) throws {
        let (complex, real) = dtypes
        let text = """
            main = { lambda ; a:\(real)[\(count)] b:\(real)[\(count)] p:bool[\(count)]. let
                c:\(complex)[\(count)] = complex a b
                d:\(complex)[\(count)] = complex b a
                e:\(complex)[\(count)] = multiply c d
                f:\(complex)[\(count)] = add e c
                g:\(complex)[\(count)] = negate d
                h:\(complex)[\(count)] = subtract f g
                i:\(complex)[\(count)] = select p h c
                j:\(real)[\(count)] = real i
                k:\(real)[\(count)] = imag i
                l:bool[\(count)] = compare[comparison_direction=EQ] i c
                m:bool[\(count)] = compare[comparison_direction=NE] i h
              in (j, k, l, m) }
            """
        try agree(text, units: 0)
        #expect(try evaluated(text).isEmpty)
    }

    /// Complex arrays themselves: an element's parts lie side by side, whatever moves it.
    @Test func moves() throws {
        let text = """
            main = { lambda ; a:f32[3,5] b:f32[3,5] s:f32[] i:i32[]. let
                c:c64[3,5] = complex a b
                d:c64[5,3] = transpose[permutation=(1, 0)] c
                e:c64[5,3] = reverse[dimensions=(0,)] d
                f:c64[2,3] = slice[start_indices=(0, 0) limit_indices=(4, 3) strides=(2, 1)] e
                g:c64[7,3] = concatenate[dimension=0] e f
                h:c64[] = complex s s
                k:c64[9,4] = pad[edge_padding_low=(1, 0) edge_padding_high=(1, 1) interior_padding=(0, 0)] g h
                l:c64[9,4] = dynamic_update_slice k f i i
                m:f32[9,4] = real l
                n:f32[9,4] = imag l
              in (m, n) }
            """
        try agree(text, units: 0)
        #expect(try evaluated(text).isEmpty)
    }

    @Test func conversions() throws {
        let text = """
            main = { lambda ; a:f32[33] n:i32[33]. let
                c:c64[33] = convert a
                d:c128[33] = convert c
                e:c128[33] = convert n
                f:c128[33] = add d e
                g:c64[33] = convert f
                h:f32[33] = real g
                k:f64[33] = convert f
                l:f32[33] = imag g
              in (h, k, l) }
            """
        try agree(text, units: 0)
        #expect(try evaluated(text).isEmpty)
    }

    /// What has no rule stays the evaluator's, between kernels.
    @Test func functionsOfComplexNumbersAreEvaluated() throws {
        let text = """
            main = { lambda ; a:f32[9] b:f32[9]. let
                c:c64[9] = complex a b
                d:c64[9] = exponential c
                e:c64[9] = multiply d c
                f:f32[9] = real e
              in (f,) }
            """
        try agree(text, units: 0)
        #expect(try evaluated(text) == ["exponential"])
    }

    private func evaluated(_ text: String) throws -> [String] {
        let module = try parseProgram(text)
        try verify(module)
        return Coverage(try compiled(module, Compiling(.detected))).evaluated.map { $0.name }
    }
}
