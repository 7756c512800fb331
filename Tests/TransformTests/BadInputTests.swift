// Arguments and options that transformations refuse, in JAX's words.
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import Testing
@testable import JaxTransform

@Suite struct BadInputTests {
    private func program(_ parameters: String, _ body: String, _ results: String) throws -> TransformedProgram {
        try Callable(try Sample("", "", parameters, body, results).module()).program
    }

    /// That a transformation throws an error of JAX's class whose text begins so.
    private func refuses(_ kind: JaxError.Kind, _ message: String, _ program: @autoclosure () throws -> TransformedProgram,
                         _ transformation: Transformation,
                         _ location: SourceLocation = #_sourceLocation) throws {
        var subject = try program()
        do throws(JaxError) {
            try subject.apply(transformation)
            Issue.record("expected '\(message)'", sourceLocation: location)
        } catch {
            #expect(error.kind == kind, "\(error)", sourceLocation: location)
            #expect(error.message.hasPrefix(message), "\(error)", sourceLocation: location)
        }
    }

    private func grad(_ change: (inout GradientOptions) -> Void = { _ in }) -> Transformation {
        var options = GradientOptions()
        change(&options)
        return .grad(options)
    }

    private func vmap(_ axes: [Int?]?, size: Int? = 3, out: Int = 0) -> Transformation {
        var options = BatchOptions()
        (options.inAxes, options.axisSize, options.outAxes) = (axes, size, out)
        return .vmap(options)
    }

    // MARK: Gradients

    @Test func outputsMustBeScalars() throws {
        let vector = try program("x:f32[2,3]", "y = sine x", "y")
        try refuses(.typeError, "Gradient only defined for scalar-output functions. Output had shape: (2, 3).", vector, grad())
        let one = try program("x:f32[1]", "y = sine x", "y")
        try refuses(.typeError, "Gradient only defined for scalar-output functions. Output had shape: (1,).", one, grad())
        let pair = try program("x:f32[]", "y = sine x", "y x")
        try refuses(.typeError, "Gradient only defined for scalar-output functions. Output was", pair, grad())
        var options = GradientOptions()
        options.hasAux = true
        var withAux = pair
        try withAux.apply(.grad(options))
        #expect(try withAux.main().resultTypes.count == 2)
    }

    @Test func inputsMustBeInexact() throws {
        let integer = try program("n:i32[]", "y = convert[new_dtype=f32[]] n", "y")
        try refuses(.typeError, "grad requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got int32. "
            + "If you want to use Boolean- or integer-valued inputs, use vjp or set allow_int to True.", integer, grad())
        try refuses(.typeError, "value_and_grad requires real- or complex-valued inputs", integer, grad { $0.withValue = true })
        try refuses(.typeError, "jacrev requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got int32.",
                    integer, .jacrev(argnums: [0]))
        try refuses(.typeError, "jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), but got int32.",
                    integer, .jacfwd(argnums: [0]))
        var allowed = integer
        try allowed.apply(grad { $0.allowInt = true })
        #expect(try allowed.main().resultTypes == [.tensor(TensorType(.i1, []))])
        let flag = try program("p:bool[] x:f32[]", "y = select p x x", "y")
        try refuses(.typeError, "grad requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got bool.", flag,
                    grad())
    }

    @Test func outputsMustBeReal() throws {
        let integer = try program("x:f32[]", "y = convert[new_dtype=i32[]] x", "y")
        try refuses(.typeError, "grad requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got int32. "
            + "For differentiation of functions with integer outputs, use jax.vjp directly.", integer, grad())
        let complex = try program("x:c64[]", "y = sine x", "y")
        try refuses(.typeError, "grad requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got complex64. "
            + "For holomorphic differentiation, pass holomorphic=True.", complex, grad())
        var holomorphic = complex
        try holomorphic.apply(grad { $0.holomorphic = true })
        let real = try program("x:f32[]", "y = sine x", "y")
        try refuses(.typeError, "grad with holomorphic=True requires inputs with complex dtype, but got float32.", real,
                    grad { $0.holomorphic = true })
        let magnitude = try program("x:c64[]", "y = abs x", "y")
        try refuses(.typeError, "grad with holomorphic=True requires outputs with complex dtype, but got float32.", magnitude,
                    grad { $0.holomorphic = true })
        try refuses(.typeError, "jacrev requires real-valued outputs", complex, .jacrev(argnums: [0]))
        try refuses(.typeError, "jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), but got complex64. "
            + "For holomorphic differentiation, pass holomorphic=True.", complex, .jacfwd(argnums: [0]))
    }

