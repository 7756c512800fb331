// The numbers of the SPIR-V specification that the builder writes: instructions, capabilities, decorations, built-ins.

enum Opcode: UInt16 {
    case source = 3, name = 5, memoryModel = 14, entryPoint = 15, executionMode = 16,
        capability = 17, `extension` = 10, extInstImport = 11, extInst = 12
    case typeVoid = 19, typeBool = 20, typeInt = 21, typeFloat = 22, typeVector = 23, typeArray = 28, typeRuntimeArray = 29
    case typeStruct = 30, typePointer = 32, typeFunction = 33
    case constantTrue = 41, constantFalse = 42, constant = 43, constantComposite = 44, constantNull = 46
    case specConstantTrue = 48, specConstantFalse = 49, specConstant = 50, specConstantComposite = 51
    case function = 54, functionEnd = 56, variable = 59, load = 61, store = 62, accessChain = 65, arrayLength = 68
    case decorate = 71, memberDecorate = 72
    case compositeConstruct = 80, compositeExtract = 81
    case convertFToU = 109, convertFToS = 110, convertSToF = 111, convertUToF = 112,
        convertUToPtr = 120, uConvert = 113, sConvert = 114, fConvert = 115, bitcast = 124
    case sNegate = 126, fNegate = 127, iAdd = 128, fAdd = 129, iSub = 130,
        fSub = 131, iMul = 132, fMul = 133, uDiv = 134, sDiv = 135, fDiv = 136
    case uMod = 137, sRem = 138, fRem = 140, vectorTimesScalar = 142
    case logicalEqual = 164, logicalNotEqual = 165, logicalOr = 166, logicalAnd = 167, logicalNot = 168, select = 169
    case iEqual = 170, iNotEqual = 171, uGreaterThan = 172, sGreaterThan = 173, uGreaterThanEqual = 174, sGreaterThanEqual = 175
    case uLessThan = 176, sLessThan = 177, uLessThanEqual = 178, sLessThanEqual = 179
    case fOrdEqual = 180, fUnordNotEqual = 183, fOrdLessThan = 184, fOrdGreaterThan = 186,
        fOrdLessThanEqual = 188, fOrdGreaterThanEqual = 190
    case bitCount = 205
    case shiftRightLogical = 194, shiftRightArithmetic = 195, shiftLeftLogical = 196,
        bitwiseOr = 197, bitwiseXor = 198, bitwiseAnd = 199, not = 200
    case controlBarrier = 224, memoryBarrier = 225
    case atomicLoad = 227, atomicStore = 228, atomicExchange = 229, atomicCompareExchange = 230,
        atomicIAdd = 234, atomicSMin = 236, atomicUMin = 237
    case atomicSMax = 238, atomicUMax = 239, atomicAnd = 240, atomicOr = 241, atomicXor = 242
    case phi = 245, loopMerge = 246, selectionMerge = 247, label = 248, branch = 249, branchConditional = 250, `return` = 253
    case groupNonUniformElect = 333, groupNonUniformBroadcastFirst = 338, groupNonUniformShuffle = 345, groupNonUniformShuffleXor = 346
    case groupNonUniformIAdd = 349, groupNonUniformFAdd = 350, groupNonUniformIMul = 351, groupNonUniformFMul = 352
    case groupNonUniformSMin = 353, groupNonUniformUMin = 354, groupNonUniformFMin = 355
    case groupNonUniformSMax = 356, groupNonUniformUMax = 357, groupNonUniformFMax = 358
}

/// What a module needs of a device beyond the least (specification, 3.31).
public enum Capability: UInt32, CaseIterable {
    case shader = 1, float16 = 9, float64 = 10, int64 = 11, int64Atomics = 12, int16 = 22, int8 = 39
    case groupNonUniform = 61, groupNonUniformArithmetic = 63, groupNonUniformShuffle = 65
    case storageBuffer16BitAccess = 4433, storageBuffer8BitAccess = 4448, signedZeroInfNanPreserve = 4466,
        physicalStorageBufferAddresses = 5347
}

/// Where a variable lives (3.7).
public enum StorageClass: UInt32 {
    case input = 1, workgroup = 4, `private` = 6, function = 7, pushConstant = 9, storageBuffer = 12, physicalStorageBuffer = 5349
}

enum Decoration: UInt32 {
    case specId = 1, block = 2, arrayStride = 6, builtIn = 11, nonWritable = 24, binding = 33, descriptorSet = 34, offset = 35,
        noContraction = 42
}

/// Values that the device supplies to each invocation (3.21).
public enum BuiltIn: UInt32 {
    case numWorkgroups = 24, workgroupSize = 25, workgroupId = 26, localInvocationId = 27,
        globalInvocationId = 28, localInvocationIndex = 29
    case subgroupSize = 36, numSubgroups = 38, subgroupId = 40, subgroupLocalInvocationId = 41

    var isVector: Bool {
        switch self {
        case .numWorkgroups, .workgroupSize, .workgroupId, .localInvocationId, .globalInvocationId: return true
        default: return false
        }
    }

    var isOfSubgroup: Bool { rawValue >= 36 }
}

/// Which invocations take part (3.27).
public enum Scope: UInt32 {
    case device = 1, workgroup = 2, subgroup = 3
}

/// Order and visibility of memory accesses (3.25).
public struct MemorySemantics: OptionSet {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let relaxed: MemorySemantics = []
    public static let acquireRelease = MemorySemantics(rawValue: 0x8)
    public static let bufferMemory = MemorySemantics(rawValue: 0x40)
    public static let workgroupMemory = MemorySemantics(rawValue: 0x100)
}

/// Functions of the extended set GLSL.std.450.
public enum ExtendedFunction: UInt32 {
    case round = 1, roundEven = 2, trunc = 3, fAbs = 4, sAbs = 5, fSign = 6, sSign = 7, floor = 8, ceil = 9, fract = 10
    case sin = 13, cos = 14, tan = 15, asin = 16, acos = 17, atan = 18,
        sinh = 19, cosh = 20, tanh = 21, asinh = 22, acosh = 23, atanh = 24, atan2 = 25
    case pow = 26, exp = 27, log = 28, exp2 = 29, log2 = 30, sqrt = 31, inverseSqrt = 32
    case fMin = 37, uMin = 38, sMin = 39, fMax = 40, uMax = 41, sMax = 42, fClamp = 43, fma = 50, findUMsb = 75
}
