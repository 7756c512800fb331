// A SPIR-V module under construction: its sections in the order that the specification wants (2.4), types and constants
// without duplicates, and the interface of one compute kernel. `ShaderBuilder` writes the body.

/// Builds one module with one entry point.
public final class ModuleBuilder {
    private static let magic: UInt32 = 0x0723_0203
    private static let version1_3: UInt32 = 0x0001_0300

    private var capabilities: [Capability] = [.shader]
    private var annotations: [UInt32] = []
    private var debugNames: [UInt32] = []
    private var declarations: [UInt32] = []
    private var body: [UInt32] = []
    private var interface: [UInt32] = []
    private var lastID: UInt32 = 0
    /// What was declared, as its words without the result: [opcode, operands…], and the id.
    private var declared: [(key: [UInt32], id: UInt32)] = []
    private var builtIns: [(BuiltIn, Pointer)] = []
    private var parameterBlock: (id: UInt32, types: [ShaderType])?
    private(set) lazy var extendedSet = makeID()
    private var usesExtendedSet = false
    /// Widths of floats whose infinities, NaNs and signs of zero count.
    private var exactFloats: [UInt32] = []
    let entryName: String

    public init(entry: String = "main") { entryName = entry }

    func makeID() -> UInt32 {
        lastID += 1
        return lastID
    }

    public func require(_ capability: Capability) {
        if !capabilities.contains(capability) { capabilities.append(capability) }
    }

    // Words

    static func instruction(_ opcode: Opcode, _ operands: [UInt32]) -> [UInt32] {
        [UInt32(operands.count + 1) << 16 | UInt32(opcode.rawValue)] + operands
    }

    static func literal(_ text: String) -> [UInt32] {
        var words: [UInt32] = [0]
        for (index, byte) in text.utf8.enumerated() {
            words[index / 4] |= UInt32(byte) << (8 * UInt32(index % 4))
            if index % 4 == 3 { words.append(0) }
        }
        return words
    }

    func emit(_ words: [UInt32]) { body.append(contentsOf: words) }

    /// Declares something once: the same opcode and operands give the same id. The result stands after `typed` operands.
    private func declare(_ opcode: Opcode, _ operands: [UInt32], typed: Int = 0, unique: Bool = true) -> UInt32 {
        let key = [UInt32(opcode.rawValue)] + operands
        if unique, let known = declared.first(where: { $0.key == key }) { return known.id }
        let id = makeID()
        declared.append((key, id))
        declarations += ModuleBuilder.instruction(opcode, Array(operands[..<typed]) + [id] + Array(operands[typed...]))
        return id
    }

    private func decorate(_ target: UInt32, _ decoration: Decoration, _ operands: [UInt32] = []) {
        annotations += ModuleBuilder.instruction(.decorate, [target, decoration.rawValue] + operands)
    }

    private func decorateMember(_ target: UInt32, _ member: UInt32, _ decoration: Decoration, _ operands: [UInt32] = []) {
        annotations += ModuleBuilder.instruction(.memberDecorate, [target, member, decoration.rawValue] + operands)
    }

    func setName(_ id: UInt32, _ name: String) { debugNames += ModuleBuilder.instruction(.name, [id] + ModuleBuilder.literal(name)) }

    // Types

    var voidType: UInt32 { declare(.typeVoid, []) }

    func id(of scalar: Scalar) -> UInt32 {
        switch scalar {
        case .bool: return declare(.typeBool, [])
        case .int(let width):
            requireInteger(width)
            return declare(.typeInt, [width, 1])
        case .uint(let width):
            requireInteger(width)
            return declare(.typeInt, [width, 0])
        case .float(let width):
            if width == 16 { require(.float16) }
            if width == 64 { require(.float64) }
            return declare(.typeFloat, [width])
        }
    }

    private func requireInteger(_ width: UInt32) {
        if width == 8 { require(.int8) }
        if width == 16 { require(.int16) }
        if width == 64 { require(.int64) }
    }

    func id(of type: ShaderType) -> UInt32 {
        let scalar = id(of: type.scalar)
        return type.count == 1 ? scalar : declare(.typeVector, [scalar, UInt32(type.count)])
    }

    func pointerType(_ storage: StorageClass, to type: UInt32) -> UInt32 { declare(.typePointer, [storage.rawValue, type]) }

    // Constants

