// A byte stream over a socket.
import Glibc
import HostShim
import JaxPlatform
import WireProtocol

/// Owns the descriptor; closes it at its end.
public final class SocketStream: ByteStream {
    public let descriptor: Int32

    public init(descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to the Unix socket of `barejax boot --socket`.
    public convenience init(connectingTo path: String) throws(JaxError) {
        let descriptor = host_connect(path)
        guard descriptor >= 0 else { throw systemError("cannot connect to \(path)") }
        self.init(descriptor: descriptor)
    }

    /// Two streams, each the other's end.
    public static func pair() throws(JaxError) -> (SocketStream, SocketStream) {
        var ends: [Int32] = [-1, -1]
        guard host_socket_pair(&ends) == 0 else { throw systemError("cannot make a socket") }
        return (SocketStream(descriptor: ends[0]), SocketStream(descriptor: ends[1]))
    }

    deinit { close(descriptor) }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(JaxError) -> Int {
        while true {
            let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
            if count >= 0 { return count }
            if errno == ECONNRESET { return 0 }
            if errno != EINTR { throw systemError("reading the link") }
        }
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws(JaxError) {
        var offset = 0
        while offset < bytes.count {
            let count = send(descriptor, bytes.baseAddress! + offset, bytes.count - offset, Int32(MSG_NOSIGNAL))
            if count >= 0 {
                offset += count
            } else if errno != EINTR {
                throw systemError("writing to the link")
            }
        }
    }

    /// Ends both directions, so that whoever reads or writes returns.
    public func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
