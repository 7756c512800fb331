// What whoever shapes loops has to know of a target, and all that it knows.

/// What the shape of loops depends on.
public struct LoopTarget {
    /// 32-bit lanes of a vector.
    public var lanes: Int
    /// Vector registers for values.
    public var registers: Int

    public init(lanes: Int, registers: Int) {
        self.lanes = lanes
        self.registers = registers
    }
}
