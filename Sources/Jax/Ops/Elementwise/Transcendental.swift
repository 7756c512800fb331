// exponential, log, sine, …: functions of floats and complex numbers (StableHLO, sections of these names; the inverse and
// hyperbolic ones and erf are CHLO's, `stablehlo/dialect/ChloOps.td`). A row a function: that of a Double, and that of a complex number.
// XLA makes sinh and cosh of exponentials, which know no special values where the imaginary part is not finite.
import CMath
import JaxIR
import JaxPlatform

func transcendentalFamily() -> [OpDefinition] {
    [
        elementwise(.exponential, 1, .inexact, .reals { exp($0) } + .wideComplexes(exponential), traits: .approximate),
        elementwise(.exponentialMinusOne, 1, .inexact, .reals { expm1($0) } + .wideComplexes(exponentialMinusOne), traits: .approximate),
        elementwise(.log, 1, .inexact, .reals { log($0) } + .wideComplexes(logarithm), traits: .approximate),
        elementwise(.logPlusOne, 1, .inexact, .reals { log1p($0) } + .wideComplexes(logarithmPlusOne), traits: .approximate),
        elementwise(.logistic, 1, .inexact, .reals { 1 / (1 + exp(-$0)) } + .wideComplexes(logistic), traits: .approximate),
        elementwise(.rsqrt, 1, .inexact, .reals { 1 / $0.squareRoot() } + .wideComplexes(reciprocalSquareRoot), traits: .approximate),
        elementwise(.cbrt, 1, .float, .reals { cbrt($0) }, traits: .approximate),
        elementwise(.sine, 1, .inexact, .reals { sin($0) } + .wideComplexes(sine), traits: .approximate),
        elementwise(.cosine, 1, .inexact, .reals { cos($0) } + .wideComplexes(cosine), traits: .approximate),
        elementwise(.tan, 1, .inexact, .reals { CMath.tan($0) } + .wideComplexes(tangent), traits: .approximate),
        elementwise(.tanh, 1, .inexact, .reals { CMath.tanh($0) } + .wideComplexes(hyperbolicTangent), traits: .approximate),
        elementwise(.sinh, 1, .inexact, .reals { CMath.sinh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicSine($0) : .nan }),
        elementwise(.cosh, 1, .inexact, .reals { CMath.cosh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicCosine($0) : .nan }),
        elementwise(.asin, 1, .float, .reals { CMath.asin($0) }),
        elementwise(.acos, 1, .float, .reals { CMath.acos($0) }),
        elementwise(.atan, 1, .float, .reals { CMath.atan($0) }),
        elementwise(.asinh, 1, .float, .reals { CMath.asinh($0) }),
        elementwise(.acosh, 1, .float, .reals { CMath.acosh($0) }),
        elementwise(.atanh, 1, .float, .reals { CMath.atanh($0) }),
        elementwise(.erf, 1, .float, .reals { CMath.erf($0) }),
        elementwise(.erfc, 1, .float, .reals { CMath.erfc($0) }),
    ]
}
