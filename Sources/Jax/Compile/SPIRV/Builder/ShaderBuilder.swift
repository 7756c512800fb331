// The body of a kernel: arithmetic, memory and conversions. An instruction is chosen by the type of its operands; operands
// of one instruction have one type, and a mismatch is a mistake of the caller that `spirv-val` names.

/// Appends instructions to a kernel's body.
public final class ShaderBuilder {
    public let module: ModuleBuilder
    /// Variables stand at the beginning of the function, wherever they were asked for.
    var variables: [UInt32] = []

    init(_ module: ModuleBuilder) { self.module = module }

    func emit(_ opcode: Opcode, _ operands: [UInt32]) { module.emit(ModuleBuilder.instruction(opcode, operands)) }

    func result(_ opcode: Opcode, _ type: ShaderType, _ operands: [UInt32]) -> Value {
        let id = module.makeID()
        emit(opcode, [module.id(of: type), id] + operands)
        return Value(id: id, type: type)
    }

    // Constants

    public func constant(_ value: UInt32) -> Value { module.constant(value) }
    public func constant(_ value: Int32) -> Value { module.constant(value) }
    public func constant(_ value: Float) -> Value { module.constant(value) }
    public func zero(_ type: ShaderType) -> Value { module.zero(type) }

    // Arithmetic

    private func byKind(_ a: Value, _ b: Value, float: Opcode, signed: Opcode, unsigned: Opcode) -> Value {
        let scalar = a.type.scalar
        return result(scalar.isFloat ? float : scalar.isSigned ? signed : unsigned, a.type, [a.id, b.id])
    }

    public func add(_ a: Value, _ b: Value) -> Value { byKind(a, b, float: .fAdd, signed: .iAdd, unsigned: .iAdd) }
    public func subtract(_ a: Value, _ b: Value) -> Value { byKind(a, b, float: .fSub, signed: .iSub, unsigned: .iSub) }
    public func multiply(_ a: Value, _ b: Value) -> Value { byKind(a, b, float: .fMul, signed: .iMul, unsigned: .iMul) }
    public func divide(_ a: Value, _ b: Value) -> Value { byKind(a, b, float: .fDiv, signed: .sDiv, unsigned: .uDiv) }
    public func remainder(_ a: Value, _ b: Value) -> Value { byKind(a, b, float: .fRem, signed: .sRem, unsigned: .uMod) }
    public func negate(_ a: Value) -> Value { result(a.type.scalar.isFloat ? .fNegate : .sNegate, a.type, [a.id]) }

    public func extended(_ function: ExtendedFunction, _ operands: [Value]) -> Value {
        let set = module.useExtendedSet()
        return result(.extInst, operands[0].type, [set, function.rawValue] + operands.map { $0.id })
    }

    public func min(_ a: Value, _ b: Value) -> Value {
        extended(a.type.scalar.isFloat ? .fMin : a.type.scalar.isSigned ? .sMin : .uMin, [a, b])
    }

    public func max(_ a: Value, _ b: Value) -> Value {
        extended(a.type.scalar.isFloat ? .fMax : a.type.scalar.isSigned ? .sMax : .uMax, [a, b])
    }

    /// The result of exactly this instruction, rounded once: not joined with another one.
    public func exact(_ value: Value) -> Value {
        module.forbidContraction(value.id)
        return value
    }

    public func fma(_ a: Value, _ b: Value, _ c: Value) -> Value { extended(.fma, [a, b, c]) }

    // Bits

    public func and(_ a: Value, _ b: Value) -> Value { result(a.type.scalar == .bool ? .logicalAnd : .bitwiseAnd, a.type, [a.id, b.id]) }
    public func or(_ a: Value, _ b: Value) -> Value { result(a.type.scalar == .bool ? .logicalOr : .bitwiseOr, a.type, [a.id, b.id]) }
    public func xor(_ a: Value, _ b: Value) -> Value {
        result(a.type.scalar == .bool ? .logicalNotEqual : .bitwiseXor, a.type, [a.id, b.id])
    }
    public func not(_ a: Value) -> Value { result(a.type.scalar == .bool ? .logicalNot : .not, a.type, [a.id]) }
    public func shiftLeft(_ a: Value, _ b: Value) -> Value { result(.shiftLeftLogical, a.type, [a.id, b.id]) }

    /// Keeps the sign of signed values.
    public func shiftRight(_ a: Value, _ b: Value) -> Value {
        result(a.type.scalar.isSigned ? .shiftRightArithmetic : .shiftRightLogical, a.type, [a.id, b.id])
    }

    // Comparison

    private func compare(_ a: Value, _ b: Value, float: Opcode, signed: Opcode, unsigned: Opcode) -> Value {
        let scalar = a.type.scalar
        return result(scalar.isFloat ? float : scalar.isSigned ? signed : unsigned, ShaderType(.bool, a.type.count), [a.id, b.id])
    }

    public func less(_ a: Value, _ b: Value) -> Value { compare(a, b, float: .fOrdLessThan, signed: .sLessThan, unsigned: .uLessThan) }
    public func lessOrEqual(_ a: Value, _ b: Value) -> Value {
        compare(a, b, float: .fOrdLessThanEqual, signed: .sLessThanEqual, unsigned: .uLessThanEqual)
    }
    public func greater(_ a: Value, _ b: Value) -> Value {
        compare(a, b, float: .fOrdGreaterThan, signed: .sGreaterThan, unsigned: .uGreaterThan)
    }

    public func equal(_ a: Value, _ b: Value) -> Value {
        a.type.scalar == .bool ? result(.logicalEqual, a.type, [a.id, b.id])
            : compare(a, b, float: .fOrdEqual, signed: .iEqual, unsigned: .iEqual)
    }

