// Machine tests of the GPU: `test=gpu` runs those that are quick, `test=gpu-cycles`, `test=gpu-deadline` and
// `test=gpu-bench` one each.
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
            }
            if CommandLine.has("test=gpu-cycles") { try cycles(device, count: 10_000) }
            if CommandLine.has("test=gpu-deadline") { try deadline(device) }
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
        check("gpu refuses no SPIR-V", kind { () throws(AcceleratorError) in _ = try device.makeModule([1, 2, 3, 4, 5], name: "none", owner: owner) } == .moduleRejected)
        check("gpu refuses an empty buffer", kind { () throws(AcceleratorError) in _ = try device.makeBuffer(byteCount: 0, name: "none", owner: owner) } == .invalidUse)
        let buffer = try device.makeBuffer(byteCount: 64, name: "small", owner: owner)
        let past = kind { () throws(AcceleratorError) in
            _ = try device.makeList([.fill(BufferView(buffer, offset: 32, byteCount: 64), pattern: 0)], timed: false, owner: owner)
        }
        check("gpu refuses a view past the end", past == .invalidUse)
        buffer.free()
        check("gpu refuses what was freed", kind { () throws(AcceleratorError) in _ = try device.makeList([.fill(BufferView(buffer), pattern: 0)], timed: false, owner: owner) } == .invalidUse)
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
            var word = UInt64(byteCount), back: UInt64 = 0
            let bytes = min(byteCount, 8)
            var failure: AcceleratorError?
            withUnsafeMutableBytes(of: &word) { word in
                withUnsafeMutableBytes(of: &back) { back in
                    do throws(AcceleratorError) {
                        try buffer.write(UnsafeRawBufferPointer(rebasing: word[0..<bytes]), at: byteCount - bytes)
                        try buffer.read(into: UnsafeMutableRawBufferPointer(rebasing: back[0..<bytes]), at: byteCount - bytes)
                    } catch {
                        failure = error
                    }
                }
            }
            if let failure { throw failure }
            if bytes == 8 && word != back { isRight = false }
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
            check("gpu window in one piece", use.largestFree >= use.size / 4 * 3)
        }
    }

    /// A kernel of about ten seconds under a budget of one: cut off, what was there is lost by name, the next work is right.
    private static func deadline(_ device: any Accelerator) throws(AcceleratorError) {
        let x = try device.makeBuffer(byteCount: 4 * 64, name: "x", owner: owner)
        let module = try device.makeModule(TestKernels.busy(), name: "busy", owner: owner)
        let kernel = try device.makeKernel(module, KernelLayout(bindingCount: 1, parameterByteCount: 4))
        let stream = try device.makeStream(owner: owner)
        func list(_ rounds: UInt32) throws(AcceleratorError) -> any AcceleratorList {
            try device.makeList([.dispatch(kernel: kernel, bindings: [BufferView(x)], parameters: SelfTest.bytes([rounds]), groups: Extent3(1))], timed: false, owner: owner)
        }
        // How long a round takes on this device decides how many are ten seconds.
        let short: UInt32 = 20_000_000
        var start = platform.nanoseconds
        try stream.wait(for: try stream.submit(try list(short)), budget: 30_000_000_000)
        let took = max(platform.nanoseconds - start, 1_000_000)
        let rounds = UInt32(min(Double(short) * 10e9 / Double(took), 4e9))
        start = platform.nanoseconds
        let ending = kind { () throws(AcceleratorError) in try stream.wait(for: try stream.submit(try list(rounds)), budget: 1_000_000_000) }
        let elapsed = platform.nanoseconds - start
        log("cut off after \(elapsed / 1_000_000) ms")
        check("gpu work over its budget is cut off", ending == .timedOut && elapsed < 3_000_000_000)
        check("gpu buffers are lost by name", kind { () throws(AcceleratorError) in try x.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0), at: 0) } == .bufferLost)
        check("gpu ledger at zero after the loss", device.ledger.isEmpty)
        try kernels(device)
    }
}
