// Measures a program on the host: loads, compiles and executes it as the machine does, and prints one JSON object.
//
//   load_ms, compile_ms   decoding and verifying; specialising and compiling for the arguments' types
//   transform_ms          with --transform: making the transformed program
//   run_ms                each run in turn: arguments are resident before, results are dropped after the clock has stopped
//   peak_bytes            the most tensor memory in use at once during the runs: arguments, constants, temporaries, results
//   kernels               the names of the kernels that the program was compiled to
//   fallbacks             operations that are left to the evaluator, a count for each name: those that the compiled program holds, not
//                         those executed, which a loop repeats
//   profile               with --profile: what a further run did, a row for each kernel and evaluated operation, the longest first
import Foundation
import GPU
import HostAccelerator
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxRun

struct Report: Encodable {
    var loadMs = 0.0
    var transformMs: Double?
    var compileMs = 0.0
    var runMs: [Double] = []
    var peakBytes = 0
    var kernels: [String] = []
    var fallbacks: [String: Int] = [:]
    var profile: [Row]?

    struct Row: Encodable {
        var name: String
        var source: String
        var calls: Int
        var ms: Double
        var bytes: Int
        var flops: Int?
    }
}

/// What `body` returns, and the milliseconds that it took.
func timed<Result>(_ body: () throws(JaxError) -> Result) throws(JaxError) -> (Result, Double) {
    let begun = platform.nanoseconds
    let result = try body()
    return (result, Double(platform.nanoseconds - begun) / 1e6)
}

func contents(_ path: String) throws(JaxError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else { throw JaxError(.fileNotFound, "cannot read \(path)") }
    return [UInt8](data)
}

/// The array of a `.npy` file. Throws what the reader throws.
func array(_ path: String, _ expected: TensorType?) throws(JaxError) -> Tensor {
    let bytes = try contents(path)
    let read: Result<Tensor, JaxError> = bytes.withUnsafeBytes { buffer in
        do throws(JaxError) { return .success(try Npy.read(buffer, expected: expected?.dtype)) } catch { return .failure(error) }
    }
    return try read.get()
}

func write(_ results: [DeviceArray], of device: any Device, to folder: String) throws(JaxError) {
    do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (index, result) in results.enumerated() {
            try Data(Npy.write(try device.fetch(result))).write(to: URL(fileURLWithPath: "\(folder)/\(index).npy"))
        }
    } catch {
        throw error as? JaxError ?? JaxError(.valueError, "cannot write to \(folder): \(error)")
    }
}

func measure(_ options: Options, _ meter: MeteredPlatform) throws(JaxError) -> Report {
    var report = Report()
    let session = session!
    let method: Method = options.usesEvaluator ? .evaluated : .compiled
    let device = try session.device(options.usesGPU ? "gpu" : "cpu"), limits = Limits(permissions: .devices)
    let bytes = try contents(options.program)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    var program: LoadedProgram
    (program, report.loadMs) = try timed { () throws(JaxError) in try session.load(UnsafeRawBufferPointer(buffer), as: "p") }

    var arguments: [DeviceArray] = [], types: [TensorType] = []
    for (index, path) in options.arguments.enumerated() {
        let expected = program.convention.argumentTypes
        arguments.append(try device.put(try array(path, index < expected.count ? expected[index] : nil)))
        types.append(arguments[index].type)
    }
    if let name = options.transformation {
        let request = try TransformationRequest(name), loaded = program
        (program, report.transformMs) = try timed { () throws(JaxError) in try session.transform(request, loaded, types, as: "transformed") }
    }
    let coverage: Coverage
    (coverage, report.compileMs) = try timed { () throws(JaxError) in
        try session.coverage(program, types, device: device, by: method)
    }
    report.kernels = coverage.kernels.map { $0.name }
    for entry in coverage.evaluated { report.fallbacks[entry.name] = entry.count }

    meter.beginMeasuring()
    for run in 0..<options.runs {
        let (results, time) = try timed { () throws(JaxError) in try session.execute(program, arguments, device: device, by: method, limits: limits) }
        report.runMs.append(time)
        if run == options.runs - 1, let out = options.out { try write(results, of: device, to: out) }
    }
    report.peakBytes = meter.peakBytes
    if options.profiles {
        let profile = try session.profile(program, arguments, device: device, by: method, limits: limits).profile
        report.profile = profile?.rows.sorted { $0.nanoseconds > $1.nanoseconds }.map {
            Report.Row(name: $0.name, source: $0.source, calls: $0.calls, ms: Double($0.nanoseconds) / 1e6, bytes: $0.bytes,
                       flops: $0.flops)
        }
    }
    return report
}

func hostAccelerator() throws(JaxError) -> any Accelerator {
    do throws(AcceleratorError) { return try VulkanAccelerator.host() } catch { throw JaxError(error) }
}

guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
    print(Options.usage)
    exit(2)
}
let meter = MeteredPlatform(threads: options.threads)
platform = meter
_ = load_jax_library()
do throws(JaxError) {
    if options.usesGPU { session!.add(AcceleratorDevice(try hostAccelerator(), name: "gpu:0")) }
    let report = try measure(options, meter)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    guard let text = try? encoder.encode(report) else { throw JaxError(.internalError, "the report is no JSON") }
    print(String(decoding: text, as: UTF8.self))
} catch {
    FileHandle.standardError.write(Data((error.description + "\n").utf8))
    exit(1)
}
