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
        let hung = try running.python("import machine\ntry:\n    machine.raise_fault('hang')\nexcept machine.Fault as e:\n    print('caught', e)")
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
            try: jnp.ones((600, 600)) @ jnp.ones((600, 600))
            except MemoryError as e: print('late', e)
            try: machine.limits(permissions=['everything'])
            except ValueError as e: print('unknown', e)
            """
        let output = try running.python(text).output
        #expect(output.contains("refused ") && output.contains("late ") && output.contains("unknown "), "\(output)")
    }

    @Test func aTextWithoutPermissionsIsToldWhichItLacks() throws {
        let running = try RunningMachine()
        defer { running.shutDown() }
        for action in ["machine.reboot()", "machine.limits(memory=1)", "machine.raise_fault('page')"] {
            let box = OutputBox()
            let call = try running.client.start(Evaluate(name: "<test>"), body: BodyBuffer(copying: Array("import machine\n\(action)".utf8)),
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
