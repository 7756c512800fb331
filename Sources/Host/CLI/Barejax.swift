// The command: one file a subcommand.
import ArgumentParser
import Glibc
import JaxPlatform
import WireProtocol

struct Barejax: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "barejax",
        abstract: "A machine that boots straight into JAX.",
        version: productVersion,
        subcommands: [
            Boot.self, Run.self, Check.self, Eval.self, Transform.self, Inspect.self, Stats.self, Faults.self, Trace.self, Doctor.self,
        ])
}

/// Errors go to standard error with status 1, in JAX's manner.
@main
enum Main {
    static func main() {
        // A reader that has gone is an error like another, not a signal.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Barejax.parseAsRoot()
            try command.run()
            guard fflush(stdout) == 0, ferror(stdout) == 0 else { outputFailed() }
        } catch let error as JaxError {
            complain(error.description)
            exit(1)
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch {
            let isHelp = Barejax.exitCode(for: error) == .success
            fputs(Barejax.fullMessage(for: error) + "\n", isHelp ? stdout : stderr)
            exit(isHelp ? 0 : 1)
        }
    }
}

/// Prints a line on standard error.
func complain(_ text: String) {
    fflush(stdout)
    fputs(text + "\n", stderr)
}

/// Prints text on standard output as it is. Where nobody can read it any more, the command ends, and with it its machine.
func put(_ bytes: [UInt8]) {
    guard fwrite(bytes, 1, bytes.count, stdout) == bytes.count, fflush(stdout) == 0 else { outputFailed() }
}

func outputFailed() -> Never {
    fputs("cannot write to standard output: " + String(cString: strerror(errno)) + "\n", stderr)
    exit(1)
}
