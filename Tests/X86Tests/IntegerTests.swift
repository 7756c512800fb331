// Every general purpose instruction, in every form, against objdump and as.
import Testing
import X86Assembler

func dwordName(_ register: GPR) -> String {
    register.rawValue >= 8 ? "\(register)d" : "e" + "\(register)".dropFirst()
}

private func wordName(_ register: GPR) -> String {
    register.rawValue >= 8 ? "\(register)w" : String("\(register)".dropFirst())
}

private func byteName(_ register: GPR) -> String {
    if register.rawValue >= 8 { return "\(register)b" }
    let word = "\(register)".dropFirst()
    return word.hasSuffix("x") ? word.dropLast() + "l" : word + "l"
}

extension GPR {
    func name(_ width: IntegerWidth) -> String { width == .qword ? "\(self)" : dwordName(self) }

    func name(_ size: MemorySize) -> String {
        switch size {
        case .byte: byteName(self)
        case .word: wordName(self)
        case .dword: dwordName(self)
        case .qword: "\(self)"
        }
    }
}

private extension IntegerWidth {
    var pointer: String { self == .qword ? "QWORD PTR " : "DWORD PTR " }

    /// A sign-extended immediate as objdump writes it.
    func text(_ value: Int32) -> String {
        "0x" + (self == .qword ? String(UInt64(bitPattern: Int64(value)), radix: 16) : String(UInt32(bitPattern: value), radix: 16))
    }
}

private extension MemorySize {
    var pointer: String { "\(self) PTR ".replacing("\(self)", with: "\(self)".uppercased()) }
}

private let widths = [IntegerWidth.dword, .qword]
private let immediates: [Int32] = [0, 1, 127, 128, -1, -128, -129, 0x12345678, .min, .max]
/// Two registers, over all numbers.
private let pairs = GPR.allCases.map { ($0, GPR(rawValue: ($0.rawValue &* 7 &+ 3) & 15)!) }

@Suite struct IntegerTests {
    @Test func arithmetic() throws {
        var listing = Listing()
        for width in widths {
            for op in IntegerOp.allCases {
                for (a, b) in pairs {
                    listing.add("\(op) \(a.name(width)),\(b.name(width))") { $0.integer(op, width, a, .register(b)) }
                    for value in immediates {
                        listing.add("\(op) \(a.name(width)),\(width.text(value))") { $0.integer(op, width, a, .immediate(value)) }
                    }
                }
                for place in Place.all(unit: 1, listing) {
                    let memory = width.pointer + place.text
                    for register in [GPR.rcx, .r11] {
                        listing.add("\(op) \(register.name(width)),\(memory)") { $0.integer(op, width, register, .memory(place.address)) }
                        listing.add("\(op) \(memory),\(register.name(width))") { $0.integer(op, width, place.address, register) }
                    }
                    for value in [Int32(5), -700] {
                        listing.add("\(op) \(memory),\(width.text(value))") { $0.integer(op, width, place.address, immediate: value) }
                    }
                }
            }
            for (a, b) in pairs {
                listing.add("test \(a.name(width)),\(b.name(width))") { $0.test(width, a, .register(b)) }
                for value in immediates {
                    listing.add("test \(a.name(width)),\(width.text(value))") { $0.test(width, a, .immediate(value)) }
                }
            }
            for place in Place.all(unit: 1, listing) {
                listing.add("test \(width.pointer)\(place.text),\(GPR.r9.name(width))") { $0.test(width, .r9, .memory(place.address)) }
            }
        }
        try report(&listing)
    }

