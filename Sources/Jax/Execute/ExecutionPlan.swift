// A compiled program as a list of steps over planned memory. Every array of the program has its place before it runs: in one block that
// an execution takes at its start, in a result's own memory, in an argument or a constant. A plan does not change, so that any number of
// executions may use it at once; their memory is their job's, and goes with it however the job ends.
import JaxIR
import JaxOps
import JaxPlatform

/// A step, with everything that it needs but what is Swift's to count references of.
struct PlannedStep {
    enum Kind: UInt8 {
        /// Machine code at `pointer`.
        case kernel
        /// The same, unless the two entries in front of its table are the same address.
        case kernelUnlessSame
        /// A kernel without machine code.
        case otherKernel
        /// `count` bytes from the first entry's address to the second's.
        case copy
        /// `count` times the `width` bytes at `pointer`.
        case fill
        /// The evaluation number `target`.
        case evaluate
        case jump
        /// Looks at `width` bytes of the first entry's. At the end of a loop's condition that holds a known number of times, `count` is that
        /// number and one.
        case jumpIfZero
        /// Ends a loop's trip.
        case jumpBack
        /// The i32 of the first entry chooses one of the `count` steps behind this one, the last where it is none of them.
        case select
        case end
    }

    var kind: Kind
    var width: UInt8 = 0
    /// The first of its entries in the table of addresses.
    var table: Int32 = 0
    /// The step to go on with.
    var target: Int32 = 0
    var count = 0
    var pointer: UnsafeRawPointer?
    var shares = KernelShares()
    /// Elements that it goes through, roughly.
    var work = 0

    init(_ kind: Kind) { self.kind = kind }
}

/// Where an address of the table comes from: the constants' space starts at 0; then come the block, the arguments and the results.
struct TableEntry {
    static let constants: Int32 = 0, arena: Int32 = 1, arguments: Int32 = 2

    var space: Int32
    var offset: Int
}

/// The elements of a constant that lie in the program.
struct PlannedConstant {
    var address: Int
    var byteCount: Int
}

/// A result of the program.
public enum PlannedResult {
    /// It has memory of its own, or that of the argument `donor`, where that is given away.
    case own(TensorType, donor: Int?)
    /// It is an argument.
    case argument(TensorType, Int)
}

/// An operand or result of an evaluation: arrays by their entries in the table.
indirect enum PlannedValue {
    case array(TensorType, entry: Int, mayOverwrite: Bool)
    case token
    case tuple([PlannedValue])
}

/// An operation that is evaluated.
struct PlannedEvaluation {
    let step: Step
    var operands: [PlannedValue]
    var results: [PlannedValue]
    /// What its regions use from outside.
    var captured: [(id: ValueID, value: PlannedValue)]
}

public final class ExecutionPlan {
    /// Its kernels, and what it leaves to the evaluator.
    public var coverage: Coverage { evaluation.coverage }
    /// Bytes of the block.
    public let arenaByteCount: Int
    let steps: UnsafeMutableBufferPointer<PlannedStep>
    let entries: UnsafeMutableBufferPointer<TableEntry>
    let argumentCount: Int
    let constants: [PlannedConstant]
    let results: [PlannedResult]
    let evaluations: [PlannedEvaluation]
    /// By step; nil for those that are none.
    let kernels: [CompiledKernel?]
    /// By step.
    let locations: [LocationID]
    let evaluation: EvaluationPlan
    let function: FunctionPlan

    /// Plans `main` of a program that the compiler has been over. Throws `internalError` where there is no such function.
    @export(interface)
    public init(_ module: Module) throws(JaxError) {
        guard let main = module.function(named: "main") else {
            throw JaxError(.internalError, "the compiled program has no function @main")
        }
        evaluation = try EvaluationPlan(module, isCompiled: true)
        function = try evaluation.plan(main)
        var builder = PlanBuilder(evaluation, function)
        try builder.build()
        let finished = FinishedPlan(builder)
        arenaByteCount = finished.arenaByteCount
        steps = UnsafeMutableBufferPointer.allocate(capacity: finished.steps.count)
        _ = steps.initialize(from: finished.steps)
        entries = UnsafeMutableBufferPointer.allocate(capacity: finished.entries.count)
        _ = entries.initialize(from: finished.entries)
        argumentCount = builder.argumentCount
        constants = builder.constants
        results = finished.results
        evaluations = finished.evaluations
        kernels = finished.kernels
        locations = finished.locations
    }

    deinit {
        steps.deallocate()
        entries.deallocate()
    }
}