    public func constant(_ type: ShaderType, bits: UInt64) -> Value {
        let typeID = id(of: type.scalar)
        let scalar: UInt32
        if type.scalar == .bool {
            scalar = declare(bits == 0 ? .constantFalse : .constantTrue, [typeID], typed: 1)
        } else {
            let low = UInt32(truncatingIfNeeded: bits), high = UInt32(truncatingIfNeeded: bits >> 32)
            scalar = declare(.constant, [typeID] + (type.scalar.bitWidth > 32 ? [low, high] : [low]), typed: 1)
        }
        guard type.count > 1 else { return Value(id: scalar, type: type) }
        let parts = [UInt32](repeating: scalar, count: type.count)
        return Value(id: declare(.constantComposite, [id(of: type)] + parts, typed: 1), type: type)
    }

    public func constant(_ value: UInt32) -> Value { constant(ShaderType(.u32), bits: UInt64(value)) }
    public func constant(_ value: Int32) -> Value { constant(ShaderType(.i32), bits: UInt64(UInt32(bitPattern: value))) }
    public func constant(_ value: Float) -> Value { constant(ShaderType(.f32), bits: UInt64(value.bitPattern)) }
    public func constant(_ value: Bool) -> Value { constant(ShaderType(.bool), bits: value ? 1 : 0) }

    /// Zero of any type.
    public func zero(_ type: ShaderType) -> Value { Value(id: declare(.constantNull, [id(of: type)], typed: 1), type: type) }

    /// A constant that is fixed when the kernel is made; `bits` is its value otherwise.
    public func specialization(_ number: UInt32, _ type: ShaderType, bits: UInt64) -> Value {
        let typeID = id(of: type.scalar)
        let low = UInt32(truncatingIfNeeded: bits), high = UInt32(truncatingIfNeeded: bits >> 32)
        let id = type.scalar == .bool
            ? declare(bits == 0 ? .specConstantFalse : .specConstantTrue, [typeID], typed: 1, unique: false)
            : declare(.specConstant, [typeID] + (type.scalar.bitWidth > 32 ? [low, high] : [low]), typed: 1, unique: false)
        decorate(id, .specId, [number])
        return Value(id: id, type: type)
    }

    // The kernel's interface

    /// Storage buffer `binding` of set 0: an array of `type` without a fixed length.
    public func storageBuffer(_ binding: UInt32, _ type: ShaderType, isReadOnly: Bool = false) -> ArrayPointer {
        let array = storageArrayStruct(type, isReadOnly: isReadOnly)
        let variable = declare(.variable, [pointerType(.storageBuffer, to: array), StorageClass.storageBuffer.rawValue],
                               typed: 1, unique: false)
        decorate(variable, .descriptorSet, [0])
        decorate(variable, .binding, [binding])
        setName(variable, "buffer\(binding)")
        return ArrayPointer(id: variable, type: type, storage: .storageBuffer, isMember: true)
    }

    /// What elements of 8 or 16 bits need wherever buffers hold them.
    func requireStorage(_ type: ShaderType) {
        if type.scalar.bitWidth == 16 { require(.storageBuffer16BitAccess) }
        if type.scalar.bitWidth == 8 { require(.storageBuffer8BitAccess) }
    }

    /// struct { T elements[]; }, one for each element type and access.
    private func storageArrayStruct(_ type: ShaderType, isReadOnly: Bool) -> UInt32 {
        requireStorage(type)
        let before = lastID
        let array = declare(.typeRuntimeArray, [id(of: type)])
        if array > before { decorate(array, .arrayStride, [UInt32(type.byteCount)]) }
        let block = declare(.typeStruct, [array], unique: false)
        decorate(block, .block)
        decorateMember(block, 0, .offset, [0])
        if isReadOnly { decorateMember(block, 0, .nonWritable) }
        return block
    }

    /// The parameters that travel with a dispatch, laid out one after the other at multiples of their size.
    public func parameters(_ types: [ShaderType]) {
        let block = declare(.typeStruct, types.map { id(of: $0) }, unique: false)
        decorate(block, .block)
        var offset = 0
        for (index, type) in types.enumerated() {
            offset = (offset + type.byteCount - 1) / type.byteCount * type.byteCount
            decorateMember(block, UInt32(index), .offset, [UInt32(offset)])
            offset += type.byteCount
        }
        let variable = declare(.variable, [pointerType(.pushConstant, to: block), StorageClass.pushConstant.rawValue],
                               typed: 1, unique: false)
        setName(variable, "parameters")
        parameterBlock = (variable, types)
    }

