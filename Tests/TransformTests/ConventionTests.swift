// What JAX takes for the derivative where there is none: at ties, edges and zeros.
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

@Suite struct ConventionTests {
    /// The cotangents of all arguments, of the sum of the results.
    private func gradients(_ parameters: String, _ body: String, _ arguments: [[Double]]) throws -> [[Double]] {
        let function = try Callable(try Sample("", "", parameters, body, "y").module())
        var tensors: [Tensor] = []
        for (type, values) in zip(function.types, arguments) { tensors.append(try Numbers.tensor(type.tensor!, values)) }
        let results = try function(tensors)
        let ones = try Numbers.tensor(results[0].type, [Double](repeating: 1, count: results[0].elementCount))
        return try function.applying(.vjp())(tensors + [ones]).dropFirst().map { try $0.numbers }
    }

    @Test func tiesOfTwo() throws {
        #expect(try gradients("a:f64[3] b:f64[3]", "y = maximum a b", [[1, 2, 0], [1, 1, 1]]) == [[0.5, 1, 0], [0.5, 0, 1]])
        #expect(try gradients("a:f64[3] b:f64[3]", "y = minimum a b", [[1, 2, 0], [1, 1, 1]]) == [[0.5, 0, 1], [0.5, 1, 0]])
    }

    @Test func tiesOfMany() throws {
        #expect(try gradients("x:f64[4]", "z:f64[] = constant[-inf]\ny = reduce[dimensions=(0,)] x z\n" + scalarRegion("maximum"),
                              [[2, 1, 2, 0]]) == [[0.5, 0, 0.5, 0]])
        #expect(try gradients("x:f64[4]", "z:f64[] = constant[inf]\ny = reduce[dimensions=(0,)] x z\n" + scalarRegion("minimum"), [[3, 1, 1, 1]])
            == [[0, 1.0 / 3, 1.0 / 3, 1.0 / 3]])
        // Of a window the first one is taken.
        #expect(try gradients("x:f64[4]", "z:f64[] = constant[-inf]\ny = reduce_window[window_dimensions=(2,) window_strides=(2,)] x z\n"
                              + scalarRegion("maximum"),
                              [[2, 2, 1, 3]]) == [[1, 0, 0, 1]])
        #expect(try gradients("x:f64[4]", "y n = top_k[k=2] x", [[1, 3, 3, 3]]) == [[0, 1, 1, 0]])
    }

    @Test func edges() throws {
        // At a bound the operand has no share, and neither has the bound.
        #expect(try gradients("l:f64[] x:f64[3] h:f64[]", "y = clamp l x h", [[0], [0, 0.5, 1], [1]]) == [[0], [0, 1, 0], [0]])
        #expect(try gradients("x:f64[3]", "y = abs x", [[0, -2, 3]]) == [[0, -1, 1]])
        #expect(try gradients("x:f64[2]", "y = floor x", [[0, 1.5]]) == [[0, 0]])
    }

    @Test func powersOfZero() throws {
        let made = try gradients("x:f64[4] n:f64[4]", "y = power x n", [[0, 0, 0, 2], [2, 1, 0, 0]])
        #expect(made[0] == [0, 1, 0, 0])
        // The logarithm of 0 is taken as that of 1.
        #expect(Array(made[1].prefix(3)) == [0, 0, 0] && abs(made[1][3] - 0.6931471805599453) < 1e-15)
        #expect(try gradients("x:f64[3]", "z:f64[] = constant[1.0]\ny = reduce[dimensions=(0,)] x z\n" + scalarRegion("multiply"),
                              [[0, 2, 3]]) == [[6, 0, 0]])
        #expect(try gradients("x:f64[3]", "z:f64[] = constant[1.0]\ny = reduce[dimensions=(0,)] x z\n" + scalarRegion("multiply"),
                              [[0, 0, 3]]) == [[0, 0, 0]])
    }

    /// Complex: no conjugation in transposes; the gradient of |z|² is 2 conj(z).
    @Test func complexNumbers() throws {
        #expect(try gradients("z:c128[]", "r = real z\ni = imag z\na = multiply r r\nb = multiply i i\ny = add a b", [[3, 4]]) == [[6, -8]])
        #expect(try gradients("z:c128[]", "y = abs z", [[3, 4]]) == [[0.6, -0.8]])
        #expect(try gradients("z:c128[]", "y = abs z", [[0, 0]]) == [[0, 0]])
        #expect(try gradients("z:c128[]", "y = imag z", [[3, 4]]) == [[0, -1]])
    }
}
