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
            guard let kernels = parameters.kernels else {
                let arguments = operands
                operands = []
                return try activation.run(0, consume arguments)
            }
            var results: [RuntimeValue] = [], buffers: [UnsafeMutableRawPointer] = []
            buffers.reserveCapacity(operands.count + activation.operation.results.count)
            for operand in operands { buffers.append(try operand.asTensor().bytes) }
            for index in activation.operation.results.indices {
                let tensor = try Tensor(try activation.resultTensorType(index))
                buffers.append(tensor.bytes)
                results.append(.tensor(tensor))
            }
            try kernels.run(buffers, recording: activation.frame.profile)
            return results
        }),
    ]
}

public final class FusionParameters: Parameters {
    /// Nil: the region is evaluated.
    public private(set) var kernels: KernelSequence?

    public convenience init(_ kernels: KernelSequence?) {
        self.init()
        self.kernels = kernels
    }
}

/// The kernels of one operation, which follow each other. Their buffers have numbers: the operation's operands come first, then its
/// results, then memory between the kernels.
public final class KernelSequence {
    public struct Call {
        public let kernel: CompiledKernel
        /// The numbers of its buffers, and of those of them that it writes.
        public let buffers: [Int], written: [Int]

        /// `kernel` is what `compiled` is made of.
        public init(_ compiled: CompiledKernel, _ kernel: Kernel, buffers: [Int]) {
            self.kernel = compiled
            self.buffers = buffers
            written = zip(buffers, kernel.buffers).filter { $0.1.isWritten }.map { $0.0 }
        }
    }

    public let calls: [Call]
    /// Bytes of each buffer between the kernels.
    public let temporaries: [Int]
    /// For each result the operands whose memory it may take, once nobody else needs them; empty: none.
    public let reusable: [[Int]]
    /// The first kernel only copies one buffer to another, which the others write over: needless where both are the same memory.
    public let copies: (source: Int, target: Int)?
    /// Of a loop over scalars the bytes of each value that it carries, else empty. Its kernel makes some trips and is run again, with its
    /// last results for its first operands, until it leaves 0 in its last buffer, an i32; in between a job that has to end ends.
    public let carried: [Int]

    public init(_ calls: [Call], temporaries: [Int] = [], reusable: [[Int]] = [],
                copies: (source: Int, target: Int)? = nil) {
        self.calls = calls
        self.temporaries = temporaries
        self.reusable = reusable
        self.copies = copies
        carried = []
    }

    /// A loop over scalars: `trips` has the operation's buffers and one temporary, the last.
    public init(loop trips: Call, carried: [Int]) {
        calls = [trips]
        temporaries = [4]
        reusable = []
        copies = nil
        self.carried = carried
    }
}

extension KernelSequence {
    /// Runs the kernels by themselves. What executes compiled programs has memory for them all and does not come here; regions do that
    /// the evaluator runs.
    fileprivate func run(_ buffers: [UnsafeMutableRawPointer], recording profile: Profile?) throws(JaxError) {
        var all = buffers, memory: [Storage] = []
        for byteCount in temporaries + carried {
            let storage = try Storage(byteCount: byteCount)
            memory.append(storage)
            all.append(storage.bytes)
        }
        repeat {
            for call in calls {
                var table = call.buffers.map { all[$0] }
                let begun = profile == nil ? 0 : platform.nanoseconds
                try call.kernel.run(&table)
                profile?.add(call.kernel, from: begun)
            }
            if carried.isEmpty || all[buffers.count].load(as: Int32.self) == 0 { break }
            for (index, byteCount) in carried.enumerated() {
                all[index] = all[buffers.count + 1 + index]
                all[index].copyMemory(from: buffers[buffers.count - carried.count + index], byteCount: byteCount)
            }
            try checkpoint()
        } while true
        withExtendedLifetime(memory) {}
    }
}
