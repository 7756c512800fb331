// Donated arguments: their memory becomes the results', and they are gone.
import JaxIR
import JaxLoad
import JaxPlatform
@testable import JaxRun
import Testing

@Suite struct DonationTests {
    private let session = Session(devices: [Processor(name: "cpu:0", description: "processor")])
    private var device: any Device { session.devices[0] }

    private func program(_ text: String) throws -> LoadedProgram {
        LoadedProgram(name: "p", try DecodedProgram(parseProgram(text)), owner: .library)
    }

    private func array(_ elements: [Float]) throws -> DeviceArray {
        let tensor = try Tensor(TensorType(.f32, [elements.count]))
        for (index, element) in elements.enumerated() { tensor.elements(as: Float.self)[index] = element }
        return try device.put(tensor)
    }

    private func elements(_ array: DeviceArray) throws -> [Float] { Array(try device.fetch(array).elements(as: Float.self)) }

    /// Writes `u` into `a` at place 1.
    private let update = """
        main = { lambda ; a:f32[4] u:f32[2]. let
            one:i32[] = constant[1]
            b = dynamic_update_slice a u one
          in (b,) }
        """

    @Test func theResultTakesTheMemoryOfADonatedArgument() throws {
        let program = try program(update)
        let a = try array([1, 2, 3, 4]), u = try array([8, 9])
        let memory = try device.fetch(a).bytes
        let kept = try session.execute(program, [a, u], device: device)
        #expect(try elements(kept[0]) == [1, 8, 9, 4] && elements(a) == [1, 2, 3, 4])
        let donated = try session.execute(program, [a, u], device: device, donating: [0])
        #expect(try elements(donated[0]) == [1, 8, 9, 4] && device.fetch(donated[0]).bytes == memory)
        #expect(throws: JaxError.self) { try device.fetch(a) }
        #expect(throws: JaxError.self) { try session.execute(program, [a, u], device: device) }
    }

    /// Somebody else reads the elements still: they stay as they are.
    @Test func whatIsInUseIsNotOverwritten() throws {
        let program = try program(update)
        let a = try array([1, 2, 3, 4]), u = try array([8, 9])
        let reader = try device.fetch(a)
        let result = try session.execute(program, [a, u], device: device, donating: [0])
        #expect(try elements(result[0]) == [1, 8, 9, 4] && Array(reader.elements(as: Float.self)) == [1, 2, 3, 4])
    }

    @Test func aResultMayBeADonatedArgumentItself() throws {
        let program = try program("main = { lambda ; a:f32[4]. let\n b:f32[2,2] = reshape a\n in (b, a) }")
        let result = try session.execute(program, [try array([1, 2, 3, 4])], device: device, donating: [0])
        #expect(try elements(result[0]) == [1, 2, 3, 4] && elements(result[1]) == [1, 2, 3, 4] && result[0].type.shape == [2, 2])
    }

    @Test func oneArrayIsNotDonatedTwice() throws {
        let program = try program("main = { lambda ; a:f32[4] b:f32[4]. let\n c = add a b\n in (c,) }")
        let a = try array([1, 2, 3, 4])
        for donating in [[0], [0, 1], [2], [-1]] {
            #expect(throws: JaxError.self) { try session.execute(program, [a, a], device: device, donating: donating) }
        }
        #expect(try elements(session.execute(program, [a, a], device: device)[0]) == [2, 4, 6, 8])
    }
}
