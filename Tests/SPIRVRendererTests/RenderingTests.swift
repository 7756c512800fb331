// Kernels as modules: what Khronos's validator says of them, and what the host's Vulkan makes of them beside the interpreter.
import Foundation
import GPU
import HostAccelerator
import JaxPlatform
import Loops
@testable import SPIRVRenderer
import Testing

/// What the validator says; empty for a valid module.
private func validate(_ words: [UInt32]) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).spv")
    try words.withUnsafeBytes { Data($0) }.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/spirv-val")
    process.arguments = ["--target-env", "vulkan1.2", file.path]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? "" : text.isEmpty ? "status \(process.terminationStatus)" : text
}

/// A kernel of an operation on every lane of its operands' types, one result each.
private func makeKernel(_ op: LaneOp, _ types: [LaneType], count: Int) -> Kernel? {
    guard let result = op.resultType(types) else { return nil }
    let builder = KernelBuilder()
    let inputs = types.map { builder.buffer($0.naturalElement, count: count) }
    let output = builder.buffer(result.naturalElement, count: count, isWritten: true)
    builder.loop(.vector, count: count) { lane in
        let index = place([(lane, 1)]), values = inputs.map { builder.load($0, index) }
        builder.store(builder.emit(op, values[0], values.count > 1 ? values[1] : nil, values.count > 2 ? values[2] : nil), to: output, index)
    }
    return builder.finish(name: op.name).scheduled()
}

/// Every operation with every combination of types that it takes.
private let operations: [(op: LaneOp, types: [LaneType])] = LaneOp.allCases.flatMap { op in
    [LaneType.bool, .i32, .i64, .f32, .f64].flatMap { type -> [(LaneOp, [LaneType])] in
        switch op {
        case .select: return [(op, [.bool, type, type])]
        default: return [(op, [LaneType](repeating: type, count: op.operandCount))]
        }
    }.filter { op.resultType($0.1) != nil }
}

private func everyFeature() -> ShaderTarget {
    var information = AcceleratorInformation()
    information.features = [.bufferAddresses, .int64, .float64, .float16, .int8, .int16, .storage8, .storage16, .specialValues]
    information.limits.parameterByteCount = 128
    information.limits.workgroupInvocations = 256
    information.limits.workgroupSize = Extent3(256, 1, 1)
    information.limits.workgroupCount = Extent3(65535, 65535, 65535)
    return ShaderTarget(information)!
}

@Suite(.serialized) struct RenderingTests {
    @Test func everyOperationIsValid() throws {
        for fuses in [true, false] {
            var target = everyFeature()
            target.fusesMultiplyAdd = fuses
            for (op, types) in operations {
                let kernel = try #require(makeKernel(op, types, count: 5)), code = ShaderCode.render(kernel, for: target, source: nil)
                #expect(code?.dispatches.count == 1)
                #expect(try validate(code?.dispatches[0].words ?? []) == "", "\(op.name) of \(types)")
            }
        }
    }

    @Test(arguments: [ElementType.bool, .i8, .u8, .i16, .u16, .i32, .i64, .f16, .bf16, .f32, .f64])
    func everyElementIsValid(_ element: ElementType) throws {
        let builder = KernelBuilder()
        let x = builder.buffer(element, count: 100), y = builder.buffer(element, count: 100, isWritten: true)
        builder.loop(.vector, count: 100) { builder.store(builder.load(x, place([($0, 1)])), to: y, place([($0, 1)])) }
        let code = ShaderCode.render(builder.finish(name: "copy").scheduled(), for: everyFeature(), source: nil)
        #expect(try validate(code?.dispatches[0].words ?? []) == "")
    }

    /// A type that the device lacks: no code, so that the operation is evaluated.
    @Test func lackingTypesHaveNoCode() throws {
        var target = everyFeature()
        target.features.remove(.float64)
        #expect(ShaderCode.render(try #require(makeKernel(.add, [.f64, .f64], count: 5)), for: target, source: nil) == nil)
        #expect(ShaderCode.render(try #require(makeKernel(.add, [.f32, .f32], count: 5)), for: target, source: nil) != nil)
        #expect(ShaderTarget(AcceleratorInformation()) == nil)
    }

