// The run: work for the clients, what became of it, and the machine before and after.
import Foundation
import Glibc
import HostMachine
import JaxPlatform
import TestSupport
import WireProtocol

struct FuzzError: Error, CustomStringConvertible {
    let description: String
    init(_ text: String) { description = text }
}

/// A piece of work for a client.
enum Work {
    /// Extreme calls of these numbers.
    case calls(Range<Int>)
    /// A text that goes on, and how it is ended.
    case text(UnendingText, Ending)
}

enum Ending {
    case budget(milliseconds: Int)
    case cancellation(afterMilliseconds: Int)
    case disconnection(afterMilliseconds: Int)

    var name: String {
        switch self {
        case .budget: return "budget"
        case .cancellation: return "cancellation"
        case .disconnection: return "disconnection"
        }
    }
}

final class Fuzz {
    private let machine: Machine
    private let broker: Broker
    private let owner: Client
    private let socket: String
    private let clientCount: Int
    private let extremes: String
    private let seed: UInt64
    private let lock = NSLock()
    private var work: [Work] = []
    private(set) var passed = 0, failed = 0
    /// Milliseconds from when a text should have ended to its answer, and of what.
    private var latencies: [(milliseconds: Double, text: String)] = []
    private var counts: [String: Int] = [:]
    private var witnessRounds = 0, witnessSlowest = 0.0
    private var isDone = false

    init(seed: UInt64, clients: Int, cpus: Int, repository: String) throws {
        self.seed = seed
        clientCount = clients
        extremes = try String(contentsOfFile: repository + "/Tests/PromptFuzz/extremes.py", encoding: .utf8)
        var options = MachineOptions()
        options.cpus = cpus
        options.memory = "512M"
        options.commandLine = "inject"
        machine = try Machine(options)
        broker = Broker(machine.stream)
        let machine = machine
        broker.describeEnd = { "the machine ended; its console's last lines:\n" + (machine.console?.lastLines ?? "") }
        owner = Client(try broker.start())
        try machine.greet(owner, as: "prompt-fuzz")
        socket = NSTemporaryDirectory() + "barejax-prompt-fuzz-\(getpid())"
        try broker.listen(at: socket)
    }

    deinit {
        unlink(socket)
        machine.process.kill()
    }

    func connect() throws -> Client {
        let client = Client(try SocketStream(connectingTo: socket))
        _ = try client.start(Hello(client: "prompt-fuzz")).waitWithBody(seconds: 30)
        return client
    }

    // MARK: The run

    func run(calls: Int, texts: Int, only: String?) throws {
        // Whatever is made once and stays, is made before the memory is looked at.
        for _ in 0..<2 { try warmUp() }
        let before = try settledLedger()
        draw(calls: calls, texts: texts, only: only)
        let witness = Witness(try connect())
        let group = DispatchGroup(), queue = DispatchQueue(label: "clients", attributes: .concurrent)
        queue.async(group: group) { [self] in watch(witness) }
        let workers = DispatchGroup()
        for number in 0..<clientCount {
            queue.async(group: workers) { [self] in FuzzClient(number, self).run() }
        }
        workers.wait()
        hold { isDone = true }
        group.wait()
        witness.client.close()
        try checkEnd(before)
    }

    /// As many clients at once as there will be, with all that they will do.
    private func warmUp() throws {
        let texts = ["import jax.numpy as jnp\nprint((jnp.ones((9, 9)) @ jnp.ones((9, 9))).sum())",
                     extremes + "run(1, 0, 50)\n", "while True: pass"]
        var clients: [Client] = []
        for _ in 0..<clientCount + 2 { clients.append(try connect()) }
        for _ in 0..<2 {
            for text in texts {
                let calls = try clients.map {
                    try $0.start(Evaluate(name: "warm", limits: JobLimits(nanoseconds: 10_000_000_000, permissions: [])),
                                 body: BodyBuffer(copying: Array(text.utf8)))
                }
                usleep(100_000)
                for call in calls where text == texts.last { try call.cancel() }
                for call in calls { _ = try? call.waitWithBody(seconds: 30) }
            }
        }
        _ = try clients.map { try $0.start(Evaluate(name: "warm"), body: BodyBuffer(copying: Array(texts.last!.utf8))) }
        usleep(100_000)
        for client in clients { client.close() }
    }

    private func draw(calls: Int, texts: Int, only: String?) {
        var random = SeededRandom(seed: seed)
        var drawn: [Work] = []
        for start in stride(from: 0, to: calls, by: 250) { drawn.append(.calls(start..<min(start + 250, calls))) }
        for number in 0..<texts {
            let text = number < UnendingTexts.kindCount ? UnendingTexts.make(number, &random) : UnendingTexts.draw(&random)
            if let only, !text.name.hasPrefix(only) { continue }
            let delay = 5 + random.below(150)
            let endings: [Ending] = [.budget(milliseconds: delay), .cancellation(afterMilliseconds: delay),
                                     .disconnection(afterMilliseconds: delay)]
            drawn.append(.text(text, endings[random.below(5) % 3]))
        }
        drawn.shuffle(using: &random)
        work = drawn
    }

    func next() -> Work? { hold { work.popLast() } }

    func callsText(_ range: Range<Int>) -> String { extremes + "run(\(seed), \(range.lowerBound), \(range.upperBound))\n" }