    @Test func multiplication() throws {
        var listing = Listing()
        for width in widths {
            for (a, b) in pairs {
                listing.add("imul \(a.name(width)),\(b.name(width))") { $0.imul(width, a, .register(b)) }
                for value in immediates {
                    listing.add("imul \(a.name(width)),\(a.name(width)),\(width.text(value))") { $0.imul(width, a, .immediate(value)) }
                    listing.add("imul \(a.name(width)),\(b.name(width)),\(width.text(value))") {
                        $0.imul(width, a, .register(b), by: value)
                    }
                }
                for op in IntegerUnary.allCases { listing.add("\(op) \(a.name(width))") { $0.integer(op, width, .register(a)) } }
            }
            for place in Place.all(unit: 1, listing) {
                let memory = width.pointer + place.text
                listing.add("imul \(GPR.rbx.name(width)),\(memory)") { $0.imul(width, .rbx, .memory(place.address)) }
                listing.add("imul \(GPR.r8.name(width)),\(memory),0x7") { $0.imul(width, .r8, .memory(place.address), by: 7) }
                listing.add("imul \(GPR.r8.name(width)),\(memory),0x700") { $0.imul(width, .r8, .memory(place.address), by: 0x700) }
                for op in IntegerUnary.allCases { listing.add("\(op) \(memory)") { $0.integer(op, width, .memory(place.address)) } }
            }
        }
        listing.add("cdq") { $0.signIntoRDX(.dword) }
        listing.add("cqo") { $0.signIntoRDX(.qword) }
        try report(&listing)
    }

    @Test func bits() throws {
        var listing = Listing()
        for width in widths {
            for (a, b) in pairs {
                for op in Shift.allCases {
                    listing.add("\(op) \(a.name(width)),1") { $0.shift(op, width, a, by: 1) }
                    listing.add("\(op) \(a.name(width)),0x1f") { $0.shift(op, width, a, by: 31) }
                    listing.add("\(op) \(a.name(width)),cl") { $0.shiftByCL(op, width, a) }
                }
                for op in FlaglessShift.allCases {
                    listing.add("\(op) \(a.name(width)),\(b.name(width)),\(GPR.r14.name(width))") {
                        $0.shift(op, width, a, .register(b), by: .r14)
                    }
                }
                for op in BitCount.allCases {
                    listing.add("\(op) \(a.name(width)),\(b.name(width))") { $0.count(op, width, a, .register(b)) }
                }
                listing.add("bt \(a.name(width)),\(b.name(width))") { $0.bt(width, a, bit: b) }
                listing.add("bt \(a.name(width)),0x11") { $0.bt(width, a, bit: 17) }
            }
            for place in Place.all(unit: 1, listing) {
                for op in BitCount.allCases {
                    listing.add("\(op) \(GPR.rsi.name(width)),\(width.pointer)\(place.text)") {
                        $0.count(op, width, .rsi, .memory(place.address))
                    }
                }
                for op in FlaglessShift.allCases {
                    listing.add("\(op) \(GPR.rdi.name(width)),\(width.pointer)\(place.text),\(GPR.rcx.name(width))") {
                        $0.shift(op, width, .rdi, .memory(place.address), by: .rcx)
                    }
                }
            }
        }
        try report(&listing)
    }

