// JAX programs on the host's own Vulkan through the device that the machine uses: results, donated memory, what is left behind, and what
// comes of a device that loses its state.
import Foundation
import GPU
import HostAccelerator
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
@testable import JaxRun
import Testing

@Suite(.serialized) struct ProgramTests {
    private let accelerator: VulkanAccelerator
    private let device: AcceleratorDevice
    private let session: Session
    private let limits = Limits(permissions: .devices)

    init() throws {
        accelerator = try VulkanAccelerator.host()
        device = AcceleratorDevice(accelerator, name: "gpu:0")
        session = Session(devices: [Processor(name: "cpu:0", description: "processor"), device])
    }

    private func program(_ text: String) throws -> LoadedProgram {
        LoadedProgram(name: "p", try DecodedProgram(parseProgram(text)), owner: .library)
    }

    private func tensor(_ elements: [Float], _ shape: [Int]? = nil) throws -> Tensor {
        let tensor = try Tensor(TensorType(.f32, shape ?? [elements.count]))
        for (index, element) in elements.enumerated() { tensor.elements(as: Float.self)[index] = element }
        return tensor
    }

    private func elements(_ array: DeviceArray) throws -> [Float] {
        let tensor = try device.fetch(array)
        return withExtendedLifetime(tensor) { Array(tensor.elements(as: Float.self)) }
    }

    private func isEmpty() -> Bool { accelerator.ledger.isEmpty }

    /// A sum over rows, a loop of known length, one that depends on data, a branch, a sort that the processor does, a constant.
    private let everything = """
        main = { lambda ; x:f32[4,3] limit:f32[]. let
            zero:f32[] = constant[0.0]
            one:f32[] = constant[1.0]
            weights:f32[3] = constant[1.0, 2.0, 3.0]
            sums:f32[4] = reduce[dimensions=(1,)] x zero
              { lambda ; a:f32[] b:f32[]. let
                  c:f32[] = add a b
                in (c,) }
            n:i32[] = constant[5]
            start:i32[] = constant[0]
            step:i32[] = constant[1]
            i:i32[] total:f32[4] = while start sums
              { lambda ; i:i32[] v:f32[4]. let
                  more:bool[] = compare[comparison_direction=LT] i n
                in (more,) }
              { lambda ; i:i32[] v:f32[4]. let
                  next:i32[] = add i step
                  w:f32[4] = add v sums
                in (next, w) }
            grown:f32[] = while one
              { lambda ; v:f32[]. let
                  more:bool[] = compare[comparison_direction=LT] v limit
                in (more,) }
              { lambda ; v:f32[]. let
                  w:f32[] = add v v
                in (w,) }
            large:bool[] = compare[comparison_direction=GT] limit one
            chosen:f32[4] = if large
              { lambda ;. let
                in (total,) }
              { lambda ;. let
                in (sums,) }
            sorted:f32[4] = sort[dimension=0] chosen
              { lambda ; a:f32[] b:f32[]. let
                  less:bool[] = compare[comparison_direction=LT] a b
                in (less,) }
            wide:f32[4,3] = broadcast_in_dim[broadcast_dimensions=(1,)] weights
            product:f32[4,3] = multiply x wide
          in (sorted, grown, product) }
        """

    @Test func aProgramWithEverything() throws {
        do {
            let program = try program(everything)
            for (limit, expected) in [(100 as Float, [-36, -18, 0, 18] as [Float]), (0.5, [-6, -3, 0, 3])] {
                let x = try device.put(tensor([1, 1, 1, -1, -1, -1, 0, 0, 0, -2, -2, -2], [4, 3])), bound = try device.put(tensor([limit], []))
                for _ in 0..<3 {
                    let results = try session.execute(program, [x, bound], device: device, limits: limits)
                    #expect(try elements(results[0]) == expected)
                    #expect(try elements(results[1]) == [limit > 1 ? 128 : 1])
                    #expect(try elements(results[2]) == [1, 2, 3, -1, -2, -3, 0, 0, 0, -2, -4, -6])
                }
            }
            #expect(!isEmpty())
        }
        #expect(isEmpty(), "\(accelerator.ledger.accounts)")
    }