    /// The block's id and the type of one member.
    func parameter(_ index: Int) -> (id: UInt32, type: ShaderType)? {
        guard let block = parameterBlock, block.types.indices.contains(index) else { return nil }
        return (block.id, block.types[index])
    }

    /// Memory that the invocations of a workgroup share.
    public func sharedArray(_ type: ShaderType, count: UInt32) -> ArrayPointer {
        let array = declare(.typeArray, [id(of: type), constant(count).id])
        let variable = declare(.variable, [pointerType(.workgroup, to: array), StorageClass.workgroup.rawValue], typed: 1, unique: false)
        return ArrayPointer(id: variable, type: type, storage: .workgroup, isMember: false)
    }

    /// The variable of a built-in value.
    func builtIn(_ builtIn: BuiltIn) -> Pointer {
        if let known = builtIns.first(where: { $0.0 == builtIn }) { return known.1 }
        if builtIn.isOfSubgroup { require(.groupNonUniform) }
        let type = ShaderType(.u32, builtIn.isVector ? 3 : 1)
        let id = declare(.variable, [pointerType(.input, to: self.id(of: type)), StorageClass.input.rawValue], typed: 1, unique: false)
        decorate(id, .builtIn, [builtIn.rawValue])
        interface.append(id)
        let pointer = Pointer(id: id, type: type, storage: .input)
        builtIns.append((builtIn, pointer))
        return pointer
    }

    /// Infinities, NaNs and signs of zero of floats of `width` bits are as IEEE 754 says (3.6, SignedZeroInfNanPreserve); the device must
    /// offer it.
    public func preserveSpecialValues(_ width: UInt32) {
        require(.signedZeroInfNanPreserve)
        if !exactFloats.contains(width) { exactFloats.append(width) }
    }

    /// The instruction with that result is not joined with another one, as a product with a sum.
    func forbidContraction(_ id: UInt32) { decorate(id, .noContraction) }

    func useExtendedSet() -> UInt32 {
        usesExtendedSet = true
        return extendedSet
    }

    // The whole

    /// Writes the kernel's body and returns the module's words. To be called once.
    public func kernel(workgroupSize: (UInt32, UInt32, UInt32), _ write: (ShaderBuilder) -> Void) -> [UInt32] {
        let signature = declare(.typeFunction, [voidType])
        let function = makeID()
        let builder = ShaderBuilder(self)
        write(builder)
        let code = ModuleBuilder.instruction(.function, [voidType, function, 0, signature])
            + ModuleBuilder.instruction(.label, [makeID()]) + builder.variables + body
            + ModuleBuilder.instruction(.return, []) + ModuleBuilder.instruction(.functionEnd, [])

        var words = [ModuleBuilder.magic, ModuleBuilder.version1_3, 0, 0, 0]
        for capability in capabilities { words += ModuleBuilder.instruction(.capability, [capability.rawValue]) }
        if capabilities.contains(.storageBuffer8BitAccess) {
            words += ModuleBuilder.instruction(.extension, ModuleBuilder.literal("SPV_KHR_8bit_storage"))
        }
        let hasAddresses = capabilities.contains(.physicalStorageBufferAddresses)
        if hasAddresses { words += ModuleBuilder.instruction(.extension, ModuleBuilder.literal("SPV_KHR_physical_storage_buffer")) }
        if !exactFloats.isEmpty { words += ModuleBuilder.instruction(.extension, ModuleBuilder.literal("SPV_KHR_float_controls")) }
        if usesExtendedSet { words += ModuleBuilder.instruction(.extInstImport, [extendedSet] + ModuleBuilder.literal("GLSL.std.450")) }
        words += ModuleBuilder.instruction(.memoryModel,
                                           [hasAddresses ? 5348 : 0, 1])  // PhysicalStorageBuffer64 or logical addressing, GLSL450
        words += ModuleBuilder.instruction(.entryPoint, [5, function] + ModuleBuilder.literal(entryName) + interface)  // GLCompute
        words += ModuleBuilder.instruction(.executionMode, [function, 17, workgroupSize.0, workgroupSize.1, workgroupSize.2])  // LocalSize
        for width in exactFloats { words += ModuleBuilder.instruction(.executionMode, [function, 4461, width]) }
        words += debugNames + annotations + declarations + code
        words[3] = lastID + 1
        return words
    }
}
