// x86-64 machine code under construction: the bytes, the labels with what refers to them, and the constants, which `finish` puts
// behind the code. The code refers to itself only relative to the instruction pointer, so it runs wherever it is copied to, as
// long as it begins at a multiple of 64.

/// Assembles one piece of code.
///
///     var assembler = Assembler()
///     let ones = assembler.constant(repeating: Float(1).bitPattern, .ymm)
///     assembler.vector(.vaddps, .ymm, VectorRegister(0), VectorRegister(0), .memory(Address(ones)))
///     assembler.ret()
///     let code = assembler.finish()
public struct Assembler {
    private(set) var code: [UInt8] = []
    /// The offset of each label; negative until it is bound.
    private var offsets: [Int] = []
    private var references: [Reference] = []
    private var pool = ConstantPool()

    /// Four bytes of the code that hold the distance from `end` to a label.
    private struct Reference {
        let position: Int
        let end: Int
        let label: Label
        let displacement: Int32
    }

    public init() {}

    /// The number of bytes so far.
    public var offset: Int { code.count }

    // Bytes

    mutating func byte(_ value: UInt8) { code.append(value) }

    mutating func word(_ value: UInt16) {
        byte(UInt8(truncatingIfNeeded: value))
        byte(UInt8(truncatingIfNeeded: value >> 8))
    }

    mutating func dword(_ value: UInt32) {
        word(UInt16(truncatingIfNeeded: value))
        word(UInt16(truncatingIfNeeded: value >> 16))
    }

    mutating func qword(_ value: UInt64) {
        dword(UInt32(truncatingIfNeeded: value))
        dword(UInt32(truncatingIfNeeded: value >> 32))
    }

    // Labels

    /// A label that is not bound yet.
    public mutating func makeLabel() -> Label {
        offsets.append(-1)
        return Label(index: offsets.count - 1)
    }

    /// Puts a label here.
    public mutating func bind(_ label: Label) {
        precondition(offsets[label.index] < 0, "a label is bound once")
        offsets[label.index] = code.count
    }

    /// Where a label is, once it is bound.
    func offset(of label: Label) -> Int? {
        offsets[label.index] < 0 ? nil : offsets[label.index]
    }

    /// Four bytes that refer to `label`; `trailing` bytes of the instruction follow.
    mutating func reference(_ label: Label, displacement: Int32 = 0, trailing: Int = 0) {
        references.append(Reference(position: code.count, end: code.count + 4 + trailing, label: label, displacement: displacement))
        dword(0)
    }

    // Constants

    /// The label of a constant of 4, 8, 16, 32 or 64 bytes, aligned to its size. Equal constants are one.
    public mutating func constant(_ bytes: [UInt8]) -> Label {
        if let known = pool.label(of: bytes) { return known }
        let label = makeLabel()
        pool.insert(bytes, label)
        return label
    }

    public mutating func constant(_ value: UInt32) -> Label { constant(ConstantPool.bytes(UInt64(value), count: 4)) }
    public mutating func constant(_ value: UInt64) -> Label { constant(ConstantPool.bytes(value, count: 8)) }

    /// A constant with the same value in every element of a register.
    public mutating func constant(repeating value: UInt32, _ width: VectorWidth) -> Label {
        constant(repeating: UInt64(value) << 32 | UInt64(value), width)
    }

    public mutating func constant(repeating value: UInt64, _ width: VectorWidth) -> Label {
        var bytes: [UInt8] = []
        for _ in 0..<width.byteCount / 8 { bytes += ConstantPool.bytes(value, count: 8) }
        return constant(bytes)
    }

    /// The code with its constants, every reference resolved. The assembler is not to be used after it.
    public mutating func finish() -> [UInt8] {
        // The largest come first, so that each is aligned when the first is.
        for entry in pool.descending() {
            while code.count % entry.bytes.count != 0 { int3() }
            bind(entry.label)
            code += entry.bytes
        }
        for reference in references {
            guard let target = offset(of: reference.label) else { preconditionFailure("a label was used and never bound") }
            let distance = UInt32(bitPattern: Int32(target - reference.end) + reference.displacement)
            for index in 0..<4 { code[reference.position + index] = UInt8(truncatingIfNeeded: distance >> (8 * UInt32(index))) }
        }
        return code
    }
}
