// What reads or writes mask registers, gathers, scatters, and what connects vectors with general purpose registers.
import Testing
import X86Assembler

/// How objdump names the predicates.
private let floatPredicates = [
    "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord", "eq_uq", "nge", "ngt", "false", "neq_oq", "ge", "gt", "true",
    "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq", "nle_uq", "ord_s", "eq_us", "nge_uq", "ngt_uq", "false_os", "neq_os",
    "ge_oq", "gt_oq", "true_us",
]
private let integerPredicates = ["eq", "lt", "le", "", "neq", "nlt", "nle", ""]

@Suite struct MaskTests {
    @Test func comparisons() throws {
        var listing = Listing()
        func add(_ op: String, _ predicate: String, _ immediate: String, _ row: Row,
                 _ emit: @escaping (inout Assembler, VectorWidth, Mask, Form) -> Void) {
            let mnemonic = op.hasPrefix("vpcmp") ? "vpcmp" + predicate + op.dropFirst(5) : "vcmp" + predicate + op.dropFirst(4)
            for width in row.widths {
                for form in row.forms(width, 1, listing) where form.masking.text.contains("z") == false {
                    for destination in [Mask.k2, .k7] {
                        listing.add("\(mnemonic) \(destination)\(form.masking.text),\(name(form.numbers[0], width.byteCount)),"
                                    + form.lastText + immediate) { emit(&$0, width, destination, form) }
                    }
                }
            }
        }
        for op in VectorCompare.allCases {
            add("\(op)", "gt_oq", "", try #require(Row.compare["\(op)"])) { assembler, width, destination, form in
                assembler.vector(op, width, destination, form.registers[0], form.last, .gtOQ, mask: form.mask)
            }
        }
        for op in VectorIntegerCompare.allCases {
            add("\(op)", "nle", "", try #require(Row.compare["\(op)"])) { assembler, width, destination, form in
                assembler.vector(op, width, destination, form.registers[0], form.last, .gt, mask: form.mask)
            }
        }
        try report(&listing)
    }

    @Test func predicates() throws {
        var listing = Listing()
        let a = VectorRegister(3), b = VectorOperand.register(VectorRegister(4))
        for predicate in FloatPredicate.allCases {
            let word = floatPredicates[Int(predicate.rawValue)]
            #expect(word.replacing("_", with: "").hasPrefix("\(predicate)".lowercased().prefix(2)))
            listing.add("vcmp\(word)pd k1,zmm3,zmm4") { $0.vector(.vcmppd, .zmm, .k1, a, b, predicate) }
            listing.add("vcmp\(word)ps ymm1,ymm3,ymm4") {
                $0.vector(.vcmpps, .ymm, VectorRegister(1), a, b, immediate: predicate.rawValue)
            }
        }
        for predicate in IntegerPredicate.allCases {
            let word = integerPredicates[Int(predicate.rawValue)]
            listing.add("vpcmp\(word)ud k1,zmm3,zmm4" + (word.isEmpty ? ",0x\(predicate.rawValue)" : "")) {
                $0.vector(.vpcmpud, .zmm, .k1, a, b, predicate)
            }
        }
        try report(&listing)
    }

    @Test func masksAndVectors() throws {
        var listing = Listing()
        for width in VectorWidth.allCases {
            for number in [0, 9, 17, 31] {
                let register = VectorRegister(number), text = name(number, width.byteCount)
                for mask in Mask.allCases {
                    for op in VectorFromMask.allCases { listing.add("\(op) \(text),\(mask)") { $0.vector(op, width, register, mask) } }
                    for op in VectorToMask.allCases { listing.add("\(op) \(mask),\(text)") { $0.vector(op, width, mask, register) } }
                }
            }
        }
        try report(&listing)
    }

    @Test func masksAlone() throws {
        var listing = Listing()
        for width in MaskWidth.allCases {
            for (a, b, c) in [(Mask.k0, Mask.k1, Mask.k2), (.k7, .k0, .k5), (.k3, .k6, .k7)] {
                for op in MaskBinary.allCases { listing.add("\(op)\(width) \(a),\(b),\(c)") { $0.mask(op, width, a, b, c) } }
                listing.add("knot\(width) \(a),\(b)") { $0.knot(width, a, b) }
                listing.add("kortest\(width) \(a),\(c)") { $0.kortest(width, a, c) }
                listing.add("kmov\(width) \(a),\(b)") { $0.kmov(width, a, b) }
                for register in GPR.allCases {
                    let text = width == .q ? "\(register)" : dwordName(register)
                    listing.add("kmov\(width) \(a),\(text)") { $0.kmov(width, a, register) }
                    listing.add("kmov\(width) \(text),\(b)") { $0.kmov(width, register, b) }
                }
            }
        }
        try report(&listing)
    }

