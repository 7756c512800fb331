// Kernels that can be run: machine code, or what a test puts in its place.
import JaxIR
import JaxPlatform
import Loops

/// Something that executes one kernel.
open class CompiledKernel {
    public let name: String
    /// Where in the user's source what it computes comes from; nil where that is not known.
    public let source: String?
    /// What one run moves and computes; nil where that is not known.
    public let cost: KernelCost?

    public init(name: String, source: String? = nil, cost: KernelCost? = nil) {
        self.name = name
        self.source = source
        self.cost = cost
    }

    /// `table` has the addresses of the kernel's buffers. Throws `resourceExhausted` where there is no memory for what it needs beside
    /// them.
    open func run(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(JaxError) {}
}

/// A kernel as machine code.
public final class MachineCode: CompiledKernel {
    /// What the code is called with: the buffers' addresses, and which iterations of its parallel loop to do.
    public typealias Code = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer>, Int, Int) -> Void

    public let entry: UnsafeRawPointer
    private let byteCount: Int
    /// How its iterations are shared out.
    public let shares: KernelShares
    /// Elements that it goes through, roughly.
    public let work: Int

    /// Throws `resourceExhausted` where there is no memory for the code.
    public init(_ code: [UInt8], for kernel: Kernel, source: String? = nil) throws(JaxError) {
        let name = "kernel " + kernel.name + (source.map { " of " + $0 } ?? "")
        guard let entry = code.withUnsafeBytes({ platform.makeExecutable($0, name: name) }) else {
            throw JaxError(.resourceExhausted, "out of memory for \(code.count) bytes of code")
        }
        self.entry = entry
        byteCount = code.count
        work = kernel.work
        shares = KernelShares(kernel)
        super.init(name: kernel.name, source: source, cost: kernel.cost)
    }

    deinit { platform.freeExecutable(entry, byteCount: byteCount) }

    public override func run(_ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws(JaxError) { shares.run(entry, table) }
}

/// Into what the iterations of a kernel's outermost loop are divided among processors.
public struct KernelShares {
    /// Iterations of the outermost loop, where that is parallel, else 1.
    private let iterations: Int
    /// Into how many parts it pays to split them, at most, and of what each is a multiple.
    private let count: Int32
    private let granule: Int32

    /// One iteration, here.
    public init() {
        iterations = 1
        count = 1
        granule = 1
    }

    init(_ kernel: Kernel) {
        iterations = kernel.parallelCount
        granule = Int32(kernel.parallelGranule)
        let granules = (iterations + kernel.parallelGranule - 1) / kernel.parallelGranule
        count = Int32(min(granules, partCount(iterations, work: kernel.work)))
    }

    /// Runs the code at `entry` on all processors that are free, or here where that is not worth it.
    @inline(__always)
    public func run(_ entry: UnsafeRawPointer, _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
        if count <= 1 { return unsafeBitCast(entry, to: MachineCode.Code.self)(table, 0, iterations) }
        runShared(entry, table)
    }

    private func runShared(_ entry: UnsafeRawPointer, _ table: UnsafeMutablePointer<UnsafeMutableRawPointer>) {
        let code = unsafeBitCast(entry, to: MachineCode.Code.self), iterations = iterations, granule = Int(granule), count = Int(count)
        let granules = (iterations + granule - 1) / granule
        platform.parallelFor(count) { share in
            code(table, share * granules / count * granule, min((share + 1) * granules / count * granule, iterations))
        }
    }
}