    public func notEqual(_ a: Value, _ b: Value) -> Value {
        a.type.scalar == .bool ? result(.logicalNotEqual, a.type, [a.id, b.id])
            : compare(a, b, float: .fUnordNotEqual, signed: .iNotEqual, unsigned: .iNotEqual)
    }

    public func select(_ condition: Value, _ a: Value, _ b: Value) -> Value { result(.select, a.type, [condition.id, a.id, b.id]) }

    // Conversion

    /// The value in another type of the same number of components: by value, not by bits.
    public func convert(_ a: Value, to scalar: Scalar) -> Value {
        let type = ShaderType(scalar, a.type.count), from = a.type.scalar
        if from == scalar { return a }
        if from == .bool { return select(a, module.constant(type, bits: oneBits(scalar)), zero(type)) }
        if scalar == .bool { return notEqual(a, zero(a.type)) }
        if from.isFloat {
            return result(scalar.isFloat ? .fConvert : scalar.isSigned ? .convertFToS : .convertFToU, type, [a.id])
        }
        if scalar.isFloat { return result(from.isSigned ? .convertSToF : .convertUToF, type, [a.id]) }
        if from.bitWidth == scalar.bitWidth { return bitcast(a, to: scalar) }
        // Widening follows the source's sign. UConvert gives unsigned values only; their bits are then read as asked for.
        if from.isSigned { return result(.sConvert, type, [a.id]) }
        let wide = result(.uConvert, ShaderType(.uint(scalar.bitWidth), type.count), [a.id])
        return scalar.isSigned ? bitcast(wide, to: scalar) : wide
    }

    private func oneBits(_ scalar: Scalar) -> UInt64 {
        switch scalar {
        case .float(16): return 0x3c00
        case .float(32): return 0x3f80_0000
        case .float: return 0x3ff0_0000_0000_0000
        default: return 1
        }
    }

    /// The same bits as another type of the same width.
    public func bitcast(_ a: Value, to scalar: Scalar) -> Value { result(.bitcast, ShaderType(scalar, a.type.count), [a.id]) }

    // Vectors

    public func vector(_ parts: [Value]) -> Value {
        result(.compositeConstruct, ShaderType(parts[0].type.scalar, parts.count), parts.map { $0.id })
    }

    public func extract(_ vector: Value, _ index: UInt32) -> Value {
        result(.compositeExtract, ShaderType(vector.type.scalar), [vector.id, index])
    }

    // Memory

    public func load(_ pointer: Pointer) -> Value { result(.load, pointer.type, [pointer.id] + access(pointer)) }
    public func store(_ value: Value, to pointer: Pointer) { emit(.store, [pointer.id, value.id] + access(pointer)) }

    /// What an address is a multiple of has to be said where it is used.
    private func access(_ pointer: Pointer) -> [UInt32] {
        pointer.storage == .physicalStorageBuffer ? [2, UInt32(pointer.type.byteCount)] : []  // Aligned
    }

    /// The place at an address inside a buffer: a u64 that is a multiple of the type's size.
    public func place(at address: Value, _ type: ShaderType) -> Pointer {
        module.require(.physicalStorageBufferAddresses)
        module.requireStorage(type)
        let id = module.makeID()
        emit(.convertUToPtr, [module.pointerType(.physicalStorageBuffer, to: module.id(of: type)), id, address.id])
        return Pointer(id: id, type: type, storage: .physicalStorageBuffer)
    }

    /// A place of the invocation's own.
    public func variable(_ type: ShaderType) -> Pointer {
        let id = module.makeID()
        let pointerType = module.pointerType(.function, to: module.id(of: type))
        variables += ModuleBuilder.instruction(.variable, [pointerType, id, StorageClass.function.rawValue])
        return Pointer(id: id, type: type, storage: .function)
    }

    public func variable(_ initial: Value) -> Pointer {
        let pointer = variable(initial.type)
        store(initial, to: pointer)
        return pointer
    }

    /// The place of one element.
    public func element(_ array: ArrayPointer, _ index: Value) -> Pointer {
        let pointerType = module.pointerType(array.storage, to: module.id(of: array.type))
        let id = module.makeID()
        emit(.accessChain, [pointerType, id, array.id] + (array.isMember ? [constant(UInt32(0)).id] : []) + [index.id])
        return Pointer(id: id, type: array.type, storage: array.storage)
    }

    public func load(_ array: ArrayPointer, _ index: Value) -> Value { load(element(array, index)) }
    public func store(_ value: Value, to array: ArrayPointer, _ index: Value) { store(value, to: element(array, index)) }

    /// How many elements the view that is bound to a storage buffer has.
    public func count(_ array: ArrayPointer) -> Value { result(.arrayLength, ShaderType(.u32), [array.id, 0]) }

    /// A parameter of the dispatch, by its place in `ModuleBuilder.parameters`.
    public func parameter(_ index: Int) -> Value {
        guard let (block, type) = module.parameter(index) else { return constant(UInt32(0)) }
        let pointerType = module.pointerType(.pushConstant, to: module.id(of: type))
        let id = module.makeID()
        emit(.accessChain, [pointerType, id, block, constant(UInt32(index)).id])
        return result(.load, type, [id])
    }

    /// A value that the device supplies; `component` of those that have three.
    public func builtIn(_ builtIn: BuiltIn, _ component: UInt32 = 0) -> Value {
        let value = load(module.builtIn(builtIn))
        return builtIn.isVector ? extract(value, component) : value
    }
}
