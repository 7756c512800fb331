// The control port as the link's stream of bytes. A device that breaks its specification is reset; the link sees an end of
// the connection and goes on with the next.
import Drivers
import JaxPlatform
import Kernel
import WireProtocol

final class ControlPort: ByteStream {
    static let name = "org.barejax.control"

    private let console: VirtioConsole

    init(_ console: VirtioConsole) { self.console = console }

    /// Waits until the host has the port open.
    func waitUntilOpen() {
        while true {
            do throws(DeviceError) {
                if try console.port.waitUntilOpen() { return }
            } catch {
                recover(error)
            }
        }
    }

    /// A device that had to be reset is read on from: what was under way is lost, what was loaded is not.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(JaxError) -> Int {
        while true {
            do throws(DeviceError) {
                return try console.port.read(into: buffer)
            } catch {
                guard recover(error) else { return 0 }
                waitUntilOpen()
            }
        }
    }

    /// Leaves garbage in the device's receive queue, for the campaign of faults on purpose.
    func breakDevice() { console.port.scribble() }

    /// Lets the device take nothing any more, for the same; it is found out after a short while.
    func silence() {
        console.port.patience = 300_000_000
        console.port.silence()
    }

    /// Hands bytes to the device without waiting for anything: for a machine that ends.
    func writeLast(_ bytes: UnsafeRawBufferPointer) { console.port.writeLast(bytes) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(JaxError) {
        do throws(DeviceError) {
            try console.port.write(bytes)
        } catch {
            throw JaxError(.deviceError, error.description)
        }
    }

    /// Resets a device that broke its specification; true where it works again.
    @discardableResult
    private func recover(_ error: DeviceError) -> Bool {
        if Exceptions.reportsFaults { log(error.description) }
        guard error.kind == .protocolViolation else { return false }
        Exceptions.note(.brokenDevice, vector: 0)
        do throws(DeviceError) {
            try console.reset()
            return true
        } catch {
            log(error.description)
            return false
        }
    }
}
