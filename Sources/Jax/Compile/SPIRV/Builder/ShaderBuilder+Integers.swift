// Integers as bits, whatever the sign of their type says: unsigned arithmetic and comparisons, and counts of bits.

extension ShaderBuilder {
    /// An operation on the bits as numbers without sign, with a result of the operands' type. The specification wants unsigned types
    /// for these (3.49.13).
    private func unsigned(_ opcode: Opcode, _ a: Value, _ b: Value) -> Value {
        let type = ShaderType(.uint(a.type.scalar.bitWidth), a.type.count)
        func cast(_ value: Value) -> Value { value.type.scalar.isSigned ? bitcast(value, to: type.scalar) : value }
        let quotient = result(opcode, type, [cast(a).id, cast(b).id])
        return a.type.scalar.isSigned ? bitcast(quotient, to: a.type.scalar) : quotient
    }

    public func divideUnsigned(_ a: Value, _ b: Value) -> Value { unsigned(.uDiv, a, b) }
    public func remainderUnsigned(_ a: Value, _ b: Value) -> Value { unsigned(.uMod, a, b) }

    public func lessUnsigned(_ a: Value, _ b: Value) -> Value { result(.uLessThan, ShaderType(.bool, a.type.count), [a.id, b.id]) }
    public func lessOrEqualUnsigned(_ a: Value, _ b: Value) -> Value {
        result(.uLessThanEqual, ShaderType(.bool, a.type.count), [a.id, b.id])
    }

    public func shiftRightLogical(_ a: Value, _ b: Value) -> Value { result(.shiftRightLogical, a.type, [a.id, b.id]) }
    public func shiftRightArithmetic(_ a: Value, _ b: Value) -> Value { result(.shiftRightArithmetic, a.type, [a.id, b.id]) }

    /// How many bits of a 32-bit integer are set.
    public func countOnes(_ a: Value) -> Value { result(.bitCount, a.type, [a.id]) }

    /// The place of the highest bit of a 32-bit integer that is set; -1 where none is.
    public func highestOne(_ a: Value) -> Value { extended(.findUMsb, [a]) }

    /// The bits as a number without sign in an integer type of another width.
    public func convertUnsigned(_ a: Value, to scalar: Scalar) -> Value {
        let converted = result(.uConvert, ShaderType(.uint(scalar.bitWidth), a.type.count), [a.id])
        return scalar.isSigned ? bitcast(converted, to: scalar) : converted
    }

    /// The value of an integer with a sign in a wider type.
    public func signExtend(_ a: Value, to scalar: Scalar) -> Value { result(.sConvert, ShaderType(scalar, a.type.count), [a.id]) }
}
