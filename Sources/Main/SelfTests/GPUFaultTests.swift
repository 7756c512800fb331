// Faults of the GPU on the machine itself, a hundred times each (`test=gpu-faults`): the work that they strike ends with a
// typed error within its budget, and what comes next is right. What no real host can be made to do is played by the fakes
// of the hosted tests (Tests/GPUTests, Tests/DriversTests).
import AcceleratorSelfTest
import Drivers
import GPU
import JaxPlatform
import Kernel

enum GPUFaultTests {
    private static let rounds = 100
    private static var owner: AcceleratorOwner { AcceleratorOwner(id: 1 << 33, name: "gpu faults") }

    /// On an accelerator of its own beside the machine's: one device, two contexts.
    static func run(_ gpu: VirtioGPU) throws(AcceleratorError) {
        var calls: VenusCalls?
        let device = try VulkanAccelerator { () throws(AcceleratorError) in
            let fresh = try VenusCalls(VirtioGPUContext(gpu))
            calls = fresh
            return fresh
        }
        for fault in Fault.all {
            var probe = try Probe(device)
            var wrong = 0, worst: UInt64 = 0, said = ""
            let start = platform.nanoseconds, resets = device.ledger.resetCount
            for round in 0..<rounds {
                let begun = platform.nanoseconds
                do throws(AcceleratorError) {
                    try strike(fault, device, gpu, calls, round)
                    wrong += 1
                    said = "no error"
                } catch {
                    if !fault.answers.contains(error.kind) { wrong += 1 }
                    if said == "" || !fault.answers.contains(error.kind) { said = error.description }
                }
                worst = max(worst, platform.nanoseconds - begun)
                device.end(owner: owner, budget: 1_000_000_000)
                // What was lost with the device is made anew; what was not goes on.
                if device.ledger.isEmpty { probe = try Probe(device) }
                if !(try probe.computes(UInt32(round))) { wrong += 1 }
                if device.ledger.accounts.count != 1 { wrong += 1 }
            }
            device.end(owner: Probe.owner, budget: 1_000_000_000)
            log("\(fault.name): \(rounds) times in \((platform.nanoseconds - start) / 1_000_000) ms, the slowest \(worst / 1_000_000) "
                + "ms, \(device.ledger.resetCount - resets) resets; \(said)")
            check("gpu survives it", wrong == 0 && worst < 5_000_000_000)
        }
        var isRight = true
        for result in try SelfTest(device, owner: owner).run() where result.isCorrect == false { isRight = false }
        check("gpu right after all faults", isRight)
        device.end(owner: owner, budget: 1_000_000_000)
        check("gpu ledger at zero after all faults", device.ledger.isEmpty)
        log("\(gpu.untoldAnswerCount) answers without an interrupt")
        device.close()
    }

    private enum Fault {
        case garbageModule, missingEntry, hugeBuffer, malformedCommand, longDispatch, reset, deviceReset

        static var all: [Fault] { [.garbageModule, .missingEntry, .hugeBuffer, .malformedCommand, .longDispatch, .reset, .deviceReset] }

        var name: String {
            switch self {
            case .garbageModule: return "a module of garbage"
            case .missingEntry: return "an entry point that is not there"
            case .hugeBuffer: return "more memory than there is"
            case .malformedCommand: return "a command that the decoder gives up on"
            case .longDispatch: return "a dispatch over its budget"
            case .reset: return "a reset while a buffer is held"
            case .deviceReset: return "a reset of virtio-gpu itself"
            }
        }

        /// The kinds of error that may be the answer.
        var answers: [AcceleratorError.Kind] {
            switch self {
            case .garbageModule, .missingEntry: return [.moduleRejected, .deviceLost]
            case .hugeBuffer: return [.outOfMemory, .invalidUse]
            case .malformedCommand: return [.deviceLost]
            case .longDispatch: return [.timedOut]
            case .reset, .deviceReset: return [.bufferLost]
            }
        }
    }

    /// Makes the fault happen; throws what the device answers.
    private static func strike(_ fault: Fault, _ device: VulkanAccelerator,
                               _ gpu: VirtioGPU, _ calls: VenusCalls?, _ round: Int) throws(AcceleratorError) {
        switch fault {
        case .garbageModule:
            // A header, then words at random.
            var words: [UInt32] = [0x0723_0203, 0x0001_0300, 0, 50, 0]
            var state = UInt32(round + 1)
            for _ in 0..<60 {
                state = state &* 1_664_525 &+ 1_013_904_223
                words.append(state)
            }
            let module = try device.makeModule(words, name: "garbage", owner: owner)
            _ = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4))
        case .missingEntry:
            let module = try device.makeModule(TestKernels.histogram(), name: "histogram", owner: owner)
            _ = try device.makeKernel(module, KernelLayout(entry: "nothing", bindingCount: 2, parameterByteCount: 4))
        case .hugeBuffer:
            for index in 0..<1000 {
                _ = try device.makeBuffer(byteCount: Int(min(device.information.limits.bufferByteCount, 1 << 46)),
                                          name: "large \(index)", owner: owner)
            }
        case .malformedCommand:
            try calls?.context.sendForTest([0xdead_beef, 0])
            _ = try device.makeModule(TestKernels.histogram(), name: "histogram", owner: owner)
        case .longDispatch:
            let x = try device.makeBuffer(byteCount: 4 * 64, name: "x", owner: owner)
            let module = try device.makeModule(TestKernels.busy(), name: "busy", owner: owner)
            let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4))
            let list = try device.makeList(
                [.dispatch(kernel: kernel, bindings: [BufferView(x)], parameters: SelfTest.bytes([10_000_000]), groups: Extent3(1))],
                timed: false, owner: owner)
            let stream = try device.makeStream(owner: owner)
            try stream.wait(for: try stream.submit(list), budget: 5_000_000)
        case .reset:
            let x = try device.makeBuffer(byteCount: 64, name: "x", owner: owner)
            try device.reset()
            try x.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0), at: 0)
        case .deviceReset:
            let x = try device.makeBuffer(byteCount: 64, name: "x", owner: owner)
            do throws(DeviceError) { try gpu.reset() } catch { throw AcceleratorError(.callFailed, error.description) }
            try x.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0), at: 0)
        }
    }

    /// Work that goes on beside the faults: a fill and a copy, read back.
    private struct Probe {
        static var owner: AcceleratorOwner { AcceleratorOwner(id: 1 << 34, name: "gpu probe") }

        let device: VulkanAccelerator
        let from, to: any AcceleratorBuffer
        let stream: any AcceleratorStream

        init(_ device: VulkanAccelerator) throws(AcceleratorError) {
            self.device = device
            from = try device.makeBuffer(byteCount: 4096, name: "from", owner: Probe.owner)
            to = try device.makeBuffer(byteCount: 4096, name: "to", owner: Probe.owner)
            stream = try device.makeStream(owner: Probe.owner)
        }

        func computes(_ value: UInt32) throws(AcceleratorError) -> Bool {
            let list = try device.makeList([.fill(BufferView(from), pattern: ~value),
                                            .barrier, .copy(from: BufferView(from), to: BufferView(to))], timed: false, owner: Probe.owner)
            defer { list.free() }
            try stream.wait(for: try stream.submit(list), budget: 5_000_000_000)
            var word: UInt32 = 0, failure: AcceleratorError?
            withUnsafeMutableBytes(of: &word) { bytes in
                do throws(AcceleratorError) { try to.read(into: bytes, at: 4092) } catch { failure = error }
            }
            if let failure { throw failure }
            return word == ~value
        }
    }
}