    @Test func argumentNumbersMustExist() throws {
        let two = try program("x:f32[] z:f32[]", "y = multiply x z", "y")
        let words = "differentiating with respect to argnums=2 requires at least 3 positional arguments to be passed by the caller, but got only 2 "
            + "positional arguments."
        try refuses(.typeError, words, two, grad { $0.argnums = [2] })
        try refuses(.typeError, words, two, grad { $0.argnums = [0, 2] })
        try refuses(.typeError, words, two, .jacrev(argnums: [2]))
        try refuses(.typeError, words, two, .jacfwd(argnums: [2]))
        try refuses(.typeError, "differentiating with respect to argnums=-3 requires at least 3 positional arguments", two,
                    grad { $0.argnums = [-3] })
        var last = two
        try last.apply(grad { $0.argnums = [-1, 0] })
        #expect(try last.main().resultTypes.count == 2)
    }

    // MARK: Batches

    @Test func axesMustFit() throws {
        let two = try program("x:f32[4] z:f32[]", "w = broadcast_in_dim[shape=(4,) broadcast_dimensions=()] z\ny = multiply x w", "y")
        try refuses(.valueError,
                    "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the function, "
            + "but got len(in_axes)=1, len(args)=2", two, vmap([0]))
        try refuses(.valueError, "vmap must have at least one non-None value in in_axes", two, vmap([nil, nil], size: nil))
        try refuses(.valueError,
                    "vmap was requested to map its argument along axis 2, which implies that its rank should be at least 3, but is only 2",
                    two, vmap([2, 0]))
        try refuses(.valueError,
                    "vmap was requested to map its argument along axis -2, which implies that its rank should be at least 2, but is only 1",
                    two, vmap([0, -2]))
        try refuses(.valueError, "axis 2 is out of bounds for array of dimension 2", two, vmap([0, 0], out: 2))
        try refuses(.valueError, "axis -3 is out of bounds for array of dimension 2", two, vmap([0, 0], out: -3))
    }

    // MARK: Operations

    @Test func reverseModeThroughLoopsWithoutEnd() throws {
        let words = "Reverse-mode differentiation does not work for lax.while_loop or lax.fori_loop with dynamic start/stop values. "
            + "Try using lax.scan, or using fori_loop with static start/stop."
        for sample in controlSamples + nestedSamples where sample.modes == .forward {
            let function = try Callable(try sample.module())
            try refuses(.valueError, words, function.program, .vjp())
        }
    }

    @Test func forwardModeOfBackwardRules() throws {
        for sample in functionSamples + nestedSamples where sample.modes == .reverse {
            let program = try Callable(try sample.module()).program
            try refuses(.typeError, "can't apply forward-mode autodiff (jvp) to a custom_vjp function.", program, .jvp())
        }
    }

    /// The operation is named.
    @Test func operationsWithoutDerivative() throws {
        let random = try program("x:f64[]", "z:f64[] = constant[0.0]\nn:i64[1] = constant[2]\ny = rng[rng_distribution=UNIFORM shape=(2,)] z x n",
                                 "y")
        try refuses(.notImplemented, "Differentiation rule for 'rng' not implemented", random, .jvp())
        try refuses(.notImplemented, "Differentiation rule for 'rng' not implemented", random, .vjp())
        let product = try #require(scatterSamples.first { $0.form == "multiply rows, some twice" })
        try refuses(.notImplemented, "scatter_mul gradients are only implemented if `unique_indices=True`",
                    try Callable(try product.module()).program, .jvp())
        let difference = try #require(scatterSamples.first { $0.form == "subtracting rows, some twice" })
        try refuses(.notImplemented, "Differentiation rule for 'scatter' with this computation not implemented",
                    try Callable(try difference.module()).program, .jvp())
        let two = try #require(scatterSamples.first { $0.form == "two operands" })
        try refuses(.notImplemented, "Differentiation rule for 'scatter' of several operands not implemented", try Callable(try two.module()).program,
                    .jvp())
    }

    @Test func effectsAreRefused() throws {
        let module = try parseProgram("main = { lambda ; t:token x:f32[]. let\n s = after_all t\n y = sine x\n in (s, y) }")
        do throws(JaxError) {
            _ = try TransformedProgram(module, arguments: [0..<1, 1..<2])
            Issue.record("tokens are taken")
        } catch {
            #expect(error.kind == .notImplemented && error.message.hasPrefix("Ordered effects are not supported in transformations"))
        }
    }
}
