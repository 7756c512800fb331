// Code that runs: jumps, constants, loops, masks. What needs AVX-512 runs where the processor has it.
import CPU
import JaxPlatform
import Testing
import X86Assembler

/// Runs code as a C function: its arguments are in rdi, rsi and rdx.
private func execute(_ assembler: Assembler, _ a: UnsafeMutableRawPointer? = nil, _ b: UnsafeMutableRawPointer? = nil,
                     _ n: Int = 0) throws -> Int {
    var assembler = assembler
    let code = assembler.finish()
    let platform = HostedPlatform()
    let entry = try #require(code.withUnsafeBytes { platform.makeExecutable($0, name: "test") })
    defer { platform.freeExecutable(entry, byteCount: code.count) }
    typealias Function = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int) -> Int
    return unsafeBitCast(entry, to: Function.self)(a, b, n)
}

/// F, DQ, BW and VL.
private let hasAVX512 = cpu_cpuid(7, 0).ebx & 0xc003_0000 == 0xc003_0000

private let v = (0..<32).map { VectorRegister($0) }

@Suite struct ExecutionTests {
    @Test(arguments: [0, 1, 10, 1000])
    func sumByALoop(_ n: Int) throws {
        var a = Assembler()
        let done = a.makeLabel(), again = a.makeLabel()
        a.mov(.rax, immediate: 0)
        a.test(.qword, .rdx, .register(.rdx))
        a.jump(.e, done)
        a.align(16)
        a.bind(again)
        a.integer(.add, .qword, .rax, .register(.rdx))
        a.integer(.sub, .qword, .rdx, .immediate(1))
        a.jump(.ne, again)
        a.bind(done)
        a.ret()
        #expect(try execute(a, nil, nil, n) == n * (n + 1) / 2)
    }

    /// The last distance that takes one byte and the first that takes four.
    @Test(arguments: [100, 119, 120, 121, 122, 123, 124, 125, 1000])
    func backwardJumps(_ distance: Int) throws {
        var a = Assembler()
        let again = a.makeLabel()
        a.mov(.rax, immediate: 0)
        a.bind(again)
        a.integer(.add, .qword, .rax, .immediate(3))
        a.nop(distance)
        a.integer(.sub, .qword, .rdx, .immediate(1))
        let before = a.offset
        a.jump(.g, again)
        #expect(a.offset - before == (distance + 8 + 2 <= 128 ? 2 : 6))
        a.ret()
        #expect(try execute(a, nil, nil, 5) == 15)
    }

    @Test func calls() throws {
        var a = Assembler()
        let function = a.makeLabel()
        a.lea(.qword, .rcx, Address(function))
        a.push(.rbx)
        a.mov(.rbx, immediate: 40)
        a.call(.rcx)
        a.integer(.add, .qword, .rax, .register(.rbx))
        a.pop(.rbx)
        a.ret()
        a.bind(function)
        a.mov(.rax, immediate: 2)
        a.ret()
        #expect(try execute(a) == 42)
    }

    @Test func constants() throws {
        var a = Assembler()
        let four = a.constant(UInt32(0x1234_5678)), wide = a.constant(repeating: UInt64(7), .zmm), eight = a.constant(UInt64.max - 5)
        let sixteen = a.constant(repeating: UInt32(9), .xmm), thirtyTwo = a.constant(repeating: UInt32(9), .ymm)
        #expect(a.constant(UInt32(0x1234_5678)) == four)
        #expect(a.constant(repeating: UInt32(9), .ymm) == thirtyTwo)
        #expect(sixteen != thirtyTwo)
        // The lowest bits of all addresses at once, each below its alignment.
        a.mov(.rax, immediate: 0)
        for (label, size) in [(four, 4), (eight, 8), (sixteen, 16), (thirtyTwo, 32), (wide, 64)] {
            a.lea(.qword, .rcx, Address(label))
            a.integer(.and, .qword, .rcx, .immediate(Int32(size - 1)))
            a.integer(.or, .qword, .rax, .register(.rcx))
        }
        let aligned = a.makeLabel()
        a.jump(.e, aligned)
        a.ud2()
        a.bind(aligned)
        a.load(.dword, .rax, Address(four))
        a.integer(.sub, .qword, .rax, .memory(Address(eight)))
        a.integer(.add, .qword, .rax, .memory(Address(wide, 56)))
        a.integer(.cmp, .dword, Address(sixteen, 12), immediate: 9)
        a.set(.e, .rcx)
        a.movzx(.byte, .rcx, .register(.rcx))
        a.integer(.add, .qword, .rax, .register(.rcx))
        a.ret()
        #expect(try execute(a) == 0x1234_5678 + 6 + 7 + 1)
    }

    /// b += 2.5 a by multiply-adds of eight numbers.
    @Test func multiplyAddLoop() throws {
        let count = 64
        var x = (0..<count).map { Float($0) }, y = (0..<count).map { Float(1000 - $0) }
        var a = Assembler()
        let again = a.makeLabel()
        a.vector(.vmovups, .ymm, v[0], .memory(Address(a.constant(repeating: Float(2.5).bitPattern, .ymm))))
        a.integer(.xor, .dword, .rax, .register(.rax))
        a.bind(again)
        let x8 = Address(.rdi, index: .rax, scale: .four), y8 = Address(.rsi, index: .rax, scale: .four)
        a.vector(.vmovups, .ymm, v[9], .memory(y8))
        a.vector(.vfmadd231ps, .ymm, v[9], v[0], .memory(x8))
        a.vector(.vmovups, .ymm, .memory(y8), v[9])
        a.integer(.add, .qword, .rax, .immediate(8))
        a.integer(.cmp, .qword, .rax, .register(.rdx))
        a.jump(.l, again)
        a.vzeroupper()
        a.ret()
        let expected = zip(x, y).map { $0 * 2.5 + $1 }
        let end = try x.withUnsafeMutableBytes { x in
            try y.withUnsafeMutableBytes { try execute(a, x.baseAddress, $0.baseAddress, count) }
        }
        #expect(end == count)
        #expect(y == expected)
    }

