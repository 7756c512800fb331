// A machine under the campaign: what was made on it beforehand, and how that is looked at afterwards.
import Foundation
import Glibc
import HostMachine
import JaxPlatform
import TestSupport
import WireProtocol

struct CampaignError: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

final class SoakMachine {
    let machine: Machine
    let client: Client
    /// Channel of the objects that must stay as they are; the victims have others.
    static let kept: UInt32 = 0
    static let victims: UInt32 = 1
    static let timeout = 30.0

    private var seenFaults: UInt64 = 0
    private let monitor: SocketStream
    private let folder: String

    /// Boots and makes a program, an array, a prompt variable; the machine's own bystander job starts with the first report.
    init(cpus: Int, repository: String) throws {
        var template = Array("/tmp/barejax-soak-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CampaignError("no temporary folder") }
        folder = String(cString: template)
        var options = MachineOptions()
        options.cpus = cpus
        options.memory = "512M"
        options.commandLine = "inject"
        options.extra = ["-chardev", "socket,id=monitor,path=\(folder)/monitor,server=on,wait=off", "-mon", "chardev=monitor,mode=readline",
                         "-chardev", "socket,id=questions,path=\(folder)/questions,server=on,wait=off",
                         "-mon", "chardev=questions,mode=readline"]
        machine = try Machine(options)
        client = try machine.connect(as: "soak")
        monitor = try SocketStream(connectingTo: folder + "/monitor")
        drain(monitor)
        let affine = try Data(contentsOf: URL(fileURLWithPath: repository + "/Tests/ServiceTests/Fixtures/affine.jaxexp"))
        _ = try client.start(Compile(handle: 1, name: "affine"),
                             body: BodyBuffer(copying: Array(affine))).waitWithBody(seconds: Self.timeout)
        let floats = [Float](repeating: 3, count: 6).flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
        _ = try client.start(Put(handle: 2, type: ArrayType(dtype: "float32", shape: [2, 3])),
                             body: BodyBuffer(copying: floats)).waitWithBody(seconds: Self.timeout)
        guard machine.console!.wait(for: ">>> ", seconds: Self.timeout) != nil else { throw CampaignError("no prompt") }
        for line in ["import gc, jax.numpy as jnp", "kept = jnp.arange(7) * 3",
                     "check = lambda: (gc.collect(), print('kept', int(kept.sum())))[1]"] { try type(line, expecting: ">>> ") }
        let endless = try Data(contentsOf: URL(fileURLWithPath: repository + "/Tests/ServiceTests/Fixtures/endless.jaxexp"))
        _ = try client.start(Compile(handle: 8, name: "endless"), body: BodyBuffer(copying: Array(endless)),
                             channel: Self.victims).waitWithBody(seconds: Self.timeout)
        _ = try client.start(Put(handle: 9, type: ArrayType(dtype: "float32", shape: [])), body: BodyBuffer(copying: [0, 0, 0x80, 0x3F]),
                             channel: Self.victims).waitWithBody(seconds: Self.timeout)
        seenFaults = try report().faults
    }

    deinit {
        machine.process.kill()
        _ = try? FileManager.default.removeItem(atPath: folder)
    }

    /// Types a line at the prompt and waits for `expected` behind its echo.
    func type(_ line: String, expecting expected: String) throws {
        let console = machine.console!
        let before = console.count
        try console.type(line + "\r")
        guard console.wait(for: line, after: before, seconds: Self.timeout) != nil else {
            throw CampaignError("the prompt did not take '\(line)':\n" + console.lastLines)
        }
        guard console.wait(for: expected, after: before + line.utf8.count, seconds: Self.timeout) != nil else {
            throw CampaignError("the prompt did not answer '\(expected)' to '\(line)':\n" + console.lastLines)
        }
    }

    /// A line for QEMU's monitor.
    func tell(_ command: String) throws {
        try Array((command + "\n").utf8).withUnsafeBytes { try monitor.write($0) }
    }

    func arm(_ fault: String, after: UInt64) throws {
        _ = try client.start(Inject(fault: fault, after: after, since: seenFaults)).waitWithBody(seconds: Self.timeout)
    }

    /// Disarms; what has happened since the last report.
    func report() throws -> Report {
        let body = try client.start(Inject(fault: "", since: seenFaults)).waitWithBody(seconds: Self.timeout).body
        let report = try Report(body?.text ?? "")
        seenFaults = report.faults
        return report
    }

    /// The blocks of the heap that an owner has.
    func blocks(owner: Int) throws -> Blocks {
        Blocks(try client.start(Inject(fault: "blocks", after: UInt64(owner))).waitWithBody(seconds: Self.timeout).body?.text ?? "")
    }

    /// Starts a program without end and cancels it; the error that it ends with.
    func cancelEndless(afterMicroseconds delay: UInt32) throws -> String {
        let call = try client.start(Execute(program: 8, arguments: [9], firstResult: 20), channel: Self.victims)
        usleep(delay)
        try call.cancel()
        do { _ = try call.waitWithBody(seconds: Self.timeout) } catch { return "\(error)" }
        return "it ended"
    }

    /// Bytes to the machine and back; throws where they differ.
    func transfer(byteCount: Int) throws {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        _ = try client.start(Put(handle: 11, type: ArrayType(dtype: "uint8", shape: [byteCount])),
                             body: BodyBuffer(copying: bytes), channel: Self.victims)
        let fetched = try client.start(Fetch(handle: 11), channel: Self.victims).waitWithBody(seconds: Self.timeout).body
        _ = try client.start(Drop(handles: [11]), channel: Self.victims).waitWithBody(seconds: Self.timeout)
        guard fetched.map({ Array($0.bytes) }) == bytes else { throw CampaignError("\(byteCount) bytes came back changed") }
    }

    /// Writes garbage, headers with wrong checksums and frames that end early, until a request is answered again.
    func sendNonsense(_ random: inout SeededRandom) throws {
        var bytes = (0..<random.logarithmic(3000)).map { _ in UInt8(random.below(256)) }
        if random.below(2) == 0 {
            let header = FrameHeader(kind: UInt8(random.below(256)), channel: UInt32(random.below(3)),
                                     request: 0x7FFF_0000, payloadByteCount: 0)
            bytes = bytes.withUnsafeBytes { header.frame($0) }
            if random.below(2) == 0 {
                bytes[Int(random.below(UInt64(bytes.count)))] ^= 0x20
            } else {
                bytes.removeLast(Int(random.below(UInt64(bytes.count))))
            }
        }
        try bytes.withUnsafeBytes { try machine.stream.write($0) }
        do { try waitForAnswer() } catch {
            throw CampaignError("\(error), after \(bytes.count) bytes: "
                                + bytes.prefix(64).map { String($0, radix: 16) }.joined(separator: " "))
        }
    }

    /// Lets the control port's device break its specification, or take nothing any more; requests that are under way are lost.
    func breakDevice(_ fault: String) throws {
        _ = try? client.start(Inject(fault: fault, since: seenFaults)).waitWithBody(seconds: 1)
        // It is not noticed before all buffers are at the device: an answer that is lost says that it has been.
        if fault == "silence" { for _ in 0..<100 where (try? client.start(ListDevices()).waitWithBody(seconds: 1)) == nil { break } }
        try waitForAnswer()
    }

    /// Garbage may look like the beginning of a frame whose rest is still to come: as many zeros push it out.
    private func waitForAnswer() throws {
        var last = ""
        for attempt in 0..<60 {
            do {
                _ = try client.start(ListDevices()).waitWithBody(seconds: 1)
                return
            } catch { last = "\(error)" }
            if attempt == 3 {
                _ = try? [UInt8](repeating: 0, count: FrameHeader.maximumPayload).withUnsafeBytes { try machine.stream.write($0) }
            }
        }
        throw CampaignError("the link does not answer any more: " + last)
    }

    /// What QEMU says of the page tables (`info tlb`): nil where no frame is writable in one place and executable in another.
    func mappingsThatQEMUSees() throws -> String? {
        let text = try ask("info tlb")
        var writable: [Range<UInt64>] = [], executable: [Range<UInt64>] = [], lines = 0
        for line in text.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ")
            guard fields.count == 3, fields[0].hasSuffix(":"), let virtual = UInt64(fields[0].dropLast(), radix: 16),
                  let physical = UInt64(fields[1], radix: 16), fields[2].count == 9 else { continue }
            lines += 1
            // "XGPDACTUW": the first stands for no-execute, the third for a large page, the last for writable.
            let flags = Array(fields[2])
            let size: UInt64 = flags[2] == "P" ? 2 << 20 : 4096
            if virtual < 4096 { return "page 0 is mapped" }
            if flags[0] == "-" && flags[8] == "W" { return "0x\(String(virtual, radix: 16)) is writable and executable" }
            if flags[8] == "W" { writable.append(physical..<physical + size) }
            if flags[0] == "-" { executable.append(physical..<physical + size) }
        }
        if lines < 100 || executable.isEmpty { return "'info tlb' shows \(lines) mappings, of which \(executable.count) are executable" }
        writable.sort { $0.lowerBound < $1.lowerBound }
        executable.sort { $0.lowerBound < $1.lowerBound }
        var index = 0
        for range in executable {
            while index < writable.count && writable[index].upperBound <= range.lowerBound { index += 1 }
            if index < writable.count && writable[index].lowerBound < range.upperBound {
                return "frame 0x\(String(range.lowerBound, radix: 16)) is writable elsewhere"
            }
        }
        print("info tlb: \(lines) mappings, \(executable.count) executable, none of them writable anywhere")
        return nil
    }

