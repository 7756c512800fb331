// exponential, log, sine, …: functions of floats and complex numbers (StableHLO, sections of these names; the inverse and
// hyperbolic ones and erf are CHLO's, `stablehlo/dialect/ChloOps.td`). A row a function: that of a Double, that of a
// complex number, that of a lane, and the derivative.
// XLA makes sinh and cosh of exponentials, which know no special values where the imaginary part is not finite.
import CMath
import JaxIR
import JaxPlatform
import Loops

func transcendentalFamily() -> [OpDefinition] {
    [
        elementwise(.exponential, 1, .inexact, .reals { exp($0) } + .wideComplexes(exponential), traits: .approximate)
            .floatLanes { $0.exponential }
            .derivative { _, _, y in y },
        elementwise(.exponentialMinusOne, 1, .inexact, .reals { expm1($0) } + .wideComplexes(exponentialMinusOne), traits: .approximate)
            .floatLanes { $0.exponentialMinusOne }
            .derivative { b, _, y throws(JaxError) in try b.add(y, try b.one(like: y)) },
        elementwise(.log, 1, .inexact, .reals { log($0) } + .wideComplexes(logarithm), traits: .approximate).floatLanes { $0.log }
            .derivative { b, x, _ throws(JaxError) in try b.reciprocal(x) },
        elementwise(.logPlusOne, 1, .inexact, .reals { log1p($0) } + .wideComplexes(logarithmPlusOne), traits: .approximate)
            .floatLanes { $0.logPlusOne }
            .derivative { b, x, _ throws(JaxError) in try b.reciprocal(try b.add(x, try b.one(like: x))) },
        elementwise(.logistic, 1, .inexact, .reals { 1 / (1 + exp(-$0)) } + .wideComplexes(logistic), traits: .approximate)
            .floatLanes { $0.logistic }
            .derivative { b, _, y throws(JaxError) in try b.multiply(y, try b.subtract(try b.one(like: y), y)) },
        elementwise(.rsqrt, 1, .inexact, .reals { 1 / $0.squareRoot() } + .wideComplexes(reciprocalSquareRoot), traits: .approximate)
            .floatLanes { $0.rsqrt }
            .derivative { b, x, y throws(JaxError) in try b.scale(try b.divide(y, x), by: -0.5) },
        elementwise(.cbrt, 1, .float, .reals { cbrt($0) }, traits: .approximate).floatLanes { $0.cbrt }
            .derivative { b, x, y throws(JaxError) in try b.scale(try b.divide(y, x), by: 1.0 / 3) },
        elementwise(.sine, 1, .inexact, .reals { sin($0) } + .wideComplexes(sine), traits: .approximate).floatLanes { $0.sine }
            .derivative { b, x, _ throws(JaxError) in try b.one(.cosine, [x]) },
        elementwise(.cosine, 1, .inexact, .reals { cos($0) } + .wideComplexes(cosine), traits: .approximate).floatLanes { $0.cosine }
            .derivative { b, x, _ throws(JaxError) in try b.negate(try b.one(.sine, [x])) },
        elementwise(.tan, 1, .inexact, .reals { CMath.tan($0) } + .wideComplexes(tangent), traits: .approximate).floatLanes { $0.tan }
            .derivative { b, _, y throws(JaxError) in try b.add(try b.one(like: y), try b.square(y)) },
        elementwise(.tanh, 1, .inexact, .reals { CMath.tanh($0) } + .wideComplexes(hyperbolicTangent), traits: .approximate)
            .floatLanes { $0.tanh }
            .derivative { b, _, y throws(JaxError) in try b.subtract(try b.one(like: y), try b.square(y)) },
        elementwise(.sinh, 1, .inexact, .reals { CMath.sinh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicSine($0) : .nan })
            .floatLanes { $0.sinh }
            .derivative { b, x, _ throws(JaxError) in try b.one(.cosh, [x]) },
        elementwise(.cosh, 1, .inexact, .reals { CMath.cosh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicCosine($0) : .nan })
            .floatLanes { $0.cosh }
            .derivative { b, x, _ throws(JaxError) in try b.one(.sinh, [x]) },
        elementwise(.asin, 1, .float, .reals { CMath.asin($0) }).floatLanes { $0.asin }
            .derivative { b, x, _ throws(JaxError) in try b.one(.rsqrt, [try b.oneMinusSquare(x)]) },
        elementwise(.acos, 1, .float, .reals { CMath.acos($0) }).floatLanes { $0.acos }
            .derivative { b, x, _ throws(JaxError) in try b.negate(try b.one(.rsqrt, [try b.oneMinusSquare(x)])) },
        elementwise(.atan, 1, .float, .reals { CMath.atan($0) }).floatLanes { $0.atan }
            .derivative { b, x, _ throws(JaxError) in try b.reciprocal(try b.add(try b.one(like: x), try b.square(x))) },
        elementwise(.asinh, 1, .float, .reals { CMath.asinh($0) }).floatLanes { $0.asinh }
            .derivative { b, x, _ throws(JaxError) in try b.one(.rsqrt, [try b.add(try b.square(x), try b.one(like: x))]) },
        elementwise(.acosh, 1, .float, .reals { CMath.acosh($0) }).floatLanes { $0.acosh }
            .derivative { b, x, _ throws(JaxError) in
                try b.one(.rsqrt, [try b.multiply(try b.subtract(x, try b.one(like: x)), try b.add(x, try b.one(like: x)))])
            },
        elementwise(.atanh, 1, .float, .reals { CMath.atanh($0) }).floatLanes { $0.atanh }
            .derivative { b, x, _ throws(JaxError) in try b.reciprocal(try b.oneMinusSquare(x)) },
        elementwise(.erf, 1, .float, .reals { CMath.erf($0) }).floatLanes { $0.erf }
            .derivative { b, x, _ throws(JaxError) in try b.gaussian(x, 2 / Double.pi.squareRoot()) },
        elementwise(.erfc, 1, .float, .reals { CMath.erfc($0) }).floatLanes { $0.erfc }
            .derivative { b, x, _ throws(JaxError) in try b.gaussian(x, -2 / Double.pi.squareRoot()) },
    ]
}

extension Builder {
    fileprivate func oneMinusSquare(_ a: ValueID) throws(JaxError) -> ValueID { try subtract(try one(like: a), try square(a)) }

    /// `factor` times exp(-a²).
    fileprivate func gaussian(_ a: ValueID, _ factor: Double) throws(JaxError) -> ValueID {
        try scale(try one(.exponential, [try negate(try square(a))]), by: factor)
    }
}
