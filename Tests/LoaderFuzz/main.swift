// Feeds damaged programs to the loader: truncated, bit-flipped, over-long, self-referential. Each must end in a module or an
// error within two seconds and 64 times the input's memory; a trap ends this process with the number of the case.
//
//     swift run loader-fuzz [--count 100000] [--seed 1] [--only CASE] [--verify] [--write] [--run] [--corpus DIR]
//
// The programs are the exports in Tests/LoadTests/Fixtures and the bare programs inside them, or those of a folder.
// `--verify` also verifies what loads; `--write` writes what is verified, reads that, and writes it again; `--run` executes what is verified, with zeros for arguments, within a second.
import Foundation
import HeapMeter
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxSave
import TestSupport

// MARK: Damage

/// A program with one byte changed, or with one to four changes of any kind.
func damaged(_ program: [UInt8], _ corpus: [[UInt8]], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = program
    if random.below(2) == 0 {
        damage(&bytes, kind: random.below(3), corpus, &random)
    } else {
        for _ in 0...random.below(4) { damage(&bytes, kind: random.below(10), corpus, &random) }
    }
    return bytes
}

func damage(_ bytes: inout [UInt8], kind: Int, _ corpus: [[UInt8]], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    let place = random.below(bytes.count)
    switch kind {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2:
        // To the next type, attribute, value or length.
        bytes[place] = bytes[place] &+ [2, 254][random.below(2)]
    case 9: bytes.removeLast(bytes.count - place)
    case 3: bytes[place] = [0, 1, 3, 0x7F, 0xFE, 0xFF][random.below(6)]
    case 4:
        // A nine-byte number where a short one was.
        let huge: [UInt8] = [0] + (0..<8).map { _ in [0xFF, 0x7F, 0x00, 0x80][random.below(4)] }
        bytes.replaceSubrange(place..<min(place + 1, bytes.count), with: huge)
    case 5: bytes.insert(contentsOf: (0...random.below(16)).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: place)
    case 6: bytes.removeSubrange(place..<min(place + 1 + random.below(16), bytes.count))
    case 7:
        // A piece of the same program elsewhere: indices point to what contains them.
        let length = min(1 + random.below(64), bytes.count - place)
        let source = random.below(bytes.count - length + 1)
        bytes.replaceSubrange(place..<place + length, with: Array(bytes[source..<source + length]))
    case 8:
        let other = corpus[random.below(corpus.count)]
        let start = random.below(other.count)
        bytes.replaceSubrange(place..<bytes.count, with: other[start...])
    default:
        bytes.append(contentsOf: bytes[place...])
    }
}

// MARK: Execution

/// Linux with a quota and a deadline.
final class BoundedPlatform: Platform {
    private let inner = HostedPlatform()
    private var live = 0
    var deadline = UInt64.max

    func allocate(byteCount: Int) -> UnsafeMutableRawPointer? {
        guard byteCount <= 64 << 20, live + byteCount <= 256 << 20, let pointer = inner.allocate(byteCount: byteCount) else { return nil }
        live += byteCount
        return pointer
    }

    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
        live -= byteCount
        inner.deallocate(pointer, byteCount: byteCount)
    }

    func makeExecutable(_ code: UnsafeRawBufferPointer, name: String) -> UnsafeRawPointer? { inner.makeExecutable(code, name: name) }
    func freeExecutable(_ entry: UnsafeRawPointer, byteCount: Int) { inner.freeExecutable(entry, byteCount: byteCount) }
    /// On one thread: `live` is counted without a lock.
    func parallelFor(_ count: Int, _ body: (Int) -> Void) { for index in 0..<count { body(index) } }
    var nanoseconds: UInt64 { inner.nanoseconds }
    var interruption: Interruption? { nanoseconds > deadline ? .timeBudgetExhausted : nil }
    func log(_ line: String) { inner.log(line) }
    func runJob(_ request: JobRequest, _ body: () -> Void) -> JobOutcome { inner.runJob(request, body) }
    var permissions: Permissions { inner.permissions }
    func charging(_ owner: MemoryOwner, _ body: () -> Void) { body() }
    func makeOwner(name: String) -> MemoryOwner { .library }
    func releaseOwner(_ owner: MemoryOwner) {}
    var taskID: UInt64 { inner.taskID }
    func yield() { inner.yield() }
}

let bounded = BoundedPlatform()

/// Executes a verified module's main with zeros.
func execute(_ module: Module) {
    guard let main = module.function(named: "main") else { return }
    bounded.deadline = bounded.nanoseconds + 1_000_000_000
    defer { bounded.deadline = .max }
    do throws(JaxError) {
        var types: [TensorType] = []
        for type in main.parameterTypes {
            guard let tensor = type.tensor, let count = tensor.checkedElementCount, count < 1 << 20 else { return }
            types.append(tensor)
        }
        try verify(module)
        var arguments: [RuntimeValue] = []
        for type in types {
            let tensor = try Tensor(type)
            memset(tensor.bytes, 0, type.byteCount)
            arguments.append(.tensor(tensor))
        }
        _ = try EvaluationPlan(module).call(main, arguments)
    } catch {}
}

// MARK: Writing

