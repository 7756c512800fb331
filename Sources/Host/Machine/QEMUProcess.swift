// A QEMU process whose life is bound to ours: it is killed when this object, or this whole process, ends in any way.
import Glibc
import HostShim
import JaxPlatform
import WireProtocol

/// One running QEMU.
public final class QEMUProcess {
    private let monitor = ThreadMonitor()
    private var process: pid_t = 0
    private var outcome: Outcome?

    private enum Outcome {
        case failedToStart(JaxError)
        /// The exit status, or 128 and the signal's number.
        case exited(Int32)
    }

    /// Starts `arguments[0]`. Descriptors in `keeping` stay open in it; `standard` replaces 0, 1 and 2 where not −1.
    /// Throws where it cannot be started.
    public init(_ arguments: [String], keeping descriptors: [Int32], standard: [Int32] = [-1, -1, -1], ownSession: Bool = true) throws(JaxError) {
        // The kernel kills the child when the thread that forked it ends: that thread waits for the child's end.
        Threads().spawn("qemu") { [self] in
            var pointers: [UnsafeMutablePointer<CChar>?] = []
            for argument in arguments { pointers.append(strdup(argument)) }
            pointers.append(nil)
            let started = host_spawn(pointers, descriptors + [-1], standard, ownSession)
            let failure = started < 0 ? systemError("cannot start \(arguments[0])") : nil
            for pointer in pointers { free(pointer) }
            if let failure {
                finish(.failedToStart(failure))
                return
            }
            hold(monitor) {
                process = started
                monitor.notifyAll()
            }
            var status: Int32 = 0
            while waitpid(started, &status, 0) < 0 && errno == EINTR {}
            finish(.exited(status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F))
        }
        monitor.enter()
        defer { monitor.leave() }
        while process == 0 && outcome == nil { monitor.wait() }
        if case .failedToStart(let error) = outcome { throw error }
    }

    deinit { kill() }

    private func finish(_ outcome: Outcome) {
        hold(monitor) {
            self.outcome = outcome
            monitor.notifyAll()
        }
    }

    /// Waits for its end: the exit status, 128 and the number of the signal that killed it, or nil after `seconds`.
    @discardableResult
    public func wait(seconds: Double? = nil) -> Int32? {
        monitor.enter()
        defer { monitor.leave() }
        while true {
            if case .exited(let status) = outcome { return status }
            if let seconds {
                if !monitor.wait(seconds: seconds) {
                    if case .exited(let status) = outcome { return status }
                    return nil
                }
            } else {
                monitor.wait()
            }
        }
    }

    public var isRunning: Bool { hold(monitor) { outcome == nil } }

    public func kill() {
        hold(monitor) {
            // Not after `waitpid`: the number may be another process's by then.
            if outcome == nil && process > 0 { _ = Glibc.kill(process, SIGKILL) }
        }
    }

    /// Runs a command to its end, its output discarded; nil if it took longer and was killed.
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
