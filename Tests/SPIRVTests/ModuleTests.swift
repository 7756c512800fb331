// Every module that the builder makes is put before `spirv-val`, the Khronos validator (package spirv-tools).
import AcceleratorSelfTest
import Foundation
import SPIRV
import Testing

/// What the validator says; empty for a valid module.
func validate(_ words: [UInt32]) throws -> String {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).spv")
    try words.withUnsafeBytes { Data($0) }.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process(), output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/spirv-val")
    process.arguments = ["--target-env", "vulkan1.1", file.path]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return process.terminationStatus == 0 ? "" : text.isEmpty ? "status \(process.terminationStatus)" : text
}

@Suite struct ModuleTests {
    @Test(arguments: [Scalar.f32, .i32, .u32, .f64, .f16, .int(64), .int(16), .int(8)])
    func vectorAdd(_ scalar: Scalar) throws { #expect(try validate(TestKernels.vectorAdd(scalar)) == "") }

    @Test func vectorAddByAddress() throws { #expect(try validate(TestKernels.vectorAddByAddress()) == "") }
    @Test func matrixProduct() throws { #expect(try validate(TestKernels.matrixProduct()) == "") }

    @Test(arguments: [true, false])
    func reduction(_ bySubgroups: Bool) throws { #expect(try validate(TestKernels.reduction(.f32, bySubgroups: bySubgroups)) == "") }

    @Test func histogram() throws { #expect(try validate(TestKernels.histogram()) == "") }
    @Test func chain() throws { #expect(try validate(TestKernels.chainStep()) == "") }
    @Test func busy() throws { #expect(try validate(TestKernels.busy()) == "") }

    /// Every arithmetic, conversion and group instruction of the builder, on each kind of number.
    @Test(arguments: [Scalar.i32, .u32, .f32, .f64, .int(64), .uint(64)])
    func everyInstruction(_ scalar: Scalar) throws {
        let module = ModuleBuilder(entry: "everything")
        let type = ShaderType(scalar), vector = ShaderType(scalar, 4)
        let x = module.storageBuffer(0, type), counters = module.storageBuffer(1, ShaderType(.u32))
        module.parameters([ShaderType(.u32), type, ShaderType(.f32)])
        let words = module.kernel(workgroupSize: (8, 8, 1)) { f in
            let i = f.builtIn(.globalInvocationId)
            let a = f.load(x, i), b = f.parameter(1)
            var values = [f.add(a, b), f.subtract(a, b), f.multiply(a, b),
                          f.divide(a, b), f.remainder(a, b), f.min(a, b), f.max(a, b), f.zero(type)]
            if scalar.isFloat || scalar.isSigned { values.append(f.negate(a)) }
            if scalar.isFloat {
                values += [f.fma(a, b, a), f.extended(.sqrt, [a]), f.extended(.floor, [a])]
            } else {
                values += [f.and(a, b), f.or(a, b), f.xor(a, b), f.not(a), f.shiftLeft(a, b), f.shiftRight(a, b)]
            }
            values += [f.subgroupReduce(.add, a), f.subgroupReduce(.multiply, a), f.subgroupReduce(.min, a), f.subgroupReduce(.max, a)]
            values.append(f.subgroupShuffleXor(a, f.constant(UInt32(1))))
            let parts = f.vector([a, b, a, b])
            values.append(f.extract(f.add(parts, f.zero(vector)), 3))
            let conditions = [f.less(a, b), f.lessOrEqual(a, b), f.greater(a, b), f.equal(a, b), f.notEqual(a, b)]
            let all = conditions.dropFirst().reduce(conditions[0]) { f.or(f.and($0, $1), f.not($1)) }
            for target in [Scalar.bool, .i32, .u32, .f32, .f64, .int(64), .uint(64)] {
                values.append(f.convert(f.convert(a, to: target), to: scalar))
            }
            f.if(all, { f.store(values.dropFirst().reduce(values[0]) { f.add($0, $1) }, to: x, i) }, else: {
                f.loop(from: f.constant(UInt32(0)), to: f.count(x), by: f.constant(UInt32(2))) { index in f.store(b, to: x, index) }
            })
            f.workgroupBarrier()
            for operation in [AtomicOperation.add, .min, .max, .and, .or, .xor, .exchange] {
                f.atomic(operation, f.element(counters, f.parameter(0)), f.constant(UInt32(3)))
            }
            f.if(f.subgroupElect(), { f.store(f.convert(f.parameter(2), to: .u32), to: counters, f.builtIn(.localInvocationIndex)) })
        }
        let complaint = try validate(words)
        #expect(complaint == "")
    }

    @Test func aBrokenModuleIsRefused() throws {
        var words = TestKernels.histogram()
        words[words.count / 2] = 0xffff_ffff
        #expect(try validate(words) != "")
    }
}
