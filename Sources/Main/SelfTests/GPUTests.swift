// Machine tests of the GPU: `test=gpu` runs those that are quick, `test=gpu-cycles`, `test=gpu-deadline`, `test=gpu-faults`
// and `test=gpu-bench` one each.
import AcceleratorSelfTest
import GPU
import JaxPlatform
import Kernel

enum GPUTests {
    private static var owner: AcceleratorOwner { AcceleratorOwner(id: 1 << 32, name: "gpu test") }

    static func run() {
        platform = KernelPlatform()
        guard let device = Accelerators.all.first else {
            check("gpu present", false)
            return
        }
        do throws(AcceleratorError) {
            if CommandLine.has("test=gpu") {
                try kernels(device)
                try refusals(device)
                for other in Accelerators.all where other !== device { try sideBySide(device, other) }
            }
            if CommandLine.has("test=gpu-cycles") { try cycles(device, count: 10_000) }
            if CommandLine.has("test=gpu-deadline") { try deadline(device) }
            if CommandLine.has("test=gpu-faults"), let gpu = Accelerators.gpu { try GPUFaultTests.run(gpu) }
            if CommandLine.has("test=gpu-bench") {
                for result in try Benchmark.run(device, owner: owner) { log("bench \(result.name): \(result.value) \(result.unit)") }
            }
        } catch {
            log(error.description)
            check("gpu without an error", false)
        }
        device.end(owner: owner, budget: 1_000_000_000)
        check("gpu ledger at zero", device.ledger.isEmpty)
    }

    /// One line a check; the prompt's `machine.gpu_selftest()` prints the same.
    static func report(_ device: any Accelerator, owner: AcceleratorOwner) throws(AcceleratorError) -> [(line: String, isWrong: Bool)] {
        var lines: [(line: String, isWrong: Bool)] = []
        for result in try SelfTest(device, owner: owner).run() {
            switch result.isCorrect {
            case nil: lines.append((result.name + ": not offered by this device", false))
            case true?: lines.append((result.name + ": \(result.work) in \(result.nanoseconds / 1000) us", false))
            case false?: lines.append((result.name + ": WRONG", true))
            }
        }
        device.end(owner: owner, budget: 1_000_000_000)
        return lines
    }

    private static func kernels(_ device: any Accelerator) throws(AcceleratorError) {
        log(device.information.name + ": " + device.information.features.names)
        var isRight = true
        for (line, isWrong) in try report(device, owner: owner) {
            log(line)
            if isWrong { isRight = false }
        }
        check("gpu kernels equal the processor", isRight)
    }

    /// What the seam refuses leaves the device working.
    private static func refusals(_ device: any Accelerator) throws(AcceleratorError) {
        check("gpu refuses no SPIR-V",
              kind { () throws(AcceleratorError) in _ = try device.makeModule([1, 2, 3, 4, 5],
              name: "none", owner: owner) } == .moduleRejected)
        check("gpu refuses an empty buffer",
              kind { () throws(AcceleratorError) in _ = try device.makeBuffer(byteCount: 0, name: "none", owner: owner) } == .invalidUse)
        let buffer = try device.makeBuffer(byteCount: 64, name: "small", owner: owner)
        let past = kind { () throws(AcceleratorError) in
            _ = try device.makeList([.fill(BufferView(buffer, offset: 32, byteCount: 64), pattern: 0)], timed: false, owner: owner)
        }
        check("gpu refuses a view past the end", past == .invalidUse)
        buffer.free()
        check("gpu refuses what was freed",
              kind { () throws(AcceleratorError) in _ = try device.makeList([.fill(BufferView(buffer), pattern: 0)],
              timed: false, owner: owner) } == .invalidUse)
        check("gpu ledger at zero after refusals", device.ledger.isEmpty)
    }

    private static func kind(_ body: () throws(AcceleratorError) -> Void) -> AcceleratorError.Kind? {
        do throws(AcceleratorError) {
            try body()
            return nil
        } catch {
            return error.kind
        }
    }

    /// Buffers of random sizes come, are used and go; one owner in eight ends early with some of them left.
    private static func cycles(_ device: any Accelerator, count: Int) throws(AcceleratorError) {
        var state: UInt64 = 2026
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var live: [any AcceleratorBuffer] = []
        var isRight = true
        let start = platform.nanoseconds
        for _ in 0..<count {
            // Mostly small, some that get memory of their own.
            let byteCount = random(50) == 0 ? (2 << 20) + random(6 << 20) : 1 + random(200_000)
            let buffer = try device.makeBuffer(byteCount: byteCount, name: "cycle", owner: owner)
            if !(try holds(buffer, UInt64(byteCount), at: max(0, byteCount - 8))) { isRight = false }
            live.append(buffer)
            if random(3) != 0 { live.remove(at: random(live.count)).free() }
            if random(200) == 0 || live.count > 60 {
                device.end(owner: owner, budget: 1_000_000_000)
                if !device.ledger.isEmpty { isRight = false }
                live = []
            }
        }
        device.end(owner: owner, budget: 1_000_000_000)
        log("\(count) cycles in \((platform.nanoseconds - start) / 1_000_000) ms")
        check("gpu buffers hold what was written", isRight)
        if let use = Accelerators.gpu?.windowUse {
            log("window: \(use.used) of \(use.size) bytes in use, \(use.largestFree) in one piece")
            // One allocation of three quarters of the window, seen by the processor at both ends.
            let large = try device.makeBuffer(byteCount: use.size / 4 * 3, name: "three quarters", owner: owner)
            let first = try holds(large, 0x5a5a, at: 0), last = try holds(large, 0xa5a5, at: use.size / 4 * 3 - 8)
            check("gpu maps three quarters of its window", first && last)
            let now = Accelerators.gpu?.windowUse
            check("gpu window in one piece", (now?.used ?? 0) >= use.size / 4 * 3)
            large.free()
        }
    }

