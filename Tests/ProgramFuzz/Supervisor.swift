// Batches of programs in child processes. A child says which program it begins and how the last one went; where it ends before its batch
// does, the program that it had begun has failed, and another child goes on behind it.
import Foundation
import JaxIR
import JaxOps
import JaxPlatform

/// Seconds that one program may take, shrinking included.
private let limit: UInt32 = 120

/// What a child does. Its lines are "begin N", "passed" or "failed", at last "coverage COMPARED UNBOUNDED", and what there is to tell of
/// failures.
func batch(from first: Int, _ count: Int) {
    for number in first..<first + count {
        print("begin \(number)")
        alarm(limit)
        let passed = check(number, printing: false)
        print(passed ? "passed" : "failed")
    }
    print("coverage \(coverage.compared) \(coverage.unbounded)")
}

/// Sums over the programs of this process.
nonisolated(unsafe) var coverage = Coverage()

/// Makes and executes one program; tells of a failure.
func check(_ number: Int, printing: Bool) -> Bool {
    do {
        let module = try Generator.program(seed: UInt64(number))
        var numbers = Numbers(UInt64(number) ^ 0x5EED)
        let types = module.function(named: "main")?.parameterTypes.compactMap { $0.tensor } ?? []
        let arguments = types.map { numbers.tensor($0) }
        if printing { print(module.text(PrintOptions(constantElements: 16))) }
        guard let difference = try Execution.difference(module, arguments, &coverage) else { return true }
        var shrinking = Shrinking(module, arguments, difference)
        shrinking.run()
        print("FAIL program \(number), \(difference.way): \(difference.description)")
        print("smallest: \(shrinking.difference.way): \(shrinking.difference.description)")
        print(shrinking.module.text(PrintOptions(constantElements: 64)))
        for (index, argument) in shrinking.arguments.enumerated() { print("argument \(index): \(argument.type) \(elements(argument))") }
    } catch {
        print("FAIL program \(number): \(error)")
    }
    return false
}

/// The first elements of a tensor.
private func elements(_ tensor: Tensor) -> String {
    let parts = tensor.dtype.isComplex ? 2 : 1, real = tensor.dtype.real, count = tensor.elementCount * parts
    let list = (0..<min(count, 64)).map { Execution.text(tensor.bytes + $0 * real.byteWidth, real) }
    return "[" + list.joined(separator: ", ") + (count > 64 ? ", …]" : "]")
}

struct Supervisor {
    private var next: Int
    private let end: Int
    private(set) var failures = 0
    private var total = Coverage()
    private static let batchSize = 1000

    init(from first: Int, _ count: Int) {
        next = first
        end = first + count
    }

    var summary: String {
        let share = total.compared == 0 ? 0 : 100 * Double(total.unbounded) / Double(total.compared)
        return "\(total.compared) elements compared; of \((share * 10).rounded() / 10) % nothing could be said"
    }

    mutating func run() {
        while next < end { child(min(Supervisor.batchSize, end - next)) }
    }

    private static func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        return process
    }

    private mutating func child(_ count: Int) {
        let process = Supervisor.process(["--batch", "\(next)", "--count", "\(count)"]), pipe = Pipe()
        process.standardOutput = pipe
        let last = next + count
        guard (try? process.run()) != nil else {
            print("FAIL: no child process can be started")
            failures += end - next
            next = end
            return
        }
        var begun: Int?, rest = Data()
        while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
            rest += data
            while let newline = rest.firstIndex(of: 10) {
                read(String(decoding: rest[rest.startIndex..<newline], as: UTF8.self), &begun)
                rest = rest[(newline + 1)...]
            }
        }
        process.waitUntilExit()
        if let program = begun {
            failures += 1
            let reason = process.terminationReason == .uncaughtSignal ? "signal" : "status"
            print("FAIL program \(program): the process ended by \(reason) \(process.terminationStatus)"
                + (process.terminationStatus == SIGALRM ? ", after \(limit) s" : ""))
            // Making the program may be what traps: that is another child's, too.
            let show = Supervisor.process(["--show", "\(program)"])
            if (try? show.run()) != nil { show.waitUntilExit() }
            next = program + 1
        } else {
            next = last
        }
    }

    private mutating func read(_ line: String, _ begun: inout Int?) {
        let words = line.split(separator: " ")
        if line.hasPrefix("begin "), words.count == 2 {
            begun = Int(words[1])
        } else if line == "passed" {
            begun = nil
        } else if line == "failed" {
            begun = nil
            failures += 1
        } else if line.hasPrefix("coverage "), words.count == 3 {
            total.compared += Int(words[1]) ?? 0
            total.unbounded += Int(words[2]) ?? 0
        } else {
            print(line)
        }
    }
}