    @Test func comparisonAndSelection() throws {
        var x: [Float] = [1, -2, .nan, 4, -5, 6, 0, -8], y = [Float](repeating: 0, count: 8)
        var a = Assembler()
        a.vector(.vmovups, .ymm, v[1], .memory(Address(.rdi)))
        a.vector(.vxorps, .ymm, v[2], v[2], .register(v[2]))
        a.vector(.vcmpps, .ymm, v[3], v[1], .register(v[2]), immediate: FloatPredicate.ltOQ.rawValue)
        a.vector(.vblendvps, .ymm, v[4], v[1], .register(v[2]), selector: v[3])
        a.vector(.vmovups, .ymm, .memory(Address(.rsi)), v[4])
        a.vector(.vmovmskps, .ymm, .rax, v[3])
        a.vzeroupper()
        a.ret()
        let signs = try x.withUnsafeMutableBytes { x in try y.withUnsafeMutableBytes { try execute(a, x.baseAddress, $0.baseAddress) } }
        #expect(signs == 0b1001_0010)
        #expect(y[2].isNaN)
        y[2] = 0
        #expect(y == [1, 0, 0, 4, 0, 6, 0, 0])
    }

    /// The last elements by a mask, a compressed displacement, high registers, an element in every lane.
    @Test(.enabled(if: hasAVX512), arguments: [1, 7, 16])
    func maskedTail(_ count: Int) throws {
        var x = (0..<32).map { Float($0) }, y = [Float](repeating: -1, count: 32)
        var a = Assembler()
        a.mov(.rcx, immediate: -1)
        a.shift(.shlx, .qword, .rcx, .register(.rcx), by: .rdx)
        a.integer(.not, .qword, .register(.rcx))
        a.kmov(.w, .k1, .rcx)
        a.vector(.vmovups, .zmm, v[20], .memory(Address(.rdi, 64)), mask: .zeroing(.k1))
        a.vector(.vmulps, .zmm, v[31], v[20], .broadcast(Address(.rdi, 12)))
        a.vector(.vcmpps, .zmm, .k2, v[31], .broadcast(Address(a.constant(Float(50).bitPattern))), .gtOQ, mask: .k1)
        a.vector(.vmovups, .zmm, .memory(Address(.rsi, 64)), v[31], mask: .merging(.k1))
        a.kmov(.w, .rax, .k2)
        a.count(.popcnt, .qword, .rax, .register(.rax))
        a.vzeroupper()
        a.ret()
        let above = try x.withUnsafeMutableBytes { x in
            try y.withUnsafeMutableBytes { try execute(a, x.baseAddress, $0.baseAddress, count) }
        }
        #expect(above == max(count - 1, 0))
        #expect(y == (0..<32).map { $0 >= 16 && $0 < 16 + count ? Float($0) * 3 : -1 })
    }

    @Test(.enabled(if: hasAVX512)) func gatherAndScatter() throws {
        var x = (0..<16).map { Int32($0 * $0) }, y = [Int32](repeating: 0, count: 16)
        let indices = (0..<16).map { UInt32(($0 * 5 + 3) % 16) }
        var a = Assembler()
        let bytes = indices.flatMap { index in (0..<4).map { UInt8(truncatingIfNeeded: index >> (8 * UInt32($0))) } }
        a.vector(.vmovdqu32, .zmm, v[18], .memory(Address(a.constant(bytes))))
        for mask in [Mask.k1, .k2] { a.mask(.kxnor, .w, mask, mask, mask) }
        a.vector(.vpgatherdd, .zmm, v[3], VectorAddress(.rdi, index: v[18], scale: .four), mask: .k1)
        a.vector(.vpaddd, .zmm, v[3], v[3], .broadcast(Address(a.constant(UInt32(1)))))
        a.vector(.vpscatterdd, .zmm, VectorAddress(.rsi, index: v[18], scale: .four), v[3], mask: .k2)
        a.vzeroupper()
        a.ret()
        _ = try x.withUnsafeMutableBytes { x in try y.withUnsafeMutableBytes { try execute(a, x.baseAddress, $0.baseAddress) } }
        #expect(y == x.map { $0 + 1 })
    }

    @Test func divisionAndCounts() throws {
        var a = Assembler()
        a.mov(.qword, .rcx, .rdx)
        a.mov(.rax, immediate: -1_000_003)
        a.signIntoRDX(.qword)
        a.integer(.idiv, .qword, .register(.rcx))
        a.imul(.qword, .rax, .immediate(1000))
        a.integer(.add, .qword, .rax, .register(.rdx))
        a.ret()
        #expect(try execute(a, nil, nil, 97) == -1_000_003 / 97 * 1000 + -1_000_003 % 97)
    }
}
