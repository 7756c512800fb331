// Elements in memory: where they lie, and what a lane becomes there. Addresses are computed in 64 bits, distances within a buffer in 32.
import Loops
import SPIRV

extension ShaderRendering {
    private var word: ShaderType { ShaderType(.uint(64)) }

    /// Where a buffer begins, from the table.
    func address(of buffer: Int) -> Value {
        let entry = shader.add(shader.parameter(0), shader.module.constant(word, bits: UInt64(8 * buffer)))
        return shader.load(shader.place(at: entry, word))
    }

    /// The place of an element. What differs by constants only shares all but one addition.
    private func element(_ buffer: BufferID, _ place: Place, _ type: ShaderType) -> Pointer {
        var address = addresses[Int(buffer.id)] ?? shader.zero(word)
        if let sum = place.sum {
            let distance = type.byteCount == 1 ? sum : shader.multiply(sum, shader.constant(Int32(type.byteCount)))
            address = shader.add(address, shader.bitcast(shader.signExtend(distance, to: .int(64)), to: .uint(64)))
        }
        if place.constant != 0 {
            address = shader.add(address, shader.module.constant(word, bits: UInt64(bitPattern: Int64(place.constant * type.byteCount))))
        }
        return shader.place(at: address, type)
    }

    /// The lane of an element.
    func load(_ buffer: BufferID, _ place: Place) -> Value {
        let element = kernel.buffers[Int(buffer.id)].element
        let stored = shader.load(self.element(buffer, place, ShaderRendering.stored(element)))
        switch element {
        case .bool: return shader.notEqual(stored, shader.zero(stored.type))
        case .i8, .i16: return shader.signExtend(stored, to: .i32)
        case .u8, .u16: return shader.convertUnsigned(stored, to: .i32)
        case .f16: return shader.convert(shader.bitcast(stored, to: .f16), to: .f32)
        case .bf16: return bfloat16(shader.convertUnsigned(stored, to: .i32))
        case .i32, .i64, .f32, .f64: return stored
        }
    }

    /// Writes a lane as an element.
    func store(_ lane: Value, to buffer: BufferID, _ place: Place) {
        let element = kernel.buffers[Int(buffer.id)].element, type = ShaderRendering.stored(element)
        let value: Value
        switch element {
        case .bool: value = shader.convert(lane, to: type.scalar)
        case .i8, .u8, .i16, .u16: value = shader.convertUnsigned(lane, to: type.scalar)
        case .f16: value = shader.convertUnsigned(float16Bits(lane), to: type.scalar)
        case .bf16: value = shader.convertUnsigned(bfloat16Bits(lane), to: type.scalar)
        case .i32, .i64, .f32, .f64: value = lane
        }
        shader.store(value, to: self.element(buffer, place, type))
    }

    /// Narrow floats are integers in memory.
    private static func stored(_ element: ElementType) -> ShaderType {
        switch element {
        case .bool, .u8: return ShaderType(.uint(8))
        case .i8: return ShaderType(.int(8))
        case .i16: return ShaderType(.int(16))
        case .u16, .f16, .bf16: return ShaderType(.uint(16))
        case .i32, .i64, .f32, .f64: return ShaderType(scalar(element.lane))
        }
    }

    // MARK: Narrow floats
    // A device may round conversions as it likes (Vulkan, "Precision and Operation of SPIR-V Instructions"), so the bits are computed.

    private func bits(_ number: UInt32) -> Value { shader.constant(Int32(bitPattern: number)) }

    /// The f32 with these upper 16 bits.
    func bfloat16(_ upper: Value) -> Value { shader.bitcast(shader.shiftLeft(upper, bits(16)), to: .f32) }

    /// The upper half of an f32's bits after rounding, ties to even; a NaN stays one.
    func bfloat16Bits(_ value: Value) -> Value {
        let all = shader.bitcast(value, to: .i32)
        let odd = shader.and(shader.shiftRightLogical(all, bits(16)), bits(1))
        let rounded = shader.shiftRightLogical(shader.add(all, shader.add(odd, bits(0x7FFF))), bits(16))
        let quiet = shader.or(shader.shiftRightLogical(all, bits(16)), bits(0x40))
        return shader.select(shader.notEqual(value, value), quiet, rounded)
    }

    /// The bits of the nearest f16 (IEEE 754 binary16), ties to even.
    func float16Bits(_ value: Value) -> Value {
        let all = shader.bitcast(value, to: .i32)
        let sign = shader.and(shader.shiftRightLogical(all, bits(16)), bits(0x8000)), size = shader.and(all, bits(0x7FFF_FFFF))
        // Normal numbers: the exponent's bias changes by 112, and 13 bits are rounded away.
        let odd = shader.and(shader.shiftRightLogical(size, bits(13)), bits(1))
        let normal = shader.shiftRightLogical(shader.add(shader.subtract(size, bits(112 << 23)), shader.add(odd, bits(0xFFF))), bits(13))
        // Below 2^-14 the result counts multiples of 2^-24: adding 0.5 rounds to them.
        let half = shader.constant(Float(0.5))
        let sum = shader.exact(shader.add(shader.bitcast(size, to: .f32), half))
        let small = shader.subtract(shader.bitcast(sum, to: .i32), shader.bitcast(half, to: .i32))
        let finite = shader.select(shader.less(size, bits(113 << 23)), small, normal)
        // From 65520 on the nearest is infinite.
        let bounded = shader.select(shader.less(size, bits(0x477F_F000)), finite, bits(0x7C00))
        let isNaN = shader.less(bits(0x7F80_0000), size)
        return shader.or(sign, shader.select(isNaN, bits(0x7E00), bounded))
    }
}
