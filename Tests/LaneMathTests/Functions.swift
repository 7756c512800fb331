// The functions under test: how a kernel computes them, and what the C library says, in more precision.
import Glibc
import Loops

struct MathFunction {
    let name: String
    let arity: Int
    let build: (KernelBuilder, [LaneValue]) -> LaneValue
    let double: (Double, Double) -> Double
    let extended: (Float80, Float80) -> Float80

    static func unary(_ name: String, _ build: @escaping (KernelBuilder) -> (LaneValue) -> LaneValue,
                      _ double: @escaping (Double) -> Double, _ extended: @escaping (Float80) -> Float80) -> MathFunction {
        MathFunction(name: name, arity: 1, build: { build($0)($1[0]) }, double: { x, _ in double(x) }, extended: { x, _ in extended(x) })
    }

    static func binary(_ name: String, _ build: @escaping (KernelBuilder) -> (LaneValue, LaneValue) -> LaneValue,
                       _ double: @escaping (Double, Double) -> Double,
                       _ extended: @escaping (Float80, Float80) -> Float80) -> MathFunction {
        MathFunction(name: name, arity: 2, build: { build($0)($1[0], $1[1]) }, double: double, extended: extended)
    }

    /// The kernel's straight line of statements; its operands are loads.
    func kernel(_ element: ElementType) -> Kernel {
        let builder = KernelBuilder()
        let operands = (0..<arity).map { _ in builder.load(builder.buffer(element, count: 1), LoopIndex(0)) }
        let result = build(builder, operands)
        builder.store(result, to: builder.buffer(element, count: 1, isWritten: true), LoopIndex(0))
        return builder.finish(name: name)
    }
}

func sign<T: BinaryFloatingPoint>(_ x: T) -> T { x > 0 ? 1 : x < 0 ? -1 : x }

let unaryFunctions: [MathFunction] = [
    .unary("exponential", KernelBuilder.exponential, exp, expl),
    .unary("exponentialMinusOne", KernelBuilder.exponentialMinusOne, expm1, expm1l),
    .unary("log", KernelBuilder.log, log, logl),
    .unary("logPlusOne", KernelBuilder.logPlusOne, log1p, log1pl),
    .unary("logistic", KernelBuilder.logistic, { 1 / (1 + exp(-$0)) }, { 1 / (1 + expl(-$0)) }),
    .unary("rsqrt", KernelBuilder.rsqrt, { 1 / $0.squareRoot() }, { 1 / $0.squareRoot() }),
    .unary("cbrt", KernelBuilder.cbrt, cbrt, cbrtl),
    .unary("sine", KernelBuilder.sine, sin, sinl),
    .unary("cosine", KernelBuilder.cosine, cos, cosl),
    .unary("tan", KernelBuilder.tan, tan, tanl),
    .unary("tanh", KernelBuilder.tanh, tanh, tanhl),
    .unary("sinh", KernelBuilder.sinh, sinh, sinhl),
    .unary("cosh", KernelBuilder.cosh, cosh, coshl),
    .unary("asin", KernelBuilder.asin, asin, asinl),
    .unary("acos", KernelBuilder.acos, acos, acosl),
    .unary("atan", KernelBuilder.atan, atan, atanl),
    .unary("asinh", KernelBuilder.asinh, asinh, asinhl),
    .unary("acosh", KernelBuilder.acosh, acosh, acoshl),
    .unary("atanh", KernelBuilder.atanh, atanh, atanhl),
    .unary("erf", KernelBuilder.erf, erf, erfl),
    .unary("erfc", KernelBuilder.erfc, erfc, erfcl),
    .unary("sign", KernelBuilder.sign, sign, sign),
    .unary("roundNearestAwayFromZero", KernelBuilder.roundNearestAwayFromZero, round, roundl),
]

let binaryFunctions: [MathFunction] = [
    .binary("power", KernelBuilder.power, pow, powl),
    .binary("remainder", KernelBuilder.remainder, fmod, fmodl),
    .binary("atan2", KernelBuilder.atan2, atan2, atan2l),
]
