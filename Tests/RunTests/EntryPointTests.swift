import JaxIR
import JaxPlatform
import JaxRun
import Testing

@Suite(.serialized) struct EntryPointTests {
    init() { #expect(load_jax_library() == 0) }

    private func failure(_ status: Int32) -> JaxError.Kind? {
        status == 0 ? nil : lastError()?.kind
    }

    private func array() throws -> DeviceArray { try #require(session).device("cpu").put(try Tensor(TensorType(.f32, [2]))) }

    @Test func namesWhatIsMissing() {
        #expect(failure(execute_jax_program("nothing")) == .keyError)
        #expect(String(cString: jax_error()).contains("'nothing'"))
        #expect(failure(execute_jax_program("")) == .valueError)
        #expect(failure(execute_jax_program("{\"program\": ")) == .malformed)
    }

    @Test func refusesTransformationsThatAreNotThere() {
        #expect(failure(execute_jax_transformation("grad", "f", "")) == .keyError)
        #expect(throws: JaxError.self) { try TransformationRequest("integrate") }
        #expect(throws: JaxError.self) { try TransformationRequest("vmap(grad") }
        #expect(throws: JaxError.self) { try TransformationRequest("grad", try JSON(parsing: #"{"argnums": "x"}"#)) }
    }

    /// The innermost comes first; a hessian is two.
    @Test func compositionsAreReadFromWithin() throws {
        let request = try TransformationRequest("vmap(value_and_grad)", try JSON(parsing: #"{"argnums": [1, 0], "in_axes": [0, null]}"#))
        guard request.steps.count == 2, case .grad(let gradient) = request.steps[0], case .vmap(let batch) = request.steps[1] else {
            Issue.record("\(request.steps)")
            return
        }
        #expect(gradient.argnums == [1, 0] && gradient.withValue)
        #expect(batch.inAxes == [0, nil])
        #expect(try TransformationRequest("hessian").steps.count == 2)
    }

    @Test func anArrayIsNoProgram() throws {
        session?.register(.array(try array()), as: "x")
        #expect(failure(execute_jax_program("x")) == .typeError)
        session?.drop("x")
        #expect(failure(execute_jax_program("x")) == .keyError)
    }

    /// In a process of its own: other tests have the library loaded meanwhile.
    @Test func unloadingForgetsEverything() async {
        await #expect(processExitsWith: .success) {
            #expect(load_jax_library() == 0)
            let library = EntryPointTests()
            session?.register(.array(try library.array()), as: "y")
            unload_jax_library()
            #expect(library.failure(execute_jax_program("y")) == .internalError)
            #expect(load_jax_library() == 0)
            #expect(library.failure(execute_jax_program("y")) == .keyError)
            unload_jax_library()
            #expect(load_jax_library() == 0)
        }
    }
}
