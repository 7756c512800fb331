// What machine tests share: machines of the built images, files, commands.
import Glibc
import HostMachine
import JaxPlatform
import WireProtocol

enum Built {
    /// Whether `make` has built the images and the command; without them these tests are skipped.
    static let images = path("barejax.elf") != nil && path("barejax.img") != nil
    static let all = images && access(command, X_OK) == 0
    static let command = root + "/build/barejax"

    static func path(_ name: String) -> String? { try? BuildFiles.path(name) }

    /// The root of the repository, from this file's place.
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/")
    }()
}

/// A machine that has answered on its link.
struct RunningMachine {
    let machine: Machine
    let client: Client

    init(_ change: (inout MachineOptions) -> Void = { _ in }, files: SharedFolder? = nil) throws {
        var options = MachineOptions()
        options.cpus = 2
        options.memory = "512M"
        change(&options)
        machine = try Machine(options)
        client = try machine.connect(as: "tests", files: files)
    }

    /// Runs Python; returns what it printed, and its status.
    func python(_ text: String) throws -> (output: String, status: UInt32) {
        let box = OutputBox()
        let call = try client.start(Evaluate(name: "<test>", limits: JobLimits(permissions: .prompt)),
                                    body: BodyBuffer(copying: Array(text.utf8)), onOutput: { box.append($0) })
        let status = try call.waitWithBody(seconds: 60).reply.status
        return (box.text, status)
    }

    func shutDown() { machine.shutDown(client) }
}

final class OutputBox {
    private var bytes: [UInt8] = []

    func append(_ more: [UInt8]) { bytes += more }
    var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Runs a shell command; its standard output and status.
func shell(_ command: String) -> (output: String, status: Int32) {
    guard let pipe = popen(command, "r") else { return ("", -1) }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = fread(&buffer, 1, buffer.count, pipe)
        if count == 0 { break }
        output += buffer[..<count]
    }
    let status = pclose(pipe)
    return (String(decoding: output, as: UTF8.self), status >> 8 & 0xFF)
}

func contents(_ path: String) throws -> BodyBuffer {
    guard let file = fopen(path, "r") else { throw JaxError(.fileNotFound, path) }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        if count == 0 { break }
        bytes += buffer[..<count]
    }
    return try BodyBuffer(copying: bytes)
}

/// A new folder; whoever asks for it removes it.
func temporaryFolder() throws -> String {
    var template = Array("/tmp/barejax-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw JaxError(.fileNotFound, "/tmp") }
    return String(cString: template)
}

func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw JaxError(.fileNotFound, path) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw JaxError(.valueError, path) }
}

func bytes(_ values: [Float]) -> [UInt8] { values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } } }

/// The bytes of a .npy file, version 1.0.
func npy(_ values: [Float], _ shape: String) -> [UInt8] {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + bytes(values)
}