/// Nil where a verified program is refused with an error, or written so that it is read as the same; else what is wrong.
func rewritten(_ module: Module) -> String? {
    guard let written = try? bytecode(of: module) else { return nil }
    do throws(JaxError) {
        let again = try loadModule(written)
        try verify(again, requiringKnownCalls: false)
        let isSaid = module.meshes.isEmpty && !module.text(.complete).contains("sdy.")
        let lines = module.text(.complete).split(separator: "\n"), read = again.text(.complete).split(separator: "\n")
        if isSaid, lines != read {
            let place = zip(lines, read).first { $0 != $1 }
            return "is read as another program: \(place?.1 ?? "shorter or longer"), not \(place?.0 ?? "")"
        }
        return try bytecode(of: again) == written ? nil : "is written in two ways"
    } catch {
        return "what is written is refused: \(error)"
    }
}

// MARK: Cases

nonisolated(unsafe) var currentCase = 0

/// Loads one input as what it claims to be. Whether it was a program.
func attempt(_ bytes: [UInt8], verifying: Bool) -> (module: Module?, exported: Exported?) {
    do throws(JaxError) {
        let isBare = bytes.withUnsafeBytes { isBareProgram($0) }
        var exported: Exported?
        let module: Module
        if isBare {
            module = try loadModule(bytes)
        } else {
            let loaded = try loadArtifact(bytes)
            exported = loaded
            module = try loaded.module()
        }
        if verifying { try verify(module, requiringKnownCalls: false) }
        return (module, exported)
    } catch {
        return (nil, nil)
    }
}

for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
    Foundation.signal(signal) { number in
        var line = "loader-fuzz: signal \(number) in case \(currentCase)\n"
        line.withUTF8 { _ = Foundation.write(2, $0.baseAddress, $0.count) }
        _exit(1)
    }
}

var count = 100_000, seed = 1, only: Int?, verifying = false, writing = false, running = false, corpusFolder: String?
var arguments = Array(CommandLine.arguments.dropFirst())
while !arguments.isEmpty {
    let option = arguments.removeFirst()
    if option == "--verify" {
        verifying = true
        continue
    }
    if option == "--write" {
        writing = true
        verifying = true
        continue
    }
    if option == "--run" {
        running = true
        verifying = true
        continue
    }
    if option == "--corpus", !arguments.isEmpty {
        corpusFolder = arguments.removeFirst()
        continue
    }
    guard let value = arguments.first.flatMap({ Int($0) }) else {
        print("usage: loader-fuzz [--count N] [--seed N] [--only CASE] [--verify] [--write] [--run] [--corpus DIR]")
        exit(2)
    }
    arguments.removeFirst()
    switch option {
    case "--count": count = value
    case "--seed": seed = value
    case "--only": only = value
    default: exit(2)
    }
}

let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("LoadTests/Fixtures")
var corpus: [[UInt8]] = []
for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() where name.hasSuffix(".jaxexp") {
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    corpus.append(bytes)
    let exported = try loadArtifact(bytes)
    corpus.append(exported.program)
    corpus.append(exported.program)
}

if let corpusFolder {
    corpus = []
    for name in try FileManager.default.contentsOfDirectory(atPath: corpusFolder).sorted() where name.hasSuffix(".mlirbc") {
        corpus.append([UInt8](try Data(contentsOf: URL(fileURLWithPath: corpusFolder + "/" + name))))
    }
}

platform = bounded
// Tables that fill on first use do not count.
for bytes in corpus { _ = attempt(bytes, verifying: true) }

var programs = 0, slowest = 0.0, greediest = 0.0, failures = 0

/// Processor time of this process, which other work on the host does not lengthen.
func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Loads one input under a clock and a heap meter.
func measure(_ name: String, _ bytes: [UInt8], tell: Bool) {
    heap_reset_peak()
    let heap = heap_live()
    let began = processorSeconds()
    let result = attempt(bytes, verifying: verifying)
    let seconds = processorSeconds() - began
    let memory = Int(heap_peak()) - Int(heap)
    // Below this a program is mostly the fixed cost of an error and empty tables.
    let ratio = Double(memory) / Double(max(bytes.count, 256))
    if result.module != nil && currentCase >= 0 { programs += 1 }
    if running, let module = result.module { execute(module) }
    slowest = max(slowest, seconds)
    greediest = max(greediest, ratio)
    let complaint = writing ? result.module.flatMap { rewritten($0) } : nil
    let isFailure = seconds > 2 || ratio > 64 || complaint != nil
    if isFailure { failures += 1 }
    if let complaint { print("\(name) \(complaint)") }
    if isFailure || tell {
        print("\(isFailure ? "FAIL " : "")\(name): \(bytes.count) bytes \(result.module == nil ? "refused" : "loaded"), "
            + "\(seconds) s, \(ratio) times the memory")
    }
}

let crafted = craftedPrograms()
if only == nil {
    for (index, program) in crafted.enumerated() {
        currentCase = -1 - index
        measure(program.name, program.bytes, tell: true)
    }
}
let start = processorSeconds()
for number in 0..<count {
    if let only, number != only { continue }
    currentCase = number
    var random = SeededRandom(seed: UInt64(bitPattern: Int64(seed)) &* 0x1_0000_0001 &+ UInt64(number))
    measure("case \(number)", damaged(corpus[number % corpus.count], corpus, &random), tell: only != nil)
}
print("\(count) damaged programs, seed \(seed): \(programs) loaded, \(count - programs) refused, \(failures) failures, "
    + "slowest \(slowest) s, most memory \(greediest) times the input, \(processorSeconds() - start) s in all")
print("\(count + crafted.count - failures) passed, \(failures) failed")
exit(failures == 0 ? 0 : 1)
