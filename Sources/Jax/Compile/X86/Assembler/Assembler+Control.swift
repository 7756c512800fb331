// Where execution goes on: jumps, calls, and what stands between them.

extension Assembler {
    /// Backward in two bytes where it is near enough. Forward jumps always take four bytes of distance, since it is not known yet.
    public mutating func jump(_ label: Label) {
        if let distance = shortDistance(label) {
            byte(0xeb)
            byte(distance)
        } else {
            byte(0xe9)
            reference(label)
        }
    }

    public mutating func jump(_ condition: Condition, _ label: Label) {
        if let distance = shortDistance(label) {
            byte(0x70 | condition.rawValue)
            byte(distance)
        } else {
            byte(0x0f)
            byte(0x80 | condition.rawValue)
            reference(label)
        }
    }

    /// From the end of a jump of two bytes to a label that is bound.
    private func shortDistance(_ label: Label) -> UInt8? {
        guard let target = offset(of: label), let distance = Int8(exactly: target - (offset + 2)) else { return nil }
        return UInt8(bitPattern: distance)
    }

    public mutating func jump(_ target: GPR) { legacy(0xff, .dword, 4, .register(target.rawValue)) }
    public mutating func call(_ target: GPR) { legacy(0xff, .dword, 2, .register(target.rawValue)) }
    public mutating func ret() { byte(0xc3) }
    public mutating func int3() { byte(0xcc) }

    public mutating func ud2() {
        byte(0x0f)
        byte(0x0b)
    }

    /// To be executed between 256-bit code and code that does not know of it.
    public mutating func vzeroupper() {
        byte(0xc5)
        byte(0xf8)
        byte(0x77)
    }

    /// `count` bytes that do nothing, as few instructions as possible.
    public mutating func nop(_ count: Int = 1) {
        var left = count
        while left > 0 {
            let length = min(left, 9)
            left -= length
            switch length {
            case 1: byte(0x90)
            case 2:
                byte(0x66)
                byte(0x90)
            default:
                // nop dword ptr [rax + …]: without displacement, with one of 8 or 32 bits, with an index, with a size prefix.
                let hasPrefix = length == 6 || length == 9
                let body = hasPrefix ? length - 1 : length
                if hasPrefix { byte(0x66) }
                byte(0x0f)
                byte(0x1f)
                byte(body < 4 ? 0x00 : body == 4 ? 0x40 : body == 5 ? 0x44 : body == 7 ? 0x80 : 0x84)
                for _ in 3..<body { byte(0) }
            }
        }
    }

    /// Fills with `nop` up to a multiple of a power of two, for the target of a loop.
    public mutating func align(_ alignment: Int) {
        nop((alignment - offset % alignment) % alignment)
    }
}
