// Forward mode is compared with central differences, and reverse mode with forward mode: <ct, J v> = <J^T ct, v>, products without conjugation, of
// which the real part counts (JAX's convention for complex numbers). The same for what both make of a program (jax.test_util.check_grads).
import JaxIR
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

struct GradientCheck {
    let sample: Sample
    private(set) var checks = 0

    init(_ sample: Sample) { self.sample = sample }

    /// Checks `function` and, up to `order`, its derivatives.
    mutating func check(_ function: Callable, _ arguments: [Tensor], order: Int, _ modes: Sample.Modes, _ path: String = "") throws {
        var numbers = Numbers("\(sample.testDescription) \(path) direction")
        let primals = try function(arguments)
        var tangents: [Tensor] = []
        for argument in arguments where argument.hasTangent { tangents.append(try numbers.direction(argument.type)) }
        guard !tangents.isEmpty, primals.contains(where: { $0.hasTangent }) else { return }
        var derivatives = try differences(function, arguments, tangents)
        if modes != .reverse {
            let forward = try function.applying(.jvp())
            let pushed = try forward(arguments + tangents)
            try same(Array(pushed.prefix(primals.count)), primals, "the value beside \(path)jvp")
            try compare(Array(pushed.dropFirst(primals.count)), derivatives, path)
            derivatives = try pushed.dropFirst(primals.count).map { try $0.numbers }
            if order > 1 { try check(forward, arguments + tangents, order: order - 1, modes, "jvp of \(path)") }
        }
        guard modes != .forward else { return }
        var cotangents: [Tensor] = []
        for primal in primals where primal.hasTangent { cotangents.append(try numbers.direction(primal.type)) }
        let reverse = try function.applying(.vjp())
        let pulled = try reverse(arguments + cotangents)
        try same(Array(pulled.prefix(primals.count)), primals, "the value beside \(path)vjp")
        let forwards = try product(cotangents, derivatives), backwards = try product(tangents, pulled.dropFirst(primals.count).map { try $0.numbers })
        let bound = (modes == .reverse ? sample.tolerance : 1e-10) * (1 + forwards.size)
        #expect(abs(forwards.sum - backwards.sum) <= bound, "\(sample.testDescription): \(path)vjp gives \(backwards.sum), jvp \(forwards.sum)")
        checks += 1
        // What a backward rule makes is a function like any.
        if order > 1 { try check(reverse, arguments + cotangents, order: order - 1, .both, "vjp of \(path)") }
    }

    /// Central differences of the results that have tangents.
    private func differences(_ function: Callable, _ arguments: [Tensor], _ tangents: [Tensor]) throws -> [[Double]] {
        let above = try function(try moved(arguments, tangents, by: sample.step)),
            below = try function(try moved(arguments, tangents, by: -sample.step))
        var made: [[Double]] = []
        for (high, low) in zip(above, below) where high.hasTangent {
            made.append(zip(try high.numbers, try low.numbers).map { ($0 - $1) / (2 * sample.step) })
        }
        return made
    }

    private mutating func compare(_ derivatives: [Tensor], _ differences: [[Double]], _ path: String) throws {
        for (index, (derivative, expected)) in zip(derivatives, differences).enumerated() {
            let exact = try derivative.numbers, scale = 1 + exact.reduce(0) { max($0, abs($1)) }
            for k in exact.indices where !(abs(expected[k] - exact[k]) <= sample.tolerance * scale) {
                let place = "element \(k) of result \(index)"
                Issue.record("\(sample.testDescription): \(path)jvp gives \(exact[k]) for \(place), differences \(expected[k])")
                break
            }
            checks += 1
        }
    }

    private func moved(_ arguments: [Tensor], _ tangents: [Tensor], by step: Double) throws -> [Tensor] {
        var next = 0, made: [Tensor] = []
        for argument in arguments {
            guard argument.hasTangent else {
                made.append(argument)
                continue
            }
            made.append(try Numbers.tensor(argument.type, zip(try argument.numbers, try tangents[next].numbers).map { $0 + step * $1 }))
            next += 1
        }
        return made
    }

    private func same(_ results: [Tensor], _ expected: [Tensor], _ what: String) throws {
        for (result, value) in zip(results, expected) {
            try #expect(isClose(try result.numbers, try value.numbers, 1e-12), "\(sample.testDescription): \(what) is another")
        }
    }

    /// The real part of the sum of products, and the sum of their magnitudes.
    private func product(_ a: [Tensor], _ b: [[Double]]) throws -> (sum: Double, size: Double) {
        guard a.count == b.count else { throw JaxError(.internalError, "\(a.count) arrays go with \(b.count)") }
        var sum = 0.0, size = 0.0
        for (a, b) in zip(a, b) {
            for (index, pair) in zip(try a.numbers, b).enumerated() {
                sum += a.dtype.isComplex && index % 2 == 1 ? -pair.0 * pair.1 : pair.0 * pair.1
                size += abs(pair.0 * pair.1)
            }
        }
        return (sum, size)
    }
}

/// Whether all numbers agree, relative to the largest of them; what is no number does with its like.
func isClose(_ a: [Double], _ b: [Double], _ tolerance: Double) -> Bool {
    guard a.count == b.count else { return false }
    let scale = b.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    return zip(a, b).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance * scale }
}

@Suite struct GradientTests {
    @Test(arguments: allSamples.filter { $0.modes != .none })
    func derivativesAreThoseOfDifferences(_ sample: Sample) throws {
        let function = try Callable(try sample.module())
        var check = GradientCheck(sample)
        try check.check(function, try sample.arguments(function.types), order: 2, sample.modes)
        #expect(check.checks > 0, "\(sample.testDescription): nothing has a derivative")
    }
}

extension GradientTests {
    /// Twice the derivative in forward mode, and a backward rule that forgets a factor.
    @Test func wrongRulesAreFound() throws {
        let wrong = Sample("custom_jvp_call", "wrong", "x:f64[3]", """
            y = custom_jvp_call x
              { lambda ; a:f64[3]. let
                 b = multiply a a
                in (b,) }
              { lambda ; a:f64[3] da:f64[3]. let
                 b = multiply a a
                 c = multiply a da
                in (b, c) }
            """)
        let backwards = Sample("custom_vjp_call", "wrong", "x:f64[3]", """
            y = custom_vjp_call x
              { lambda ; a:f64[3]. let
                 b = multiply a a
                in (b,) }
              { lambda ; a:f64[3]. let
                 b = multiply a a
                in (b, a) }
              { lambda ; a:f64[3] ct:f64[3]. let
                 b = multiply a ct
                in (b,) }
            """).with([:], .reverse)
        for sample in [wrong, backwards] {
            try withKnownIssue {
                let function = try Callable(try sample.module())
                var check = GradientCheck(sample)
                try check.check(function, try sample.arguments(function.types), order: 1, sample.modes)
            }
        }
    }
}
