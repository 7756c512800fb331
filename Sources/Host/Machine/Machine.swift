// A machine: QEMU with the image, its console and its link.
import Glibc
import JaxPlatform
import WireProtocol

/// Starts a machine and holds it; it ends with this object at the latest.
public final class Machine {
    public let process: QEMUProcess
    /// The host's end of the control port; `connect` makes a client of it.
    public let stream: SocketStream
    /// COM1, unless it is on the terminal.
    public let console: ConsoleCapture?
    public let options: MachineOptions

    /// Starts QEMU; does not wait for the machine inside. Throws `fileNotFound` without an image or QEMU.
    public init(_ options: MachineOptions) throws(JaxError) {
        try options.validate()
        self.options = options
        let venus = try Venus.find(options.gpu)
        let (ours, theirs) = try SocketStream.pair()
        var console: (ours: SocketStream, theirs: SocketStream)?
        if case .captured = options.console {
            let pair = try SocketStream.pair()
            console = (pair.0, pair.1)
        }
        let arguments = try options.arguments(link: theirs.descriptor, console: console?.theirs.descriptor,
                                              accelerator: KVMProbe.accelerator(), venus: venus)
        var kept = [theirs.descriptor]
        if let console { kept.append(console.theirs.descriptor) }
        process = try QEMUProcess(arguments, keeping: kept, ownSession: console != nil)
        stream = ours
        self.console = console.map { ConsoleCapture($0.ours) }
    }

    deinit { process.kill() }

    /// Waits until the machine answers on its link. Throws with the console's last lines if it ends or takes longer.
    public func connect(as name: String = "barejax", files: SharedFolder? = nil, seconds: Double? = nil) throws(JaxError) -> Client {
        let client = Client(stream, files: files)
        do throws(JaxError) {
            try greet(client, as: name, seconds: seconds)
        } catch {
            client.close()
            throw error
        }
        return client
    }

    /// Says hello over `client`, which leads to this machine.
    public func greet(_ client: Client, as name: String, seconds: Double? = nil) throws(JaxError) {
        do throws(JaxError) {
            _ = try client.start(Hello(client: name)).waitWithBody(seconds: seconds ?? (options.boot == .efi ? 180 : 60))
        } catch {
            throw JaxError(error.kind, "the machine did not start: " + error.message + consoleText)
        }
    }

    /// What the machine last said, for an error's end. The link and the console are two streams: where the machine has ended, the console's
    /// may still hold its last words, so they are waited for.
    var consoleText: String {
        if process.wait(seconds: 0.5) != nil { console?.waitUntilClosed(seconds: 1) }
        guard let console, !console.text.isEmpty else { return "" }
        return "\nthe machine's console ended with:\n" + console.lastLines
    }

    /// Powers off in order; kills QEMU where the machine does not.
    public func shutDown(_ client: Client) {
        do throws(JaxError) {
            _ = try client.start(Shutdown()).waitWithBody(seconds: 2)
            if process.wait(seconds: 2) == nil { process.kill() }
        } catch {
            process.kill()
        }
        process.wait()
        client.close()
    }
}
