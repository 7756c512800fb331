// exponential, log, sine, …: functions of floats and complex numbers (StableHLO, sections of these names; the inverse and
// hyperbolic ones and erf are CHLO's, `stablehlo/dialect/ChloOps.td`). A row a function: that of a Double, that of a
// complex number, and that of a lane.
// XLA makes sinh and cosh of exponentials, which know no special values where the imaginary part is not finite.
import CMath
import JaxIR
import JaxPlatform
import Loops

func transcendentalFamily() -> [OpDefinition] {
    [
        elementwise(.exponential, 1, .inexact, .reals { exp($0) } + .wideComplexes(exponential), traits: .approximate)
            .floatLanes { $0.exponential },
        elementwise(.exponentialMinusOne, 1, .inexact, .reals { expm1($0) } + .wideComplexes(exponentialMinusOne), traits: .approximate)
            .floatLanes { $0.exponentialMinusOne },
        elementwise(.log, 1, .inexact, .reals { log($0) } + .wideComplexes(logarithm), traits: .approximate).floatLanes { $0.log },
        elementwise(.logPlusOne, 1, .inexact, .reals { log1p($0) } + .wideComplexes(logarithmPlusOne), traits: .approximate)
            .floatLanes { $0.logPlusOne },
        elementwise(.logistic, 1, .inexact, .reals { 1 / (1 + exp(-$0)) } + .wideComplexes(logistic), traits: .approximate)
            .floatLanes { $0.logistic },
        elementwise(.rsqrt, 1, .inexact, .reals { 1 / $0.squareRoot() } + .wideComplexes(reciprocalSquareRoot), traits: .approximate)
            .floatLanes { $0.rsqrt },
        elementwise(.cbrt, 1, .float, .reals { cbrt($0) }, traits: .approximate).floatLanes { $0.cbrt },
        elementwise(.sine, 1, .inexact, .reals { sin($0) } + .wideComplexes(sine), traits: .approximate).floatLanes { $0.sine },
        elementwise(.cosine, 1, .inexact, .reals { cos($0) } + .wideComplexes(cosine), traits: .approximate).floatLanes { $0.cosine },
        elementwise(.tan, 1, .inexact, .reals { CMath.tan($0) } + .wideComplexes(tangent), traits: .approximate).floatLanes { $0.tan },
        elementwise(.tanh, 1, .inexact, .reals { CMath.tanh($0) } + .wideComplexes(hyperbolicTangent), traits: .approximate)
            .floatLanes { $0.tanh },
        elementwise(.sinh, 1, .inexact, .reals { CMath.sinh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicSine($0) : .nan })
            .floatLanes { $0.sinh },
        elementwise(.cosh, 1, .inexact, .reals { CMath.cosh($0) } + .wideComplexes { $0.im.isFinite ? hyperbolicCosine($0) : .nan })
            .floatLanes { $0.cosh },
        elementwise(.asin, 1, .float, .reals { CMath.asin($0) }).floatLanes { $0.asin },
        elementwise(.acos, 1, .float, .reals { CMath.acos($0) }).floatLanes { $0.acos },
        elementwise(.atan, 1, .float, .reals { CMath.atan($0) }).floatLanes { $0.atan },
        elementwise(.asinh, 1, .float, .reals { CMath.asinh($0) }).floatLanes { $0.asinh },
        elementwise(.acosh, 1, .float, .reals { CMath.acosh($0) }).floatLanes { $0.acosh },
        elementwise(.atanh, 1, .float, .reals { CMath.atanh($0) }).floatLanes { $0.atanh },
        elementwise(.erf, 1, .float, .reals { CMath.erf($0) }).floatLanes { $0.erf },
        elementwise(.erfc, 1, .float, .reals { CMath.erfc($0) }).floatLanes { $0.erfc },
    ]
}
