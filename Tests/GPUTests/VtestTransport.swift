// Venus over a Unix socket to virgl_test_server, in the words of its protocol (virglrenderer, vtest/vtest_protocol.h):
// the encoder's bytes before a real decoder, without a machine. Device memory cannot be shared on this way.
import Foundation
import GPU
import JaxPlatform

/// A running virgl_test_server.
final class VtestServer {
    let path: String
    private let process = Process()

    /// nil where the server is not installed.
    init?() {
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/virgl_test_server") else { return nil }
        path = NSTemporaryDirectory() + "vtest-\(UUID().uuidString.prefix(8))"
        process.executableURL = URL(fileURLWithPath: "/usr/bin/virgl_test_server")
        process.arguments = ["--venus", "--use-egl-surfaceless", "--socket-path=" + path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        for _ in 0..<100 where !FileManager.default.fileExists(atPath: path) { usleep(50_000) }
    }

    deinit {
        kill(process.processIdentifier, SIGKILL)
        try? FileManager.default.removeItem(atPath: path)
    }
}

final class VtestTransport: VenusTransport {
    private enum Command {
        static let createRenderer: UInt32 = 8, resourceUnref: UInt32 = 3, protocolVersion: UInt32 = 11, getParam: UInt32 = 15
        static let getCapset: UInt32 = 16, contextInit: UInt32 = 17, createBlob: UInt32 = 18, submit: UInt32 = 24
    }

    let capset: VenusCapset
    private let socket: Int32
    private var mapped: [(resource: UInt32, address: UnsafeMutableRawPointer, byteCount: Int)] = []
    /// Blobs made so far and still there.
    private(set) var blobCount = 0

    init(_ server: VtestServer) throws(AcceleratorError) {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: server.path.utf8) }
        let socket = self.socket
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard result == 0 else { throw AcceleratorError(.unavailable, "cannot reach virgl_test_server") }
        let name = Array("barejax\0".utf8)
        try VtestTransport.send(socket, [UInt32(name.count), Command.createRenderer])
        try VtestTransport.send(socket, bytes: name)
        try VtestTransport.send(socket, [1, Command.protocolVersion, 3])
        _ = try VtestTransport.receive(socket, words: 3)
        try VtestTransport.send(socket, [2, Command.getCapset, 4, 0])
        let header = try VtestTransport.receive(socket, words: 2)
        let reply = try VtestTransport.receive(socket, words: Int(header[0]))
        guard reply.first == 1, let capset = VenusCapset(words: Array(reply.dropFirst())) else {
            throw AcceleratorError(.unavailable, "virgl_test_server offers no Venus")
        }
        self.capset = capset
        try VtestTransport.send(socket, [1, Command.contextInit, 4])
    }

    func makeBlob(id: UInt64, byteCount: Int) throws(AcceleratorError) -> VenusBlob? {
        if id != 0 { return nil }
        try VtestTransport.send(socket, [6, Command.createBlob, 2, 1, UInt32(byteCount), 0, 0, 0])
        _ = try VtestTransport.receive(socket, words: 2)
        let resource = try VtestTransport.receive(socket, words: 1)[0]
        let file = try receiveDescriptor()
        guard let address = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), address != MAP_FAILED else {
            throw AcceleratorError(.outOfMemory, "mmap of a blob failed")
        }
        Glibc.close(file)
        mapped.append((resource, address, byteCount))
        blobCount += 1
        return VenusBlob(resource: resource, address: UInt(bitPattern: address), byteCount: byteCount)
    }

    func free(_ blob: VenusBlob) {
        for index in mapped.indices where mapped[index].resource == blob.resource {
            munmap(mapped[index].address, mapped[index].byteCount)
            mapped.remove(at: index)
            blobCount -= 1
            try? VtestTransport.send(socket, [1, Command.resourceUnref, blob.resource])
            return
        }
    }

    func submit(_ words: [UInt32]) throws(AcceleratorError) {
        let head: [UInt32] = [1, 0, 7, UInt32(words.count), 0, 0, 0]
        try VtestTransport.send(socket, [UInt32(head.count + words.count), Command.submit] + head + words)
    }

    func requestInterrupt(timeline: UInt8) {}
    var nanoseconds: UInt64 { DispatchTime.now().uptimeNanoseconds }

    var isConnected: Bool { true }
    func isAlive() -> Bool { true }

    func sleep(until deadline: UInt64) {
        let now = nanoseconds
        if deadline > now { usleep(UInt32(min((deadline - now) / 1000, 1000))) }
    }

    func close() { Glibc.close(socket) }

    // The socket

    private static func send(_ socket: Int32, _ words: [UInt32]) throws(AcceleratorError) {
        try send(socket, bytes: words.withUnsafeBytes { Array($0) })
    }

    private static func send(_ socket: Int32, bytes: [UInt8]) throws(AcceleratorError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw AcceleratorError(.deviceLost, "virgl_test_server closed the connection") }
            sent += count
        }
    }

    private static func receive(_ socket: Int32, words count: Int) throws(AcceleratorError) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: count)
        var received = 0
        while received < count * 4 {
            let got = words.withUnsafeMutableBytes { Glibc.recv(socket, $0.baseAddress! + received, count * 4 - received, 0) }
            guard got > 0 else { throw AcceleratorError(.deviceLost, "virgl_test_server closed the connection") }
            received += got
        }
        return words
    }

    /// One byte that carries a file descriptor.
    private func receiveDescriptor() throws(AcceleratorError) -> Int32 {
        var byte: UInt8 = 0
        var control = [UInt8](repeating: 0, count: 64)
        let got = withUnsafeMutableBytes(of: &byte) { payload in
            control.withUnsafeMutableBytes { control in
                var vector = iovec(iov_base: payload.baseAddress, iov_len: 1)
                return withUnsafeMutablePointer(to: &vector) { vector in
                    var message = msghdr()
                    message.msg_iov = vector
                    message.msg_iovlen = 1
                    message.msg_control = control.baseAddress
                    message.msg_controllen = control.count
                    return recvmsg(socket, &message, 0)
                }
            }
        }
        // cmsghdr is a length of 8 bytes, level and type; then the descriptor.
        let length = control.withUnsafeBytes { $0.load(as: UInt64.self) }
        guard got > 0, length >= 20 else { throw AcceleratorError(.deviceLost, "virgl_test_server sent no file") }
        return control.withUnsafeBytes { $0.load(fromByteOffset: 16, as: Int32.self) }
    }
}