    /// Data, index, element: their widths follow from the name and the width.
    @Test func gathersAndScatters() throws {
        var listing = Listing()
        func each(_ op: String, _ body: (_ width: VectorWidth, _ dataBytes: Int, _ indexBytes: Int, _ element: Int) -> Void) {
            let suffix = op.suffix(op.contains("vp") ? 2 : 3)
            let index = suffix.first == "d" ? 4 : 8, element = suffix.dropFirst() == "d" && op.contains("vp") || suffix.last == "s" ? 4 : 8
            for width in VectorWidth.allCases {
                let lanes = width.byteCount / max(index, element)
                body(width, lanes * element, lanes * index, element)
            }
        }
        let places: [(GPR, Scale, (Int) -> Int)] = [(.rax, .one, { _ in 0 }), (.rbp, .two, { $0 }), (.r13, .four, { _ in 0 }),
                                                   (.rsp, .eight, { -128 * $0 }), (.r12, .four, { $0 + 1 }), (.r9, .one, { 128 * $0 })]
        for (base, scale, displacement) in places {
            func place(_ index: Int, _ indexBytes: Int, _ element: Int) -> (VectorAddress, String) {
                let value = displacement(element)
                let tail = value == 0 ? (base == .r13 ? "+0x0" : "") : signed(value)
                return (VectorAddress(base, index: VectorRegister(index), scale: scale, Int32(value)),
                        "\(sizeName(element)) PTR [\(base)+\(name(index, indexBytes))*\(1 << scale.rawValue)\(tail)]")
            }
            for op in VectorGather.allCases {
                each("\(op)") { width, dataBytes, indexBytes, element in
                    for (data, index, mask) in [(1, 2, 3), (9, 10, 11), (4, 15, 0)] where width != .zmm {
                        let (address, text) = place(index, indexBytes, element)
                        listing.add("\(op) \(name(data, dataBytes)),\(text),\(name(mask, dataBytes))") {
                            $0.vector(op, width, VectorRegister(data), address, mask: VectorRegister(mask))
                        }
                    }
                    for (data, index, mask) in [(1, 2, Mask.k1), (17, 9, .k7), (8, 30, .k3)] {
                        let (address, text) = place(index, indexBytes, element)
                        listing.add("\(op) \(name(data, dataBytes)){\(mask)},\(text)") {
                            $0.vector(op, width, VectorRegister(data), address, mask: mask)
                        }
                    }
                }
            }
            for op in VectorScatter.allCases {
                each("\(op)") { width, dataBytes, indexBytes, element in
                    for (data, index, mask) in [(1, 2, Mask.k1), (17, 9, .k7), (8, 30, .k3)] {
                        let (address, text) = place(index, indexBytes, element)
                        listing.add("\(op) \(text){\(mask)},\(name(data, dataBytes))") {
                            $0.vector(op, width, address, VectorRegister(data), mask: mask)
                        }
                    }
                }
            }
        }
        try report(&listing)
    }

    @Test func generalRegisters() throws {
        var listing = Listing()
        for register in GPR.allCases {
            for number in [0, 7, 8, 15, 16, 31] {
                let vector = VectorRegister(number)
                for op in VectorFromGeneral.allCases {
                    let text = "\(op)".hasSuffix("q") ? "\(register)" : dwordName(register)
                    let isMove = op == .vmovd || op == .vmovq
                    for width in isMove ? [VectorWidth.xmm] : VectorWidth.allCases {
                        listing.add("\(op) \(name(number, width.byteCount)),\(text)") { $0.vector(op, width, vector, register) }
                        if isMove { continue }
                        listing.add("\(op) \(name(number, width.byteCount)){k2}{z},\(text)") {
                            $0.vector(op, width, vector, register, mask: .zeroing(.k2))
                        }
                    }
                }
                listing.add("vmovd \(dwordName(register)),xmm\(number)") { $0.vector(.vmovd, .xmm, register, vector) }
                listing.add("vmovq \(register),xmm\(number)") { $0.vector(.vmovq, .xmm, register, vector) }
                for op in [VectorToGeneral.vmovmskps, .vmovmskpd, .vpmovmskb] where number < 16 {
                    for width in [VectorWidth.xmm, .ymm] {
                        listing.add("\(op) \(dwordName(register)),\(name(number, width.byteCount))") {
                            $0.vector(op, width, register, vector)
                        }
                    }
                }
            }
        }
        try report(&listing)
    }

    @Test func scalarConversions() throws {
        var listing = Listing()
        for width in [IntegerWidth.dword, .qword] {
            let size = width == .dword ? "DWORD" : "QWORD", unit = width == .dword ? 4 : 8
            for op in VectorFromInteger.allCases {
                for (a, b, register) in [(1, 2, GPR.rax), (9, 15, .r12), (17, 3, .rdi), (4, 31, .r8)] {
                    listing.add("\(op) xmm\(a),xmm\(b),\(register.name(width))") {
                        $0.vector(op, width, VectorRegister(a), VectorRegister(b), .register(register))
                    }
                }
                for place in Place.all(unit: unit, listing) {
                    for (a, b) in [(3, 10), (20, 1)] {
                        listing.add("\(op) xmm\(a),xmm\(b),\(size) PTR \(place.text)") {
                            $0.vector(op, width, VectorRegister(a), VectorRegister(b), .memory(place.address))
                        }
                    }
                }
            }
            for op in VectorToInteger.allCases {
                let unit = "\(op)".contains("ss") ? 4 : 8
                for (register, number) in [(GPR.rax, 1), (.r9, 12), (.rsi, 16), (.r15, 31)] {
                    listing.add("\(op) \(register.name(width)),xmm\(number)") {
                        $0.vector(op, width, register, .register(VectorRegister(number)))
                    }
                }
                for place in Place.all(unit: unit, listing) {
                    listing.add("\(op) \(GPR.r10.name(width)),\(sizeName(unit)) PTR \(place.text)") {
                        $0.vector(op, width, .r10, .memory(place.address))
                    }
                }
            }
        }
        try report(&listing)
    }
}

private extension Form {
    var mask: Mask {
        if case .merging(let mask) = masking { return mask }
        return .k0
    }
}