    @Test func moves() throws {
        var listing = Listing()
        for (a, b) in pairs {
            for width in widths {
                listing.add("mov \(a.name(width)),\(b.name(width))") { $0.mov(width, a, b) }
                for size in [MemorySize.byte, .word] {
                    listing.add("movsx \(a.name(width)),\(b.name(size))") { $0.movsx(size, width, a, .register(b)) }
                }
            }
            listing.add("movsxd \(a),\(dwordName(b))") { $0.movsx(.dword, .qword, a, .register(b)) }
            listing.add("movzx \(dwordName(a)),\(b.name(.byte))") { $0.movzx(.byte, a, .register(b)) }
            listing.add("movzx \(dwordName(a)),\(b.name(.word))") { $0.movzx(.word, a, .register(b)) }
            listing.add("mov \(dwordName(a)),\(dwordName(b))") { $0.movzx(.dword, a, .register(b)) }
            for value in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff] {
                listing.add("mov \(dwordName(a)),0x\(String(value, radix: 16))") { $0.mov(a, immediate: Int64(value)) }
            }
            for value in [-1, -0x8000_0000] {
                listing.add("mov \(a),0x\(String(UInt64(bitPattern: Int64(value)), radix: 16))") { $0.mov(a, immediate: Int64(value)) }
            }
            for value in [0x1_0000_0000, -0x8000_0001] {
                listing.add("movabs \(a),0x\(String(UInt64(bitPattern: Int64(value)), radix: 16))") { $0.mov(a, immediate: Int64(value)) }
            }
            listing.add("push \(a)") { $0.push(a) }
            listing.add("pop \(a)") { $0.pop(a) }
            for condition in Condition.allCases {
                listing.add("set\(condition) \(byteName(a))") { $0.set(condition, a) }
                for width in widths {
                    listing.add("cmov\(condition) \(a.name(width)),\(b.name(width))") { $0.cmov(condition, width, a, .register(b)) }
                }
            }
        }
        try report(&listing)
    }

    @Test func memory() throws {
        var listing = Listing()
        for place in Place.all(unit: 1, listing) {
            for a in [GPR.rax, .rsi, .r13] {
                for size in MemorySize.allCases {
                    let memory = size.pointer + place.text
                    listing.add("mov \(memory),\(a.name(size))") { $0.store(size, place.address, a) }
                    let target = size == .qword ? "\(a)" : dwordName(a)
                    let mnemonic = size == .byte || size == .word ? "movzx" : "mov"
                    listing.add("\(mnemonic) \(target),\(memory)") { $0.load(size, a, place.address) }
                    for width in widths where size == .byte || size == .word {
                        listing.add("movsx \(a.name(width)),\(memory)") { $0.movsx(size, width, a, .memory(place.address)) }
                    }
                }
                listing.add("movsxd \(a),DWORD PTR \(place.text)") { $0.movsx(.dword, .qword, a, .memory(place.address)) }
                for width in widths {
                    listing.add("lea \(a.name(width)),\(place.text)") { $0.lea(width, a, place.address) }
                    listing.add("cmovle \(a.name(width)),\(width.pointer)\(place.text)") {
                        $0.cmov(.le, width, a, .memory(place.address))
                    }
                }
            }
            listing.add("mov BYTE PTR \(place.text),0xfe") { $0.store(.byte, place.address, immediate: -2) }
            listing.add("mov WORD PTR \(place.text),0x1234") { $0.store(.word, place.address, immediate: 0x1234) }
            listing.add("mov DWORD PTR \(place.text),0x12345678") { $0.store(.dword, place.address, immediate: 0x12345678) }
            listing.add("mov QWORD PTR \(place.text),0xfffffffffffffffe") { $0.store(.qword, place.address, immediate: -2) }
            listing.add("prefetcht0 BYTE PTR \(place.text)") { $0.prefetcht0(place.address) }
            listing.add("prefetcht1 BYTE PTR \(place.text)") { $0.prefetcht1(place.address) }
        }
        try report(&listing)
    }

    @Test func control() throws {
        var listing = Listing()
        for register in GPR.allCases {
            listing.add("call \(register)") { $0.call(register) }
            listing.add("jmp \(register)") { $0.jump(register) }
        }
        listing.add("ret") { $0.ret() }
        listing.add("int3") { $0.int3() }
        listing.add("ud2") { $0.ud2() }
        listing.add("vzeroupper") { $0.vzeroupper() }
        let start = listing.start, end = listing.end
        listing.add("jmp START") { $0.jump(start) }
        for condition in Condition.allCases { listing.add("j\(condition) START") { $0.jump(condition, start) } }
        listing.add("jmp END") { $0.jump(end) }
        for condition in Condition.allCases { listing.add("j\(condition) END") { $0.jump(condition, end) } }
        for (length, text) in [(1, "nop"), (2, "xchg ax,ax"), (3, "nop DWORD PTR [rax]"), (4, "nop DWORD PTR [rax+0x0]"),
                               (5, "nop DWORD PTR [rax+rax*1+0x0]"), (6, "nop WORD PTR [rax+rax*1+0x0]"),
                               (7, "nop DWORD PTR [rax+0x0]"), (8, "nop DWORD PTR [rax+rax*1+0x0]"),
                               (9, "nop WORD PTR [rax+rax*1+0x0]")] {
            listing.add(text, isPadding: true) { $0.nop(length) }
        }
        try report(&listing)
    }
}
