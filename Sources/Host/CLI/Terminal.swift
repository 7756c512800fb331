// The terminal's settings, and the signals that end a command in order.
import Glibc
import HostMachine
import JaxPlatform

/// Remembers how the terminal was set, because QEMU sets it raw and may be killed before it sets it back.
final class Terminal {
    private var settings = termios()
    private let isTerminal: Bool

    init() { isTerminal = tcgetattr(0, &settings) == 0 }

    func restore() {
        if isTerminal { tcsetattr(0, TCSANOW, &settings) }
    }
}

/// Takes SIGINT, SIGTERM and SIGHUP on a thread of its own: `onSignal` runs, then the process ends with 128 and the number.
final class EndingSignals {
    var onSignal: () -> Void = {}
    /// Whether one has come: what ends now ends for that reason.
    private(set) var haveCome = false

    init() {
        // Blocked before any other thread starts, so that all inherit it.
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        Threads().spawn("signals") { [self] in
            var signal: Int32 = 0
            while sigwait(&set, &signal) != 0 {}
            haveCome = true
            onSignal()
            exit(128 + signal)
        }
    }

    /// Throws `deviceError` where QEMU ended badly by itself. Where a signal has come, that one ends this process.
    func check(_ status: Int32, _ text: String) throws(JaxError) {
        while haveCome { pause() }
        if status != 0 { throw JaxError(.deviceError, text) }
    }
}
