// fusion: operations that are executed as one kernel. The region says what they compute; machine code for it, where there is some, is
// in the parameters. The compiler makes it; one in a program from outside has no code and is its region.
import JaxIR
import JaxPlatform
import Loops

func fusionFamily() -> [OpDefinition] {
    [
        OpDefinition(.fusion, FusionParameters.self, .structural, infer: { view, _ throws(JaxError) in
            try view.requireRegions(1)
            let results = view.regionTypes(0).results
            try view.requireRegion(0, "the body", takes: view.operandTypes, returns: results)
            return results
        }, evaluate: { activation, parameters, operands throws(JaxError) in
            guard let kernel = parameters.kernel else {
                let arguments = operands
                operands = []
                return try activation.run(0, consume arguments)
            }
            var results: [RuntimeValue] = [], buffers: [UnsafeMutableRawPointer] = []
            buffers.reserveCapacity(operands.count + activation.operation.results.count)
            for operand in operands { buffers.append(try operand.asTensor().bytes) }
            for index in activation.operation.results.indices {
                let type = try activation.resultTensorType(index)
                let tensor: Tensor
                if let reused = parameters.reused(for: index, type, &operands) { tensor = reused } else { tensor = try Tensor(type) }
                buffers.append(tensor.bytes)
                results.append(.tensor(tensor))
            }
            if let profile = activation.frame.profile { try kernel.run(buffers, recording: profile) } else { try kernel.run(buffers) }
            return results
        }),
    ]
}

public final class FusionParameters: Parameters {
    /// Nil: the region is evaluated.
    public private(set) var kernel: CompiledKernel?
    /// For each result the operands whose memory it may take, once nobody else needs them; empty: none.
    private var reusable: [[Int]] = []

    public convenience init(kernel: CompiledKernel?, reusable: [[Int]] = []) {
        self.init()
        self.kernel = kernel
        self.reusable = reusable
    }
}

extension FusionParameters {
    /// A tensor for a result in the memory of an operand that is needed no more; nil where there is none.
    fileprivate func reused(for result: Int, _ type: TensorType, _ operands: inout [RuntimeValue]) -> Tensor? {
        guard result < reusable.count else { return nil }
        for place in reusable[result] {
            guard case .tensor(var tensor) = operands[place] else { continue }
            operands[place] = .token
            if tensor.isUnique() { return Tensor(type, storage: tensor.storage) }
            operands[place] = .tensor(tensor)
        }
        return nil
    }
}

/// Something that executes one kernel. Its buffers are the operation's operands, then its results.
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

    /// The kernels that it is made of, each with a name of its own.
    open var parts: [CompiledKernel] { [self] }

    /// Throws `resourceExhausted` where there is no memory for what it needs beside them.
    open func run(_ buffers: [UnsafeMutableRawPointer]) throws(JaxError) {}

    /// The same, and each of its parts is recorded.
    open func run(_ buffers: [UnsafeMutableRawPointer], recording profile: Profile) throws(JaxError) {
        let begun = platform.nanoseconds
        try run(buffers)
        profile.add(self, from: begun)
    }
}

/// A kernel as machine code.
public final class MachineCode: CompiledKernel {
    /// What the code is called with: the buffers' addresses, and which iterations of its parallel loop to do.
    private typealias Code = @convention(c) (UnsafePointer<UnsafeMutableRawPointer>, Int, Int) -> Void

    private let entry: UnsafeRawPointer
    private let byteCount: Int
    /// Iterations of the outermost loop, where that is parallel, else 1.
    private let iterations: Int
    /// Into how many parts it pays to split them, at most, and of what each is a multiple.
    private let shares: Int
    private let granule: Int

    /// Throws `resourceExhausted` where there is no memory for the code.
    public init(_ code: [UInt8], for kernel: Kernel, source: String? = nil) throws(JaxError) {
        let name = "kernel " + kernel.name + (source.map { " of " + $0 } ?? "")
        guard let entry = code.withUnsafeBytes({ platform.makeExecutable($0, name: name) }) else {
            throw JaxError(.resourceExhausted, "out of memory for \(code.count) bytes of code")
        }
        self.entry = entry
        byteCount = code.count
        iterations = kernel.parallelCount
        granule = kernel.parallelGranule
        shares = min((iterations + granule - 1) / granule, partCount(iterations, work: kernel.work))
        super.init(name: kernel.name, source: source, cost: kernel.cost)
    }

    deinit { platform.freeExecutable(entry, byteCount: byteCount) }