    @Test func theEvaluatorOnTheDevicesArrays() throws {
        let program = try program(everything)
        let x = try device.put(tensor([Float](repeating: 1, count: 12), [4, 3])), bound = try device.put(tensor([3], []))
        let results = try session.execute(program, [x, bound], device: device, by: .evaluated, limits: limits)
        #expect(try elements(results[0]) == [18, 18, 18, 18] && elements(results[1]) == [4])
    }

    @Test func donatedMemoryBecomesAResults() throws {
        let program = try program("main = { lambda ; a:f32[4] b:f32[4]. let\n c = add a b\n in (c,) }")
        let a = try device.put(tensor([1, 2, 3, 4])), b = try device.put(tensor([10, 20, 30, 40]))
        _ = try session.execute(program, [a, b], device: device, limits: limits)
        let before = accelerator.ledger.byteCount
        let results = try session.execute(program, [a, b], device: device, donating: [0], limits: limits)
        #expect(try elements(results[0]) == [11, 22, 33, 44])
        #expect(accelerator.ledger.byteCount == before)
        #expect(throws: JaxError.self) { try device.fetch(a) }
        let again = try session.execute(program, [results[0], b], device: device, limits: limits)
        #expect(try elements(again[0]) == [21, 42, 63, 84])
    }

    @Test func resultsThatAreArguments() throws {
        let program = try program("main = { lambda ; a:f32[4] b:f32[4]. let\n c = add a b\n in (a, c, a) }")
        let a = try device.put(tensor([1, 2, 3, 4])), b = try device.put(tensor([1, 1, 1, 1]))
        let results = try session.execute(program, [a, b], device: device, limits: limits)
        #expect(try elements(results[0]) == [1, 2, 3, 4] && elements(results[1]) == [2, 3, 4, 5] && elements(results[2]) == [1, 2, 3, 4])
        #expect(try elements(a) == [1, 2, 3, 4])
    }

    @Test func arraysWithoutElements() throws {
        let program = try program("main = { lambda ; a:f32[0,3]. let\n z:f32[] = constant[0.0]\n b:f32[0,3] = broadcast_in_dim[broadcast_dimensions=()] z\n"
            + " c:f32[0,3] = add a b\n d:f32[2,0] = constant[]\n in (b, c, d) }")
        let a = try device.put(tensor([], [0, 3]))
        let results = try session.execute(program, [a], device: device, limits: limits)
        #expect(try elements(results[0]) == [] && elements(results[1]) == [])
    }

    @Test func aJobNeedsThePermission() throws {
        let program = try program("main = { lambda ; a:f32[4]. let\n b = negate a\n in (b,) }")
        let a = try device.put(tensor([1, 2, 3, 4]))
        do {
            _ = try session.execute(program, [a], device: device)
            Issue.record("a job without the permission used the device")
        } catch let error as JaxError {
            #expect(error.kind == .permissionDenied)
        }
    }

    @Test func arraysOfAnotherDeviceAreRefused() throws {
        let program = try program("main = { lambda ; a:f32[4]. let\n b = negate a\n in (b,) }")
        let a = try session.devices[0].put(tensor([1, 2, 3, 4]))
        #expect(throws: JaxError.self) { try session.execute(program, [a], device: device, limits: limits) }
    }

    /// What was lost with a device says so; the program, and new arrays, find a device rebuilt.
    @Test func aDeviceThatLosesItsState() throws {
        let program = try program(everything)
        var random = SystemRandomNumberGenerator(), lost = 0
        for round in 0..<60 {
            let values = (0..<12).map { _ in Float(Int.random(in: -9...9, using: &random)) }
            let x = try device.put(tensor(values, [4, 3])), bound = try device.put(tensor([100], []))
            let isLost = round % 3 == 1
            if isLost { try accelerator.reset() }
            do {
                let results = try session.execute(program, [x, bound], device: device, limits: limits)
                if round % 3 == 2 { try accelerator.reset() }
                let sums = (0..<4).map { row in 6 * values[3 * row..<3 * row + 3].reduce(0, +) }
                let found = try elements(results[0])
                #expect(found == sums.sorted() && round % 3 == 0)
            } catch let error as JaxError {
                #expect(error.kind == .deviceError && error.message.contains("buffer lost"), "\(error)")
                lost += 1
            }
        }
        #expect(lost == 40)
    }
}
