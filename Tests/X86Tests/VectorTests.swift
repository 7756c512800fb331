// Every vector instruction, in every form that its row of `Rows.swift` has, against objdump and as.
import Testing
import X86Assembler

/// Every form of every instruction of one kind.
private func check<Op: CaseIterable>(_ ops: Op.Type, _ rows: [String: Row], registers: Int,
                                     _ add: (inout Listing, Op, Row, VectorWidth, Form) -> Void) throws {
    var listing = Listing()
    for op in ops.allCases {
        guard let row = rows["\(op)"] else {
            Issue.record("no row for \(op)")
            continue
        }
        for width in row.widths {
            for form in row.forms(width, registers, listing) { add(&listing, op, row, width, form) }
        }
    }
    try report(&listing)
}

@Suite struct VectorTests {
    @Test func binary() throws {
        try check(VectorBinary.self, Row.binary, registers: 2) { listing, op, row, width, form in
            let n = form.numbers, w = width.byteCount
            listing.add("\(row.mnemonic("\(op)", form, width)) \(name(n[0], w))\(form.masking.text),\(name(n[1], w)),\(form.lastText)") {
                $0.vector(op, width, form.registers[0], form.registers[1], form.last, mask: form.masking)
            }
        }
    }

    @Test func binaryImmediate() throws {
        try check(VectorBinaryImmediate.self, Row.binaryImmediate, registers: 2) { listing, op, row, width, form in
            let n = form.numbers, w = width.byteCount
            // objdump has names for the predicates of comparisons.
            let isComparison = op == .vcmpps || op == .vcmppd
            let mnemonic = isComparison ? "vcmpgt_oq\("\(op)".dropFirst(4))" : row.mnemonic("\(op)", form, width)
            let immediate: UInt8 = isComparison ? FloatPredicate.gtOQ.rawValue : 9
            listing.add("\(mnemonic) \(name(n[0], w))\(form.masking.text),\(name(n[1], w)),\(form.lastText)\(isComparison ? "" : ",0x9")") {
                $0.vector(op, width, form.registers[0], form.registers[1], form.last, immediate: immediate, mask: form.masking)
            }
        }
    }

    @Test func unary() throws {
        try check(VectorUnary.self, Row.unary, registers: 1) { listing, op, row, width, form in
            let w = row.options.contains("half") ? width.byteCount / 2 : width.byteCount
            listing.add("\(row.mnemonic("\(op)", form, width)) \(name(form.numbers[0], w))\(form.masking.text),\(form.lastText)") {
                $0.vector(op, width, form.registers[0], form.last, mask: form.masking)
            }
        }
    }

    @Test func unaryImmediate() throws {
        try check(VectorUnaryImmediate.self, Row.unaryImmediate, registers: 1) { listing, op, row, width, form in
            let destination = name(form.numbers[0], width.byteCount) + form.masking.text
            listing.add("\(row.mnemonic("\(op)", form, width)) \(destination),\(form.lastText),0xb") {
                $0.vector(op, width, form.registers[0], form.last, immediate: 11, mask: form.masking)
            }
        }
    }

    @Test func store() throws {
        try check(VectorStore.self, Row.store, registers: 1) { listing, op, row, width, form in
            let source = name(form.numbers[0], width.byteCount)
            listing.add("\(row.mnemonic("\(op)", form, width)) \(form.lastText)\(form.masking.text),\(source)") {
                $0.vector(op, width, form.last, form.registers[0], mask: form.masking)
            }
        }
    }

    @Test func extract() throws {
        try check(VectorExtract.self, Row.extract, registers: 1) { listing, op, row, width, form in
            let source = name(form.numbers[0], width.byteCount)
            listing.add("\(row.mnemonic("\(op)", form, width)) \(form.lastText)\(form.masking.text),\(source),0x1") {
                $0.vector(op, width, form.last, form.registers[0], immediate: 1, mask: form.masking)
            }
        }
    }

    @Test func blend() throws {
        try check(VectorBlend.self, Row.blend, registers: 2) { listing, op, _, width, form in
            let n = form.numbers, w = width.byteCount
            for selector in [0, 5, 12] {
                listing.add("\(op) \(name(n[0], w)),\(name(n[1], w)),\(form.lastText),\(name(selector, w))") {
                    $0.vector(op, width, form.registers[0], form.registers[1], form.last, selector: VectorRegister(selector))
                }
            }
        }
    }

    @Test func maskedByVectors() throws {
        try check(VectorMaskedLoad.self, Row.masked, registers: 2) { listing, op, _, width, form in
            guard case .memory(let address) = form.last else { return }
            let n = form.numbers, w = width.byteCount
            listing.add("\(op) \(name(n[0], w)),\(name(n[1], w)),\(form.lastText)") {
                $0.vector(op, width, form.registers[0], address, mask: form.registers[1])
            }
        }
        try check(VectorMaskedStore.self, Row.masked, registers: 2) { listing, op, _, width, form in
            guard case .memory(let address) = form.last else { return }
            let n = form.numbers, w = width.byteCount
            listing.add("\(op) \(form.lastText),\(name(n[1], w)),\(name(n[0], w))") {
                $0.vector(op, width, address, form.registers[0], mask: form.registers[1])
            }
        }
    }

    @Test func flags() throws {
        try check(VectorFlags.self, Row.flags, registers: 1) { listing, op, _, width, form in
            listing.add("\(op) \(name(form.numbers[0], width.byteCount)),\(form.lastText)") {
                $0.vector(op, width, form.registers[0], form.last)
            }
        }
    }
}