    public override func run(_ buffers: [UnsafeMutableRawPointer]) throws(JaxError) {
        let code = unsafeBitCast(entry, to: Code.self), iterations = iterations, shares = shares, granule = granule
        buffers.withUnsafeBufferPointer { table in
            guard let table = table.baseAddress else { return }
            if shares <= 1 { return code(table, 0, iterations) }
            let granules = (iterations + granule - 1) / granule
            platform.parallelFor(shares) { share in
                code(table, share * granules / shares * granule, min((share + 1) * granules / shares * granule, iterations))
            }
        }
    }
}

/// Kernels that follow each other, with memory between them.
public final class KernelSequence: CompiledKernel {
    private let kernels: [(kernel: CompiledKernel, buffers: [Int])]
    private let temporaries: [Int]

    /// Each kernel with the numbers of its buffers: those of the operation come first, then `temporaries`, of so many bytes.
    public init(_ kernels: [(kernel: CompiledKernel, buffers: [Int])], temporaries: [Int]) {
        self.kernels = kernels
        self.temporaries = temporaries
        super.init(name: kernels.last?.kernel.name ?? "")
    }

    public override var parts: [CompiledKernel] { kernels.flatMap { $0.kernel.parts } }

    public override func run(_ buffers: [UnsafeMutableRawPointer]) throws(JaxError) {
        try eachStep(buffers) { kernel, buffers throws(JaxError) in try kernel.run(buffers) }
    }

    public override func run(_ buffers: [UnsafeMutableRawPointer], recording profile: Profile) throws(JaxError) {
        try eachStep(buffers) { kernel, buffers throws(JaxError) in try kernel.run(buffers, recording: profile) }
    }

    private func eachStep(_ buffers: [UnsafeMutableRawPointer],
                          _ body: (CompiledKernel, [UnsafeMutableRawPointer]) throws(JaxError) -> Void) throws(JaxError) {
        var all = buffers, memory: [Storage] = []
        for byteCount in temporaries {
            let storage = try Storage(byteCount: byteCount)
            memory.append(storage)
            all.append(storage.bytes)
        }
        for step in kernels { try body(step.kernel, step.buffers.map { all[$0] }) }
        withExtendedLifetime(memory) {}
    }
}

/// Kernels that write over a part of what the first of them copies; that is left out where both lie in the same memory.
public final class UpdateKernels: CompiledKernel {
    private let kernels: [CompiledKernel]
    private let copied: Int
    private let target: Int

    /// All kernels have all buffers of the operation; the first one copies the buffer `source` to `target`.
    public init(_ kernels: [CompiledKernel], copies source: Int, to target: Int) {
        self.kernels = kernels
        copied = source
        self.target = target
        super.init(name: kernels.last?.name ?? "")
    }

    public override var parts: [CompiledKernel] { kernels.flatMap { $0.parts } }

    public override func run(_ buffers: [UnsafeMutableRawPointer]) throws(JaxError) {
        for kernel in needed(buffers) { try kernel.run(buffers) }
    }

    public override func run(_ buffers: [UnsafeMutableRawPointer], recording profile: Profile) throws(JaxError) {
        for kernel in needed(buffers) { try kernel.run(buffers, recording: profile) }
    }

    private func needed(_ buffers: [UnsafeMutableRawPointer]) -> ArraySlice<CompiledKernel> {
        kernels[(buffers[copied] == buffers[target] ? 1 : 0)...]
    }
}

/// A kernel that makes some trips of a loop over scalars and is run again until the loop is done; a job that has to end ends in between.
public final class ResumedLoop: CompiledKernel {
    private let trips: CompiledKernel
    /// The bytes of each carried value, at most eight.
    private let carried: [Int]

    /// `trips` takes the values carried in, what else the loop needs, the values going out, and a place for an integer, which it makes 0
    /// when the loop is done.
    public init(_ trips: CompiledKernel, carried: [Int]) {
        self.trips = trips
        self.carried = carried
        super.init(name: trips.name, source: trips.source, cost: trips.cost)
    }

    public override var parts: [CompiledKernel] { trips.parts }

    public override func run(_ buffers: [UnsafeMutableRawPointer]) throws(JaxError) {
        let memory = try Storage(byteCount: 8 * (carried.count + 1))
        let more = memory.bytes + 8 * carried.count
        var table = buffers + [more]
        while true {
            try trips.run(table)
            if more.load(as: Int32.self) == 0 { return }
            try checkpoint()
            for (index, byteCount) in carried.enumerated() {
                table[index] = memory.bytes + 8 * index
                table[index].copyMemory(from: buffers[buffers.count - carried.count + index], byteCount: byteCount)
            }
        }
    }
}