    /// Where the processors of a machine stand that does not answer, and what it said last.
    func autopsy(_ symbols: ImageSymbols) -> String {
        var text = "console:\n" + machine.console!.lastLines
        guard machine.process.isRunning, let registers = try? ask("info registers -a") else { return text + "\nQEMU has ended" }
        for line in registers.split(whereSeparator: \.isNewline) {
            for field in line.split(separator: " ") where field.hasPrefix("RIP=") {
                if let address = UInt64(field.dropFirst(4), radix: 16) { text += "\na processor at " + symbols.name(address) }
            }
        }
        return text
    }

    /// A line for QEMU's monitor, and what it answers.
    private func ask(_ command: String) throws -> String {
        let fresh = try SocketStream(connectingTo: folder + "/questions")
        try Array((command + "\n").utf8).withUnsafeBytes { try fresh.write($0) }
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = try fresh.read(into: buffer)
            bytes += buffer[..<count]
            // The prompt stands at the beginning, and again behind the answer.
            let prompts = String(decoding: bytes, as: UTF8.self).components(separatedBy: "(qemu) ").count - 1
            if count == 0 || prompts >= 2 { return String(decoding: bytes, as: UTF8.self) }
        }
    }

    /// The known program's result on the array made at the beginning.
    func knownProgramIsRight() throws -> Bool {
        let executed = try client.start(Execute(program: 1, arguments: [2, 2], firstResult: 10), channel: Self.kept)
        let fetched = try client.start(Fetch(handle: 10), channel: Self.kept)
        let dropped = try client.start(Drop(handles: [10]), channel: Self.kept)
        _ = try executed.waitWithBody(seconds: Self.timeout)
        let body = try fetched.waitWithBody(seconds: Self.timeout).body
        _ = try dropped.waitWithBody(seconds: Self.timeout)
        return body.map { Array($0.bytes.bindMemory(to: Float.self)) } == [Float](repeating: 10, count: 6)
    }

    /// The prompt's variable; throws where it has changed.
    func promptIsRight() throws {
        // With the next prompt: the statement is a job, which is over then.
        try type("check()", expecting: "kept 63\r\n>>> ")
    }
}

/// Reads and forgets what QEMU's monitor says: while nobody does, it takes no more commands.
private func drain(_ stream: SocketStream) {
    nonisolated(unsafe) let stream = stream
    Thread.detachNewThread {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
        defer { buffer.deallocate() }
        while let count = try? stream.read(into: buffer), count > 0 {}
    }
}
