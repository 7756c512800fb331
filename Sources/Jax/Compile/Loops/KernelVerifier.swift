// Proves that a kernel touches its buffers only: for each access, the least and the greatest index over all iterations of the loops
// around it lie within the buffer. Indices that depend on data carry their clamp, so that their range is known too. Also checked: every
// value is defined before it is used and has the type that its use takes. What is not proven is not compiled.
import JaxPlatform

extension Kernel {
    /// Throws `internalError` that names the kernel and what is wrong with it.
    public func verify() throws(JaxError) {
        var verifier = KernelVerifier(self)
        try verifier.block(body, isOutermost: true)
    }
}

private struct KernelVerifier {
    let kernel: Kernel
    /// Whether each value is defined where the verifier is.
    private var isDefined: [Bool]
    /// The last iteration of each variable whose loop is open; -1 for others.
    private var last: [Int]
    private var isInVectorLoop = false

    init(_ kernel: Kernel) {
        self.kernel = kernel
        isDefined = [Bool](repeating: false, count: kernel.types.count)
        last = [Int](repeating: -1, count: kernel.variableCount)
    }

    private func error(_ text: String) -> JaxError { JaxError(.internalError, "kernel \(kernel.name): " + text) }

    private mutating func define(_ value: LaneValue, _ type: LaneType? = nil) throws(JaxError) {
        let id = Int(value.id)
        guard id >= 0, id < isDefined.count, !isDefined[id] else { throw error("value \(value.id) is defined twice or unknown") }
        if let type, kernel.types[id] != type { throw error("value \(value.id) has another type than what defines it") }
        isDefined[id] = true
    }

    @discardableResult
    private func use(_ value: LaneValue) throws(JaxError) -> LaneType {
        let id = Int(value.id)
        guard id >= 0, id < isDefined.count, isDefined[id] else { throw error("value \(value.id) is used before it is defined") }
        return kernel.types[id]
    }

    /// The least and the greatest value of an index.
    private func range(_ index: LoopIndex) throws(JaxError) -> ClosedRange<Int> {
        var low = index.constant, high = index.constant
        var overflow = false
        func add(_ extent: Int, _ stride: Int) {
            let (product, failed) = extent.multipliedReportingOverflow(by: stride)
            let (sum, failedToo) = product < 0 ? low.addingReportingOverflow(product) : high.addingReportingOverflow(product)
            overflow = overflow || failed || failedToo
            if product < 0 { low = sum } else { high = sum }
        }
        for term in index.terms {
            guard Int(term.variable.id) < last.count, last[Int(term.variable.id)] >= 0 else {
                throw error("variable \(term.variable.id) is used outside of its loop")
            }
            add(last[Int(term.variable.id)], term.stride)
        }
        for term in index.clamped {
            guard try use(term.value).isInteger, term.limit >= 0 else { throw error("a clamped index must be an integer") }
            add(term.limit, term.stride)
        }
        if overflow { throw error("an index is too large") }
        return low...high
    }

    private func access(_ buffer: BufferID, _ index: LoopIndex) throws(JaxError) -> KernelBuffer {
        guard buffer.id >= 0, Int(buffer.id) < kernel.buffers.count else { throw error("there is no buffer \(buffer.id)") }
        let described = kernel.buffers[Int(buffer.id)]
        let range = try range(index)
        guard range.lowerBound >= 0, range.upperBound < described.count else {
            throw error("elements \(range.lowerBound) to \(range.upperBound) of buffer \(buffer.id), which has \(described.count)")
        }
        return described
    }

    mutating func block(_ statements: [Statement], isOutermost: Bool = false) throws(JaxError) {
        for statement in statements {
            switch statement {
            case .constant(let value, _): try define(value)
            case .index(let value, let index):
                guard index.clamped.isEmpty else { throw error("an index that is a value must not be clamped") }
                _ = try range(index)
                try define(value)
            case .compute(let value, let op, let a, let b, let c):
                var types = [try use(a)]
                if let b { types.append(try use(b)) }
                if let c { types.append(try use(c)) }
                guard let type = op.resultType(types) else { throw error("operands of value \(value.id) have the wrong types") }
                try define(value, type)
            case .load(let value, let buffer, let index): try define(value, try access(buffer, index).element.lane)
            case .store(let buffer, let index, let value):
                let described = try access(buffer, index)
                guard described.isWritten else { throw error("a store to buffer \(buffer.id), which is read only") }
                guard try use(value) == described.element.lane else { throw error("a store of another type to buffer \(buffer.id)") }
            case .loop(let loop): try self.loop(loop, isOutermost: isOutermost)
            case .whileLoop(let loop): try whileLoop(loop)
            }
        }
    }

    private mutating func loop(_ loop: Loop, isOutermost: Bool) throws(JaxError) {
        guard loop.count >= 1, Int(loop.variable.id) < last.count, last[Int(loop.variable.id)] < 0 else { throw error("a loop is unsound") }
        let isVector = loop.kind == .vector
        if isVector && isInVectorLoop { throw error("a vector loop within another") }
        if loop.isParallel && !(isOutermost && loop.carried.isEmpty) { throw error("a parallel loop that is not the outermost") }
        if isVector && !loop.carried.isEmpty && loop.combiner == nil { throw error("a vector loop without a combiner carries values") }
        for carried in loop.carried { try define(carried.current, try use(carried.initial)) }
        last[Int(loop.variable.id)] = loop.count - 1
        if isVector { isInVectorLoop = true }
        try block(loop.body)
        if isVector { isInVectorLoop = false }
        last[Int(loop.variable.id)] = -1
        try close(loop.carried, hides: loop.body)
        if let combiner = loop.combiner {
            guard combiner.parameters.count == 2 * loop.carried.count, combiner.results.count == loop.carried.count else {
                throw error("a combiner must take two sets of the carried values")
            }
            for (place, value) in combiner.parameters.enumerated() {
                try define(value, kernel.type(of: loop.carried[place % loop.carried.count].current))
            }
            try block(combiner.body)
            for (carried, result) in zip(loop.carried, combiner.results) where try use(result) != kernel.type(of: carried.current) {
                throw error("a combiner gives another type")
            }
            hide(combiner.body)
        }
        for carried in loop.carried { try define(carried.result, kernel.type(of: carried.current)) }
    }

    private mutating func whileLoop(_ loop: WhileLoop) throws(JaxError) {
        if isInVectorLoop { throw error("a while loop within a vector loop") }
        for carried in loop.carried { try define(carried.current, try use(carried.initial)) }
        try block(loop.condition)
        guard try use(loop.holds) == .bool else { throw error("a condition must be a truth value") }
        hide(loop.condition)
        try block(loop.body)
        try close(loop.carried, hides: loop.body)
        for carried in loop.carried { try define(carried.result, kernel.type(of: carried.current)) }
    }

    /// The end of a body: its values are seen no more but as what is carried on.
    private mutating func close(_ carried: [Carried], hides body: [Statement]) throws(JaxError) {
        for value in carried where try use(value.next) != kernel.type(of: value.current) {
            throw error("value \(value.current.id) is carried on as another type")
        }
        hide(body)
    }

    private mutating func hide(_ statements: [Statement]) {
        for statement in statements {
            switch statement {
            case .constant(let value, _), .index(let value, _), .compute(let value, _, _, _, _), .load(let value, _, _):
                isDefined[Int(value.id)] = false
            case .store: break
            case .loop(let loop): for carried in loop.carried { isDefined[Int(carried.result.id)] = false }
            case .whileLoop(let loop): for carried in loop.carried { isDefined[Int(carried.result.id)] = false }
            }
        }
    }
}
