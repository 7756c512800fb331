// Transformations of registered programs by the session: what the arguments' types say, compositions, and what JAX refuses.
import JaxIR
import JaxLoad
import JaxPlatform
@testable import JaxRun
import Testing

@Suite struct TransformedTests {
    private let session = Session(devices: [Processor(name: "cpu:0", description: "processor")])
    private var device: any Device { session.devices[0] }

    /// x·z² summed.
    private let weighted = """
        main = { lambda ; x:f32[2] z:f32[2]. let
            a:f32[2] = multiply x z
            b:f32[2] = multiply a z
            zero:f32[] = constant[0.0]
            y:f32[] = reduce[dimensions=(0,)] b zero
              { lambda ; p:f32[] q:f32[]. let
                  r:f32[] = add p q
                in (r,) }
          in (y,) }
        """

    private func transformed(_ text: String, _ name: String, _ options: String = "{}", _ shapes: [[Int]]? = nil) throws -> LoadedProgram {
        let program = LoadedProgram(name: "p", try DecodedProgram(parseProgram(text)), owner: .library)
        return try session.transform(try TransformationRequest(name, try JSON(parsing: options)), program, shapes?.map { TensorType(.f32, $0) },
                                     as: "t")
    }

    private func call(_ program: LoadedProgram, _ arguments: [([Int], [Float])]) throws -> [[Float]] {
        var arrays: [DeviceArray] = []
        for (shape, elements) in arguments {
            let tensor = try Tensor(TensorType(.f32, shape))
            for (index, element) in elements.enumerated() { tensor.elements(as: Float.self)[index] = element }
            arrays.append(try device.put(tensor))
        }
        var results: [[Float]] = []
        for array in try session.execute(program, arrays, device: device) {
            let tensor = try device.fetch(array)
            results.append(withExtendedLifetime(tensor) { Array(tensor.elements(as: Float.self)) })
        }
        return results
    }

    private func refuses(_ kind: JaxError.Kind, _ message: String, _ name: String, _ options: String = "{}", _ shapes: [[Int]]? = nil,
                         _ location: SourceLocation = #_sourceLocation) {
        do {
            _ = try transformed(weighted, name, options, shapes)
            Issue.record("expected '\(message)'", sourceLocation: location)
        } catch {
            let error = error as? JaxError
            #expect(error?.kind == kind && error?.message.hasPrefix(message) == true, "\(error?.description ?? "")", sourceLocation: location)
        }
    }

    @Test func gradientsAreProgramsOfTheirOwn() throws {
        let gradient = try transformed(weighted, "value_and_grad", #"{"argnums": [1, 0]}"#)
        #expect(try call(gradient, [([2], [1, 2]), ([2], [3, 4])]) == [[41], [6, 16], [9, 16]])
        let second = try session.transform(try TransformationRequest("jacfwd"), try transformed(weighted, "grad", #"{"argnums": [1]}"#), nil, as: "u")
        #expect(try call(second, [([2], [1, 2]), ([2], [3, 4])]) == [[6, 0, 0, 8]])
        let hessian = try transformed(weighted, "hessian", #"{"argnums": [1]}"#)
        #expect(try call(hessian, [([2], [1, 2]), ([2], [3, 4])]) == [[2, 0, 0, 4]])
    }

    /// The sizes of batches are those of the arguments.
    @Test func batchesHaveTheArgumentsSizes() throws {
        let rows: [Float] = [1, 2, 3, 4, 5, 6]
        let batch = try transformed(weighted, "vmap", #"{"in_axes": [0, null]}"#, [[3, 2], [2]])
        #expect(try call(batch, [([3, 2], rows), ([2], [1, 2])]) == [[9, 19, 29]])
        let last = try transformed(weighted, "vmap", #"{"in_axes": [1, null]}"#, [[2, 3], [2]])
        #expect(try call(last, [([2, 3], [1, 3, 5, 2, 4, 6]), ([2], [1, 2])]) == [[9, 19, 29]])
        let perExample = try transformed(weighted, "vmap(grad)", #"{"argnums": [1], "in_axes": [0, null]}"#, [[3, 2], [2]])
        #expect(try call(perExample, [([3, 2], rows), ([2], [1, 2])]) == [[2, 8, 6, 16, 10, 24]])
        let twice = try transformed(weighted, "vmap(vmap)", #"{"in_axes": [0, 0]}"#, [[2, 1, 2], [2, 1, 2]])
        #expect(try call(twice, [([2, 1, 2], [1, 2, 3, 4]), ([2, 1, 2], [1, 1, 2, 1])]) == [[3, 16]])
    }

    @Test func sizesMustAgree() {
        refuses(.valueError, "vmap got inconsistent sizes for array axes to be mapped:\n  * one axis had size 3: axis 0 of args[0];\n"
            + "  * one axis had size 4: axis 0 of args[1] of type f32[4,2]", "vmap", "{}", [[3, 2], [4, 2]])
        refuses(.valueError, "vmap got inconsistent sizes for array axes to be mapped:\n  * the `axis_size` argument was 5;\n",
                "vmap", #"{"axis_size": 5}"#, [[3, 2], [3, 2]])
        refuses(.valueError, "vmap was requested to map its argument along axis 2, which implies that its rank should be at least 3, but is only 2 "
            + "(its shape is (3, 2))", "vmap", #"{"in_axes": [2, null]}"#, [[3, 2], [2]])
        refuses(.valueError,
                "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the function, "
            + "but got len(in_axes)=3, len(args)=2", "vmap", #"{"in_axes": [0, 0, 0]}"#, [[3, 2], [3, 2]])
        refuses(.valueError, "vmap must have at least one non-None value in in_axes", "vmap", #"{"in_axes": [null, null]}"#, [[2], [2]])
        refuses(.typeError, "the program takes 2 arguments, but 1 were given", "vmap", "{}", [[3, 2]])
    }

    @Test func namesAndOptionsMustExist() {
        refuses(.valueError, "there is no transformation 'gradient'", "gradient")
        refuses(.valueError, "'vmap(grad' is no transformation", "vmap(grad")
        refuses(.typeError, "differentiating with respect to argnums=2 requires at least 3 positional arguments", "grad", #"{"argnums": 2}"#)
        refuses(.valueError, "argnums must name an argument", "grad", #"{"argnums": []}"#)
        refuses(.typeError, "argnums must be an integer", "grad", #"{"argnums": ["x"]}"#)
        refuses(.typeError, "has_aux must be true or false", "grad", #"{"has_aux": 1}"#)
        refuses(.typeError, "in_axes must be a list of integers and null", "vmap", #"{"in_axes": 0}"#, [[3, 2], [3, 2]])
        refuses(.typeError, "Gradient only defined for scalar-output functions. Output had shape: (3,).", "grad(vmap)", "{}", [[3, 2], [3, 2]])
    }
}
