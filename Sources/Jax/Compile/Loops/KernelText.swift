// Kernels as text, for `inspect` and for whoever reads a failing test.

extension Kernel {
    public var text: String {
        var text = "kernel \(name)\n"
        for (number, buffer) in buffers.enumerated() {
            text += "  buffer b\(number): \(buffer.element.name)[\(buffer.count)]\(buffer.isWritten ? " written" : "")\n"
        }
        write(body, 1, &text)
        return text
    }

    private func write(_ statements: [Statement], _ depth: Int, _ text: inout String) {
        let margin = String(repeating: "  ", count: depth)
        for statement in statements {
            switch statement {
            case .constant(let value, let bits): text += margin + "\(name(value)) = \(constant(type(of: value), bits))\n"
            case .index(let value, let index): text += margin + "\(name(value)) = index \(self.index(index))\n"
            case .compute(let value, let op, let a, let b, let c):
                let operands = [a, b, c].compactMap { $0?.text }.joined(" ")
                text += margin + "\(name(value)) = \(op.name) \(operands)\n"
            case .load(let value, let buffer, let index): text += margin + "\(name(value)) = b\(buffer.id)[\(self.index(index))]\n"
            case .store(let buffer, let index, let value): text += margin + "b\(buffer.id)[\(self.index(index))] = \(value.text)\n"
            case .loop(let loop):
                text += margin + (loop.isParallel ? "parallel " : "") + "\(loop.kind.name) i\(loop.variable.id) < \(loop.count)"
                if loop.unroll > 1 { text += " by \(loop.unroll)" }
                text += carried(loop.carried) + "\n"
                write(loop.body, depth + 1, &text)
                if !loop.carried.isEmpty { text += margin + "  next " + loop.carried.map { $0.next.text }.joined(" ") + "\n" }
                if let combiner = loop.combiner {
                    text += margin + "combine " + combiner.parameters.map { $0.text }.joined(" ") + "\n"
                    write(combiner.body, depth + 1, &text)
                    text += margin + "  gives " + combiner.results.map { $0.text }.joined(" ") + "\n"
                }
            case .whileLoop(let loop):
                text += margin + "while" + carried(loop.carried) + "\n"
                write(loop.condition, depth + 1, &text)
                text += margin + "  holds \(loop.holds.text)\n"
                write(loop.body, depth + 1, &text)
                text += margin + "  next " + loop.carried.map { $0.next.text }.joined(" ") + "\n"
            }
        }
    }

    private func name(_ value: LaneValue) -> String { value.text + ":\(type(of: value).name)" }

    private func carried(_ carried: [Carried]) -> String {
        if carried.isEmpty { return "" }
        return " carrying " + carried.map { "\($0.result.text) = \(name($0.current)) from \($0.initial.text)" }.joined(", ")
    }

    private func constant(_ type: LaneType, _ bits: LaneBits) -> String {
        switch type {
        case .bool: return bits != 0 ? "true" : "false"
        case .i32: return "\(Int32(truncatingIfNeeded: bits))"
        case .i64: return "\(Int64(bitPattern: bits))"
        case .f32: return "\(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))"
        case .f64: return "\(Double(bitPattern: bits))"
        }
    }

    private func index(_ index: LoopIndex) -> String {
        var parts: [String] = []
        for term in index.terms { parts.append(term.stride == 1 ? "i\(term.variable.id)" : "i\(term.variable.id)*\(term.stride)") }
        for term in index.clamped { parts.append("clamp(\(term.value.text), \(term.limit))*\(term.stride)") }
        if index.constant != 0 || parts.isEmpty { parts.append("\(index.constant)") }
        return parts.joined(" + ")
    }
}

extension LoopKind {
    var name: String { ["serial", "vector"][Int(rawValue)] }
}

extension LaneValue {
    var text: String { "v\(id)" }
}

extension [String] {
    func joined(_ separator: String) -> String {
        var text = ""
        for (place, part) in enumerated() { text += (place > 0 ? separator : "") + part }
        return text
    }
}
