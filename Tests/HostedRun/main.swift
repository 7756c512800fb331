// Executes programs on the host for the differential tests, without the machine.
//
// Requests on standard input, answers on standard output, numbers as 64-bit little endian: the program's length and bytes; a transformation
// and its options as JSON, texts (length, bytes), the first empty where the program is executed as it is; the number of arguments; for each its dtype's name (length, bytes), rank, dimensions, length and bytes.
// Answers: 0 and the results in the same form, or 1 and the error's text.
import Foundation
import GPU
import HostAccelerator
import JaxIR
import JaxPlatform
import JaxRun

func readBytes(_ count: Int) -> Data {
    var data = Data()
    while data.count < count {
        guard let chunk = try? FileHandle.standardInput.read(upToCount: count - data.count), !chunk.isEmpty else { exit(0) }
        data.append(chunk)
    }
    return data
}

func readNumber() -> Int {
    readBytes(8).withUnsafeBytes { Int(truncatingIfNeeded: $0.loadUnaligned(as: Int64.self)) }
}

func write(_ data: Data) { FileHandle.standardOutput.write(data) }
func write(_ number: Int) { withUnsafeBytes(of: Int64(number).littleEndian) { write(Data($0)) } }
func write(text: String) { write(text.utf8.count); write(Data(text.utf8)) }

func readText() -> String { String(decoding: readBytes(readNumber()), as: UTF8.self) }

func readTensor() throws -> Tensor {
    let name = readText()
    var shape: [Int] = []
    for _ in 0..<readNumber() { shape.append(readNumber()) }
    let bytes = readBytes(readNumber())
    guard let dtype = DType(name: name) else { throw JaxError(.typeError, "unknown dtype " + name) }
    let tensor = try Tensor(TensorType(dtype, shape))
    bytes.withUnsafeBytes { if $0.count > 0 { tensor.bytes.copyMemory(from: $0.baseAddress!, byteCount: $0.count) } }
    dtype.canonicalise(tensor.bytes, count: tensor.elementCount)
    return tensor
}

/// With `--device gpu` on the host's own Vulkan.
let deviceName = CommandLine.arguments.dropFirst() == ["--device", "gpu"] ? "gpu" : "cpu"
_ = load_jax_library()
if deviceName == "gpu" { session!.add(AcceleratorDevice(try VulkanAccelerator.host(), name: "gpu:0")) }
session!.addProcessors(upTo: 8)
while true {
    let program = readBytes(readNumber())
    let transformation = readText(), options = readText()
    var arguments: [Tensor] = []
    for _ in 0..<readNumber() { arguments.append(try readTensor()) }
    do throws(JaxError) {
        let session = session!
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: program.count, alignment: 16)
        defer { bytes.deallocate() }
        program.copyBytes(to: bytes)
        var loaded = try session.load(UnsafeRawBufferPointer(bytes), as: "p")
        if !transformation.isEmpty {
            let request = try TransformationRequest(transformation, try JSON(parsing: options))
            loaded = try session.transform(request, loaded, arguments.map { $0.type }, as: "transformed")
        }
        let device = try session.device(deviceName)
        var arrays: [DeviceArray] = []
        for argument in arguments { arrays.append(try device.put(argument)) }
        var results: [Tensor] = []
        for result in try session.execute(loaded, arrays, device: device, limits: Limits(permissions: .devices)) { results.append(try device.fetch(result)) }
        write(0)
        write(results.count)
        for result in results {
            write(text: result.dtype.name)
            write(result.shape.count)
            for dimension in result.shape { write(dimension) }
            write(result.type.byteCount)
            write(Data(bytes: result.bytes, count: result.type.byteCount))
        }
    } catch {
        write(1)
        write(text: error.description)
    }
}