    private func hold<Result>(_ body: () -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }

    // MARK: Results

    func pass(_ what: String, count: Int = 1) { hold { passed += count; counts[what, default: 0] += count } }

    func fail(_ text: String) {
        hold {
            failed += 1
            print("FAIL " + text)
            fflush(stdout)
        }
    }

    func note(_ what: String) { hold { counts[what, default: 0] += 1 } }

    func noteLatency(_ milliseconds: Double, _ text: String) { hold { latencies.append((milliseconds, text)) } }

    var isMachineRunning: Bool { machine.process.isRunning }

    /// A client that does nothing wrong: what it asks must be answered right all the time.
    private func watch(_ witness: Witness) {
        while !hold({ isDone }) {
            do {
                let milliseconds = try witness.ask()
                hold {
                    witnessRounds += 1
                    witnessSlowest = max(witnessSlowest, milliseconds)
                }
            } catch {
                fail("the client beside: \(error)")
                if !isMachineRunning { return }
            }
            usleep(3000)
        }
    }

    // MARK: The machine

    private func report() throws -> MachineReport {
        try MachineReport(try owner.start(Inject(fault: "", since: 0)).waitWithBody(seconds: 30).body?.text ?? "")
    }

    /// Bytes of kernel and JAX layer, when what has just ended is given back.
    private func settledLedger() throws -> [String: Int] {
        var last: [String: Int] = [:]
        for _ in 0..<50 {
            let ledger = try report().ledger
            if ledger == last { return ledger }
            last = ledger
            usleep(100_000)
        }
        return last
    }

    private func checkEnd(_ before: [String: Int]) throws {
        usleep(300_000)
        let statistics = try owner.start(ReadStatistics()).waitWithBody(seconds: 30).body?.text ?? ""
        if statistics.contains("\"name\": \"python") { fail("a text runs on: " + statistics) }
        var after = try settledLedger()
        for _ in 0..<20 where after != before {
            usleep(100_000)
            after = try settledLedger()
        }
        var changes = ""
        for name in Set(before.keys).union(after.keys).sorted() where before[name] != after[name] {
            changes += " \(name): \(before[name] ?? 0) -> \(after[name] ?? 0)"
        }
        if changes.isEmpty { pass("memory as before") } else { fail("memory in use is not as before:" + changes) }
        let report = try report()
        var hasFault = false
        for record in report.records where !["cancelled", "the time budget is used up", "out of memory"].contains(record.kind) {
            fail("a fault: \(record.kind): \(record.text)")
            hasFault = true
        }
        if hasFault { print(try owner.start(ReadFaults()).waitWithBody(seconds: 30).body?.text ?? "") }
        print("faults recorded in all: \(report.faults) (forced ends and memory that ran out in a job)")
        print("bytes in use by owner: " + after.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }

    func printSummary() {
        for (what, count) in counts.sorted(by: { $0.key < $1.key }) { print("  \(what): \(count)") }
        let sorted = latencies.map { $0.milliseconds }.sorted()
        if !sorted.isEmpty {
            let late = latencies.filter { $0.milliseconds > 100 }.sorted { $0.milliseconds > $1.milliseconds }
            print(String(format: "milliseconds from a budget's end or a cancellation to the answer: median %.1f, 99 %% within %.1f, most "
                + "%.1f; beyond 100: %d of %d",
                         sorted[sorted.count / 2], sorted[sorted.count * 99 / 100], sorted.last!, late.count, sorted.count))
            for entry in late.prefix(8) { print(String(format: "    %.0f ms  %@", entry.milliseconds, entry.text)) }
        }
        print(String(format: "the client beside: %d answers, all right, the slowest after %.0f ms", witnessRounds, witnessSlowest))
    }
}

/// Two texts whose answers are known, one after the other: one of Python's own, one of arrays.
final class Witness {
    let client: Client
    private var round = 0

    init(_ client: Client) { self.client = client }

    /// Throws where the answer is wrong; returns milliseconds.
    func ask() throws -> Double {
        round += 1
        let isArray = round % 4 == 0
        let text = isArray ? "import jax.numpy as jnp\nprint(int(jnp.arange(\(round % 50)).sum()))"
            : "import sys\nprint(len(sys.path), sum(range(\(round % 50))))"
        let number = (round % 50) * (round % 50 - 1) / 2
        let output = Output()
        let begun = DispatchTime.now().uptimeNanoseconds
        let reply = try client.start(Evaluate(name: "beside"), body: BodyBuffer(copying: Array(text.utf8)), onOutput: { output.append($0) })
            .waitWithBody(seconds: 30).reply
        let expected = isArray ? "\(max(number, 0))\n" : "2 \(max(number, 0))\n"
        guard reply.status == 0, output.text == expected else {
            throw FuzzError("expected \(expected), got status \(reply.status) and \(output.text)")
        }
        return Double(DispatchTime.now().uptimeNanoseconds - begun) / 1e6
    }
}

/// What a text prints; from the reading thread.
final class Output {
    private let lock = NSLock()
    private var bytes: [UInt8] = []

    func append(_ more: [UInt8]) {
        lock.lock()
        if bytes.count < 1 << 22 { bytes += more }
        lock.unlock()
    }

    var text: String {
        lock.lock()
        defer { lock.unlock() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
