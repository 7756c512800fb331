// What keeps the machine up and tells of it: limits, permissions, the watchdog, the trace.
import Foundation
import HostMachine
import JaxPlatform
import Testing
import WireProtocol

@Suite(.serialized, .enabled(if: Built.images)) struct RecoveryTests {
    @Test func aProcessorThatHangsWithInterruptsOffLosesItsJobOnly() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        let hung = try running.python("import machine\ntry:\n    machine.raise_fault('hang')\nexcept machine.Fault as e:\n    "
            + "print('caught', e)")
        #expect(hung.output.contains("ended by the watchdog"), "\(hung)")
        #expect(try running.python("print(6*7)").output.contains("42"))
    }

    @Test func limitsEndWhatExceedsThem() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        let text = """
            import machine, jax.numpy as jnp
            machine.limits(memory=100000)
            try: jnp.zeros(100000)
            except MemoryError as e: print('refused', e)
            machine.limits(memory=None, time=0.01)
            try: jnp.ones((3000, 3000)) @ jnp.ones((3000, 3000))
            except MemoryError as e: print('late', e)
            try: machine.limits(permissions=['everything'])
            except ValueError as e: print('unknown', e)
            """
        let output = try running.python(text).output
        #expect(output.contains("refused ") && output.contains("late ") && output.contains("unknown "), "\(output)")
    }

    /// Outside of every job: the worker of a channel, the task that reads the link, the interpreter. Each is begun anew, and what
    /// was loaded in other channels stays (the link's own task has all of them).
    @Test func theServiceAndTheInterpreterAreBegunAnewAfterAFault() throws {
        let running = try RunningMachine { $0.commandLine = "inject" }, client = running.client
        defer { running.shutDown() }
        func load(_ channel: UInt32) throws {
            _ = try client.start(Compile(handle: 1, name: "affine"), body: contents(Built.root
                + "/Tests/ServiceTests/Fixtures/affine.jaxexp"), channel: channel).waitWithBody(seconds: 30)
        }
        func isLoaded(_ channel: UInt32) -> Bool {
            (try? client.start(Inspect(program: 1), channel: channel).waitWithBody(seconds: 30)) != nil
        }
        try load(3)
        _ = try client.start(Inject(fault: "worker")).waitWithBody(seconds: 10)
        do throws(JaxError) {
            _ = try client.start(Evaluate(name: "struck"), body: BodyBuffer(copying: Array("1".utf8)), channel: 4).waitWithBody(seconds: 30)
            Issue.record("the worker's fault had no answer")
        } catch { #expect(error.kind == .fault && error.message.contains("in the machine's service"), "\(error)") }
        #expect(try running.python("print(6*7)").output.contains("42"))
        try load(4)
        #expect(isLoaded(3) && isLoaded(4))

        // What the interpreter held is let go of: as much is in use after the second as after the first.
        var used: [Int] = []
        for _ in 0..<3 {
            _ = try? running.python("import machine, jax.numpy as jnp\nlist = [jnp.ones(1 << 18) for i in "
                + "range(8)]\nmachine.end_interpreter()")
            let output = try running.python("import machine, gc\ngc.collect()\nprint(machine.memory()['library'])").output
            used.append(Int(output.split(whereSeparator: \.isNewline).last ?? "") ?? 0)
        }
        #expect(used[0] > 0 && abs(used[2] - used[1]) < 4096, "\(used)")
        #expect(isLoaded(3))

        _ = try? client.start(Inject(fault: "link")).waitWithBody(seconds: 2)
        var answered = false
        for _ in 0..<30 where !answered { answered = (try? client.start(ListDevices()).waitWithBody(seconds: 1)) != nil }
        #expect(answered && !isLoaded(3))
        try load(3)
        #expect(try running.python("print(6*7)").output.contains("42"))
    }

    /// Small arrays, large ones, with a quota and without: each ends in a typed error, and what was held comes back.
    @Test func aProgramThatTakesAllMemoryIsEndedAndTheMachineAnswers() throws {
        let running = try RunningMachine { $0.memory = "128M" }
        defer { running.shutDown() }
        for (count, least) in [(1 << 18, 50), (1 << 8, 1000), (7 << 20, 1)] {
            let text = """
                import machine, gc, jax.numpy as jnp
                gc.collect()
                before = machine.memory()['used']
                kept = []
                try:
                    while True: kept.append(jnp.zeros(\(count)))
                except MemoryError as e: print('ended', len(kept) >= \(least), e)
                print(6*7, jnp.arange(5).sum() if \(count) > 256 else 10)
                kept = None
                gc.collect()
                used = machine.memory()['used']
                print('back' if used < before + (1 << 20) else (before, used))
                """
            let output = try running.python(text).output
            #expect(output.contains("ended True out of memory") && output.contains("42 10")
                    && output.contains("back"), "\(count): \(output)")
        }
        #expect(try running.python("import machine\nmachine.limits(memory=1000000)\nimport jax.numpy as jnp\nx = jnp.zeros(1 << "
            + "20)").output.contains("MemoryError"))
        #expect(try running.python("print(6*7)").output.contains("42"))
    }

    /// More arrays over the link than the machine can hold: an error for the one that does not fit, and the link goes on.
    @Test func arraysThatDoNotFitAreRefused() throws {
        let running = try RunningMachine { $0.memory = "128M" }, client = running.client
        defer { running.shutDown() }
        let bytes = [UInt8](repeating: 7, count: 8 << 20)
        var held: [UInt64] = [], refusal: JaxError?
        while refusal == nil && held.count < 30 {
            let handle = UInt64(held.count + 1)
            do throws(JaxError) {
                _ = try client.start(Put(handle: handle, type: ArrayType(dtype: "uint8", shape: [bytes.count])),
                                     body: BodyBuffer(copying: bytes)).waitWithBody(seconds: 30)
                held.append(handle)
            } catch { refusal = error }
        }
        #expect(refusal?.kind == .resourceExhausted && held.count > 5, "\(held.count): \(String(describing: refusal))")
        #expect(try client.start(ListDevices()).waitWithBody(seconds: 10).reply.devices.isEmpty == false)
        _ = try client.start(Drop(handles: held)).waitWithBody(seconds: 10)
        _ = try client.start(Put(handle: 99, type: ArrayType(dtype: "uint8", shape: [bytes.count])),
                             body: BodyBuffer(copying: bytes)).waitWithBody(seconds: 30)
    }

    @Test func aTextWithoutPermissionsIsToldWhichItLacks() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        for action in ["machine.reboot()", "machine.limits(memory=1)", "machine.raise_fault('page')"] {
            let box = OutputBox()
            let call = try running.client.start(Evaluate(name: "<test>"),
                                                body: BodyBuffer(copying: Array("import machine\n\(action)".utf8)),
                                                onOutput: { box.append($0) })
            #expect(try call.waitWithBody(seconds: 60).reply.status == 1)
            #expect(box.text.contains("PermissionError") && box.text.contains("'machine control'"), "\(box.text)")
        }
    }

    @Test func theTraceIsChromesFormat() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        _ = try running.python("import jax.numpy as jnp\n(jnp.ones((50, 50)) @ jnp.ones((50, 50))).sum()")
        let body = try #require(try running.client.start(ReadTrace()).waitWithBody(seconds: 30).body)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(body.text.utf8)) as? [String: Any])
        let events = try #require(object["traceEvents"] as? [[String: Any]])
        for phase in ["X", "b", "e"] { #expect(events.contains { $0["ph"] as? String == phase }, "no event of phase \(phase)") }
        #expect(events.contains { $0["name"] as? String == "prompt" })
    }

    @Test func theAuditFindsNothing() throws {
        let running = try RunningMachine { $0.cpus = 4 }
        defer { running.shutDown() }
        #expect(try running.python("import machine\nprint(machine.audit()['violations'])").output.contains("[]"))
    }
}
