// A QEMU process whose life is bound to ours: it is killed when this object, or this whole process, ends in any way.
import Glibc
import HostShim
import JaxPlatform
import WireProtocol

/// One running QEMU.
public final class QEMUProcess {
    private let state = State()

    private enum Outcome {
        case failedToStart(JaxError)
        /// The exit status, or 128 and the signal's number.
        case exited(Int32)
    }

    /// What this object shares with the thread that waits for the process; that thread may outlive it.
    private final class State {
        let monitor = ThreadMonitor()
        var process: pid_t = 0
        var outcome: Outcome?

        func finish(_ outcome: Outcome) {
            hold(monitor) {
                self.outcome = outcome
                monitor.notifyAll()
            }
        }
    }

    /// Starts `arguments[0]`. Descriptors in `keeping` stay open in it; `standard` replaces 0, 1 and 2 where not −1.
    /// Throws where it cannot be started.
    public init(_ arguments: [String], keeping descriptors: [Int32], standard: [Int32] = [-1, -1, -1],
                ownSession: Bool = true) throws(JaxError) {
        let state = self.state
        // The kernel kills the child when the thread that forked it ends: that thread waits for the child's end.
        Threads().spawn("qemu") {
            var pointers: [UnsafeMutablePointer<CChar>?] = []
            for argument in arguments { pointers.append(strdup(argument)) }
            pointers.append(nil)
            let started = host_spawn(pointers, descriptors + [-1], standard, ownSession)
            let failure = started < 0 ? systemError("cannot start \(arguments[0])") : nil
            for pointer in pointers { free(pointer) }
            if let failure {
                state.finish(.failedToStart(failure))
                return
            }
            hold(state.monitor) {
                state.process = started
                state.monitor.notifyAll()
            }
            var status: Int32 = 0
            while waitpid(started, &status, 0) < 0 && errno == EINTR {}
            state.finish(.exited(status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F))
        }
        state.monitor.enter()
        defer { state.monitor.leave() }
        while state.process == 0 && state.outcome == nil { state.monitor.wait() }
        if case .failedToStart(let error) = state.outcome { throw error }
    }

    deinit { kill() }

    /// Waits for its end: the exit status, 128 and the number of the signal that killed it, or nil after `seconds`.
    @discardableResult
    public func wait(seconds: Double? = nil) -> Int32? {
        state.monitor.enter()
        defer { state.monitor.leave() }
        while true {
            if case .exited(let status) = state.outcome { return status }
            if let seconds {
                if !state.monitor.wait(seconds: seconds) {
                    if case .exited(let status) = state.outcome { return status }
                    return nil
                }
            } else {
                state.monitor.wait()
            }
        }
    }

    public var isRunning: Bool { hold(state.monitor) { state.outcome == nil } }

    public func kill() {
        hold(state.monitor) {
            // Not after `waitpid`: the number may be another process's by then.
            if state.outcome == nil && state.process > 0 { _ = Glibc.kill(state.process, SIGKILL) }
        }
    }

    /// Runs a command to its end, its output discarded; nil if it took longer and was killed.
    /// A value within an option of QEMU's, where a comma begins the next one.
    static func escaped(_ value: String) -> String {
        value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }

    static func run(_ arguments: [String], keeping descriptors: [Int32] = [], seconds: Double) -> Int32? {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        defer { close(null) }
        do throws(JaxError) {
            let process = try QEMUProcess(arguments, keeping: descriptors, standard: [null, null, null])
            if let status = process.wait(seconds: seconds) { return status }
            process.kill()
            process.wait()
            return nil
        } catch {
            return nil
        }
    }
}
