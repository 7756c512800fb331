// One client: does one piece of work after the other, and judges the answers.
import Foundation
import Glibc
import HostMachine
import JaxPlatform
import TestSupport
import WireProtocol

final class FuzzClient {
    private let number: Int
    private unowned let fuzz: Fuzz
    private var client: Client?
    /// An extreme call may take this long, all of a batch together.
    private static let batchNanoseconds: UInt64 = 3_000_000_000
    private static let memoryBytes: UInt64 = 64 << 20
    private static let patience = 30.0

    init(_ number: Int, _ fuzz: Fuzz) {
        self.number = number
        self.fuzz = fuzz
    }

    func run() {
        while let work = fuzz.next() {
            do {
                let client = try connected()
                switch work {
                case .calls(let range): try make(range, client)
                case .text(let text, let ending): try run(text, ending, client)
                }
            } catch {
                fuzz.fail("client \(number): \(error)")
                client?.close()
                client = nil
                if !fuzz.isMachineRunning { return }
            }
        }
        client?.close()
    }

    private func connected() throws -> Client {
        if let client, !client.isClosed { return client }
        let made = try fuzz.connect()
        client = made
        return made
    }

    private func start(_ text: String, _ client: Client, nanoseconds: UInt64, _ output: Output) throws -> Client.Call<Evaluate> {
        try client.start(Evaluate(name: "fuzz",
                                  limits: JobLimits(memoryBytes: FuzzClient.memoryBytes, nanoseconds: nanoseconds, permissions: [])),
                         body: BodyBuffer(copying: Array(text.utf8)), onOutput: { output.append($0) })
    }

    // MARK: Extreme calls

    /// One that is ended from outside is passed over: the batch goes on behind it.
    private func make(_ range: Range<Int>, _ client: Client) throws {
        var rest = range
        while !rest.isEmpty {
            let output = Output()
            var error: JaxError?
            do throws(JaxError) {
                let call: Client.Call<Evaluate>
                do {
                    call = try start(fuzz.callsText(rest), client, nanoseconds: FuzzClient.batchNanoseconds, output)
                } catch {
                    throw error as! JaxError
                }
                let status = try call.waitWithBody(seconds: FuzzClient.patience).reply.status
                if status == 0, output.text.contains("ran \(rest.count) calls") {
                    fuzz.pass("extreme calls", count: rest.count)
                    return
                }
            } catch let failure { error = failure }
            let last = output.text.split(separator: "\n").last { Int($0) != nil }.flatMap { Int($0) } ?? rest.lowerBound
            let tail = String(output.text.suffix(300))
            if let error {
                if error.message.isEmpty { fuzz.fail("call \(last): an error without a text") }
                if error.kind != .resourceExhausted { fuzz.fail("call \(last) was answered by \(error)") }
                if !fuzz.isMachineRunning { throw FuzzError("the machine is lost at call \(last): \(error)") }
                fuzz.note("extreme calls ended from outside")
            } else if !tail.contains("MemoryError") {
                fuzz.fail("call \(last) broke the batch off: \(tail)")
            } else {
                fuzz.note("batches of calls that ran out of memory")
            }
            fuzz.pass("extreme calls", count: max(1, last + 1 - rest.lowerBound))
            rest = (max(last, rest.lowerBound) + 1)..<rest.upperBound
            if rest.lowerBound >= range.upperBound { return }
        }
    }

    // MARK: Texts that go on

    private func run(_ text: UnendingText, _ ending: Ending, _ client: Client) throws {
        let output = Output(), what = "\(text.name) (\(ending.name))"
        var budget: UInt64 = 0
        if case .budget(let milliseconds) = ending { budget = UInt64(milliseconds) * 1_000_000 }
        let begun = DispatchTime.now().uptimeNanoseconds
        let call = try start(text.source, client, nanoseconds: budget, output)
        var due = begun + budget
        switch ending {
        case .budget: break
        case .cancellation(let milliseconds):
            usleep(UInt32(milliseconds) * 1000)
            due = DispatchTime.now().uptimeNanoseconds
            try call.cancel()
        case .disconnection(let milliseconds):
            usleep(UInt32(milliseconds) * 1000)
            client.close()
            self.client = nil
            // That it is gone is seen at the end, by the machine's memory and its list of jobs.
            fuzz.pass("texts ended by disconnection")
            return
        }
        var failure: JaxError?
        do throws(JaxError) { _ = try call.waitWithBody(seconds: FuzzClient.patience) } catch { failure = error }
        let late = Double(Int64(DispatchTime.now().uptimeNanoseconds) - Int64(due)) / 1e6
        guard let failure else {
            // It came to an end of its own before: by an error that it did not catch, such as a recursion too deep.
            fuzz.pass("texts that ended by themselves")
            return
        }
        if failure.kind == .deviceError { throw FuzzError("\(what): \(failure)") }
        fuzz.noteLatency(late, what)
        let isMemory = failure.kind == .resourceExhausted && failure.message.contains("out of memory")
        var expected: JaxError.Kind = .cancelled
        if case .budget = ending { expected = .resourceExhausted }
        if failure.kind != expected && !isMemory || failure.message.isEmpty {
            fuzz.fail("\(what) was answered by \(failure)")
            return
        }
        if failure.message.contains("by force") { fuzz.note("texts ended by force: \(text.name)") }
        fuzz.pass(isMemory ? "texts that ran out of memory" : "texts ended by \(ending.name)")
    }
}
