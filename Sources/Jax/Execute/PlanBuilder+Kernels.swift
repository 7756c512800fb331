// Fusions with kernels: the kernels one behind the other, each with its buffers, and loops over scalars, which are run again until they
// are done.
import JaxIR
import JaxOps
import JaxPlatform

extension PlanBuilder {
    mutating func sequence(_ sequence: KernelSequence, _ operation: Operation) throws(JaxError) {
        let operandCount = operation.operands.count
        // By number; what no kernel has written yet has no lifetime.
        var buffers: [Int] = [], lifetimes: [Int?] = []
        var operands: [PlannedArray] = [], types: [TensorType] = []
        for operand in operation.operands {
            let array = try array(operand)
            operands.append(array)
            buffers.append(array.buffer)
            lifetimes.append(array.lifetime)
        }
        for result in operation.results {
            guard case .tensor(let type) = function.function.type(of: result) else {
                throw JaxError(.internalError, "a fusion declares a result that is no array")
            }
            types.append(type)
            buffers.append(memory.makeBuffer(type.byteCount))
            lifetimes.append(nil)
        }
        let early = hoisted[ObjectIdentifier(operation)]
        for byteCount in sequence.temporaries {
            let made = early?.temporaries[buffers.count]
            buffers.append(made?.buffer ?? memory.makeBuffer(byteCount))
            lifetimes.append(made?.lifetime)
        }
        for (place, call) in sequence.calls.enumerated() where !(early?.calls.contains(place) ?? false) {
            for number in call.buffers {
                if let lifetime = lifetimes[number] { memory.use(lifetime) } else { lifetimes[number] = memory.begin(buffers[number]) }
            }
            let copies = place == 0 ? sequence.copies.map { [buffers[$0.source], buffers[$0.target]] } : nil
            emit(call.kernel, call.buffers.map { buffers[$0] }, unlessSame: copies)
            memory.tick()
        }
        for (place, result) in operation.results.enumerated() {
            let array = PlannedArray(type: types[place], buffer: buffers[operandCount + place],
                                     lifetime: lifetimes[operandCount + place] ?? memory.begin(buffers[operandCount + place]))
            bind(result, .array(array))
            guard place < sequence.reusable.count else { continue }
            for candidate in sequence.reusable[place] {
                let source = operands[candidate]
                // The kernel may know the same memory by other names.
                let isSafe = operands.indices.allSatisfy { operands[$0].buffer != source.buffer || sequence.reusable[place].contains($0) }
                if isSafe { reuses.append(Succession(from: source, to: array, end: memory.time - 1)) }
            }
        }
    }

    mutating func emit(_ kernel: CompiledKernel, _ buffers: [Int], unlessSame copied: [Int]? = nil) {
        guard let code = kernel as? MachineCode else {
            emit(PlannedStep(.otherKernel), buffers, kernel: kernel)
            return
        }
        var step = PlannedStep(copied == nil ? .kernel : .kernelUnlessSame)
        step.pointer = code.entry
        step.shares = code.shares
        step.work = code.work
        let index = emit(step, (copied ?? []) + buffers, kernel: kernel)
        if copied != nil { steps[index].table += 2 }
    }

    /// The first run reads the operands, each further one what the one before has left, copied.
    mutating func scalarLoop(_ sequence: KernelSequence, _ operation: Operation) throws(JaxError) {
        let kernel = sequence.calls[0].kernel
        var operands: [PlannedArray] = [], results: [PlannedArray] = [], copies: [PlannedArray] = []
        for operand in operation.operands { operands.append(try array(operand)) }
        for operand in operands { memory.use(operand.lifetime) }
        let carried = operands.prefix(sequence.carried.count), others = operands.dropFirst(sequence.carried.count)
        for operand in carried { results.append(makeArray(operand.type)) }
        let more = makeArray(TensorType(.i32, []))
        emit(kernel, operands.map { $0.buffer } + results.map { $0.buffer } + [more.buffer])
        memory.tick()
        var exits = [emitExit(more)]
        memory.openLoop()
        let again = steps.count
        for result in results {
            let copy = makeArray(result.type)
            copies.append(copy)
            memory.use(result.lifetime)
            emitCopy(result, copy)
        }
        memory.tick()
        for array in copies + others + results + [more] { memory.use(array.lifetime) }
        emit(kernel, (copies + others + results + [more]).map { $0.buffer })
        exits.append(emitExit(more))
        emitJump(.jumpBack, to: again)
        memory.closeLoop()
        memory.tick()
        for exit in exits { steps[exit].target = Int32(steps.count) }
        for (result, array) in zip(operation.results, results) { bind(result, .array(array)) }
    }
}
