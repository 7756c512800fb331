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

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(JaxError) -> Int {
        do throws(DeviceError) {
            return try console.port.read(into: buffer)
        } catch {
            recover(error)
            return 0
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(JaxError) {
        do throws(DeviceError) {
            try console.port.write(bytes)
        } catch {
            throw JaxError(.deviceError, error.description)
        }
    }

    private func recover(_ error: DeviceError) {
        log(error.description)
        guard error.kind == .protocolViolation else { return }
        do throws(DeviceError) {
            try console.reset()
        } catch {
            log(error.description)
        }
    }
}