    /// A long sum of few invocations takes two dispatches and memory between them.
    @Test func longFoldsAreSplit() throws {
        let builder = KernelBuilder()
        let x = builder.buffer(.f32, count: 1 << 16), y = builder.buffer(.f32, count: 1, isWritten: true)
        let sum = builder.loop(.vector, count: 1 << 16, carrying: [builder.constant(.f32, 0.0)], combine: { [builder.add($0[0], $1[0])] }) {
            [builder.add($1[0], builder.load(x, place([($0, 1)])))]
        }
        builder.store(sum[0], to: y, LoopIndex())
        let code = try #require(ShaderCode.render(builder.finish(name: "sum").scheduled(), for: everyFeature(), source: nil))
        #expect(code.dispatches.count == 2)
        #expect(code.dispatches[0].invocations > 100)
        #expect(code.scratchByteCount == 8 * code.dispatches[0].invocations)
        for dispatch in code.dispatches { #expect(try validate(dispatch.words) == "") }
    }

    /// Every operation on numbers of all sizes and on what is special, bit by bit.
    @Test func everyOperationOnTheHostsVulkan() throws {
        let device = try VulkanAccelerator.host(), owner = AcceleratorOwner(id: 1, name: "test")
        let target = try #require(try ShaderTarget.probing(device, owner: owner))
        for (op, types) in operations where op != .accumulate {
            let operands = types.enumerated().map { samples($1, turnedBy: $0) }
            let count = operands[0].count
            let kernel = try #require(makeKernel(op, types, count: count))
            let code = try #require(ShaderCode.render(kernel, for: target, source: nil))
            let results = try run(code, operands.enumerated().map { memory($1, types[$0]) }, results: count, kernel, on: device, owner)
            let result = try #require(op.resultType(types))
            for lane in 0..<count {
                let expected = op.evaluate(types[0], operands[0][lane], types.count > 1 ? operands[1][lane] : 0,
                                           types.count > 2 ? operands[2][lane] : 0)
                if isOpen(op, types[0], operands.map { $0[lane] }) { continue }
                #expect(same(results[lane], expected, result), "\(op.name) of \(types), \(operands.map { String($0[lane], radix: 16) })")
            }
        }
        device.end(owner: owner, budget: 1_000_000_000)
        #expect(device.ledger.isEmpty)
    }

    // MARK: Numbers

    private func samples(_ type: LaneType, turnedBy turn: Int) -> [LaneBits] {
        let numbers: [LaneBits]
        switch type {
        case .bool: numbers = [0, 1]
        case .i32: numbers = [0, 1, 2, 7, 31, 32, 33, 255, 65535, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFF9, 0x1234_5678]
        case .i64: numbers = [0, 1, 2, 7, 63, 64, 65, 0x7FFF_FFFF, 0x8000_0000, 0x1_0000_0000, .max >> 1, 1 << 63, .max, .max - 6, 0x1234_5678_9ABC_DEF0]
        case .f32:
            numbers = [0, -0.0, 1, -1, 1.5, 2.5, -2.5, 0.1, 1e10, -3e38, 1e-30, .infinity, -.infinity, .nan, 16777217, 65519, 65520, 1e-7]
                .map { LaneBits(Float($0).bitPattern) }
        case .f64:
            numbers = [0, -0.0, 1, -1, 1.5, 2.5, -2.5, 0.1, 1e10, -1e300, 1e-300, .infinity, -.infinity, .nan, 16777217, 1e15 + 0.5]
                .map { $0.bitPattern }
        }
        // All pairs and, with a third operand, many triples.
        let step = [1, numbers.count, 5][turn]
        return (0..<(numbers.count * numbers.count)).map { numbers[($0 / step + turn) % numbers.count] }
    }

    private func memory(_ lanes: [LaneBits], _ type: LaneType) -> [UInt8] {
        let width = type.naturalElement.byteCount
        return lanes.flatMap { lane in (0..<width).map { UInt8(truncatingIfNeeded: lane >> (8 * $0)) } }
    }

    /// What the operation leaves open: conversions of what does not fit, subnormal numbers, which a device may take for 0.
    private func isOpen(_ op: LaneOp, _ type: LaneType, _ operands: [LaneBits]) -> Bool {
        func value(_ bits: LaneBits) -> Double {
            type == .f32 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
        }
        guard type.isFloat else { return false }
        let first = value(operands[0])
        if op == .toI32 { return !(first > -2147483649 && first < 2147483648) }
        if op == .toI64 { return !(first >= -9223372036854775808 && first < 9223372036854775808) }
        if op == .toF32 { return abs(first) < 1e-37 && first != 0 }
        return false
    }

    private func same(_ a: LaneBits, _ b: LaneBits, _ type: LaneType) -> Bool {
        switch type {
        case .f32:
            let x = Float(bitPattern: UInt32(truncatingIfNeeded: a)), y = Float(bitPattern: UInt32(truncatingIfNeeded: b))
            return a == b || x.isNaN && y.isNaN || y.isSubnormal && x == 0
        case .f64:
            let x = Double(bitPattern: a), y = Double(bitPattern: b)
            return a == b || x.isNaN && y.isNaN || y.isSubnormal && x == 0
        default: return a == b
        }
    }

    // MARK: Running

    private func run(_ code: ShaderCode, _ inputs: [[UInt8]], results: Int, _ kernel: Kernel, on device: VulkanAccelerator,
                     _ owner: AcceleratorOwner) throws -> [LaneBits] {
        func buffer(_ bytes: [UInt8]) throws -> any AcceleratorBuffer {
            let buffer = try device.makeBuffer(byteCount: max(bytes.count, 8), name: "data", owner: owner)
            try bytes.withUnsafeBytes { try buffer.write($0, at: 0) }
            return buffer
        }
        let element = kernel.buffers[inputs.count].element
        var buffers = try inputs.map { try buffer($0) }
        buffers.append(try buffer([UInt8](repeating: 0, count: results * element.byteCount)))
        var addresses: [UInt8] = []
        func add(_ word: UInt64, to bytes: inout [UInt8]) { for byte in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * byte))) } }
        for buffer in buffers { add(try buffer.deviceAddress, to: &addresses) }
        let table = try buffer(addresses)
        var parameters: [UInt8] = []
        add(try table.deviceAddress, to: &parameters)
        add(0, to: &parameters)
        let module = try device.makeModule(code.dispatches[0].words, name: code.name, owner: owner)
        let pipeline = try device.makeKernel(module, KernelLayout(bindingCount: 0, parameterByteCount: ShaderCode.parameterByteCount))
        let list = try device.makeList([.dispatch(kernel: pipeline, bindings: [], parameters: parameters, groups: code.dispatches[0].groups)],
                                       timed: false, owner: owner)
        let stream = try device.makeStream(owner: owner)
        try stream.wait(for: try stream.submit(list), budget: 10_000_000_000)
        var bytes = [UInt8](repeating: 0, count: results * element.byteCount)
        try bytes.withUnsafeMutableBytes { try buffers[inputs.count].read(into: $0, at: 0) }
        list.free()
        stream.free()
        pipeline.free()
        module.free()
        for buffer in buffers + [table] { buffer.free() }
        return (0..<results).map { place in bytes.withUnsafeBytes { element.load($0.baseAddress! + place * element.byteCount) } }
    }
}
