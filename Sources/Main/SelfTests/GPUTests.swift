// Machine tests of the GPU. Each prints what it measured.
import AcceleratorSelfTest
import GPU
import JaxPlatform
import Kernel

/// Counts what did not hold, and says it.
private struct Expectations {
    private(set) var failureCount = 0

    mutating func expect(_ condition: Bool, _ what: String) {
        if condition { return }
        failureCount += 1
        log("FAILED gpu: " + what)
    }
}

enum GPUTests {
    static let owner = AcceleratorOwner(id: 1 << 32, name: "gpu test")

    static func run(_ name: String) -> Int {
        var test = Expectations()
        guard let device = Accelerators.all.first else {
            test.expect(false, "there is no GPU")
            return test.failureCount
        }
        do throws(AcceleratorError) {
            switch name {
            case "gpu-kernels": try kernels(device, &test)
            default: test.expect(false, "there is no test named " + name)
            }
        } catch {
            test.expect(false, error.description)
        }
        device.end(owner: owner, budget: 1_000_000_000)
        test.expect(device.ledger.isEmpty, "\(device.ledger.byteCount) bytes and \(device.ledger.objectCount) objects are left")
        return test.failureCount
    }

    private static func kernels(_ device: any Accelerator, _ test: inout Expectations) throws(AcceleratorError) {
        log(device.information.name + ", " + device.information.features.names)
        for result in try SelfTest(device, owner: owner).run() {
            log(result.name + (result.isCorrect == nil ? ": not offered" : ": \(result.nanoseconds / 1000) us"))
            test.expect(result.isCorrect ?? true, result.name + " is wrong")
        }
    }
}