    /// Writes a word into the buffer and reads it back.
    private static func holds(_ buffer: any AcceleratorBuffer, _ value: UInt64, at offset: Int) throws(AcceleratorError) -> Bool {
        var word = value, back: UInt64 = 0, failure: AcceleratorError?
        let count = min(8, buffer.byteCount)
        withUnsafeMutableBytes(of: &word) { word in
            withUnsafeMutableBytes(of: &back) { back in
                do throws(AcceleratorError) {
                    try buffer.write(UnsafeRawBufferPointer(rebasing: word[0..<count]), at: offset)
                    try buffer.read(into: UnsafeMutableRawBufferPointer(rebasing: back[0..<count]), at: offset)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return count < 8 || back == value
    }

    /// Two accelerators at once: each holds what was written to it, and refuses what is the other's.
    private static func sideBySide(_ device: any Accelerator, _ other: any Accelerator) throws(AcceleratorError) {
        let here = try device.makeBuffer(byteCount: 1000, name: "here", owner: owner),
            there = try other.makeBuffer(byteCount: 1000, name: "there", owner: owner)
        var isRight = true
        for step in 0..<UInt64(20) {
            if !(try holds(here, step, at: 8 * Int(step))) { isRight = false }
            if !(try holds(there, ~step, at: 8 * Int(step))) { isRight = false }
        }
        check("accelerators side by side keep their bytes", isRight && device.ledger.bufferCount == 1 && other.ledger.bufferCount == 1)
        check("accelerators refuse each other's buffers", kind { () throws(AcceleratorError) in
            _ = try device.makeList([.fill(BufferView(there), pattern: 0)], timed: false, owner: owner)
        } == .invalidUse && kind { () throws(AcceleratorError) in
            _ = try other.makeList([.fill(BufferView(here), pattern: 0)], timed: false, owner: owner)
        } == .invalidUse)
        let stream = try other.makeStream(owner: owner)
        let list = try other.makeList([.fill(BufferView(there), pattern: 7)], timed: false, owner: owner)
        try stream.wait(for: try stream.submit(list), budget: 1_000_000_000)
        other.end(owner: owner, budget: 1_000_000_000)
        check("accelerators end apart", other.ledger.isEmpty && device.ledger.bufferCount == 1)
        here.free()
    }

    /// A kernel of about ten seconds under a budget of one: cut off, what was there is lost by name, the next work is right.
    private static func deadline(_ device: any Accelerator) throws(AcceleratorError) {
        let x = try device.makeBuffer(byteCount: 4 * 64, name: "x", owner: owner)
        let module = try device.makeModule(TestKernels.busy(), name: "busy", owner: owner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4))
        let stream = try device.makeStream(owner: owner)
        func list(_ rounds: UInt32) throws(AcceleratorError) -> any AcceleratorList {
            try device.makeList([.dispatch(kernel: kernel, bindings: [BufferView(x)],
                                           parameters: SelfTest.bytes([rounds]), groups: Extent3(1))], timed: false, owner: owner)
        }
        // How long a round takes on this device decides how many are ten seconds.
        let short: UInt32 = 20_000_000
        var start = platform.nanoseconds
        try stream.wait(for: try stream.submit(try list(short)), budget: 30_000_000_000)
        let took = max(platform.nanoseconds - start, 1_000_000)
        let rounds = UInt32(min(Double(short) * 10e9 / Double(took), 4e9))
        start = platform.nanoseconds
        let ending = kind { () throws(AcceleratorError) in
            try stream.wait(for: try stream.submit(try list(rounds)), budget: 1_000_000_000)
        }
        let elapsed = platform.nanoseconds - start
        log("cut off after \(elapsed / 1_000_000) ms")
        check("gpu work over its budget is cut off", ending == .timedOut && elapsed < 3_000_000_000)
        check("gpu buffers are lost by name",
              kind { () throws(AcceleratorError) in try x.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0),
                                                               at: 0) } == .bufferLost)
        check("gpu ledger at zero after the loss", device.ledger.isEmpty)
        try kernels(device)
    }
}
