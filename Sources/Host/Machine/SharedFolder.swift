// The folder that `boot --share DIR` lets the machine read. Names come from the machine and are not trusted.
import Glibc
import JaxPlatform
import WireProtocol

/// Read-only access to the files within one folder.
public final class SharedFolder {
    private let descriptor: Int32

    /// Throws `fileNotFound` where `path` is no folder.
    public init(path: String) throws(JaxError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemError("cannot share \(path)") }
    }

    deinit { close(descriptor) }

    /// Reads a piece. Each part of the name is opened from the folder above it, following no links, so that no name leads
    /// out of the shared folder.
    func read(_ request: ReadFile) throws(JaxError) -> (bytes: BodyBuffer, fileByteCount: Int) {
        let parts = request.name.split(separator: "/", omittingEmptySubsequences: false)
        for part in parts where part.isEmpty || part == "." || part == ".." || part.utf8.contains(0) {
            throw JaxError(.permissionDenied, "'\(request.name)' is not a name within the shared folder")
        }
        var file = dup(descriptor)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let next = openat(file, String(part), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (isLast ? 0 : O_DIRECTORY))
            let failure = next < 0 ? systemError("host:\(request.name)") : nil
            close(file)
            file = next
            if let failure { throw failure }
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw systemError("host:\(request.name)") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw JaxError(.permissionDenied, "host:\(request.name) is not a plain file") }
        let size = Int(status.st_size)
        guard request.offset >= 0, request.count >= 0, request.count <= Int(Link.maximumBody) else {
            throw JaxError(.valueError, "host:\(request.name) cannot be read from \(request.offset) for \(request.count) bytes")
        }
        let body = try BodyBuffer(byteCount: max(0, min(request.count, size - min(request.offset, size))))
        var done = 0
        while done < body.bytes.count {
            let count = pread(file, body.bytes.baseAddress! + done, body.bytes.count - done, request.offset + done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw count < 0 ? systemError("host:\(request.name)")
                    : JaxError(.deviceError, "host:\(request.name) shrank while it was read")
            }
            done += count
        }
        return (body, size)
    }
}
