// Files of the host: programs, arrays, folders of programs.
import Glibc
import HostMachine
import JaxIR
import JaxLoad
import JaxPlatform
import WireProtocol

/// A file's bytes in memory that a request can send, beside `headerByteCount` bytes that stay here. Throws `fileNotFound`
/// and other system errors with the path.
func readFile(_ path: String, headerByteCount: UInt64 = 0) throws(JaxError) -> BodyBuffer {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw fileError(path) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw fileError(path) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw JaxError(.valueError, "\(path) is a folder, expected a file") }
    guard status.st_mode & S_IFMT == S_IFREG else { return try readStream(file, path) }
    guard UInt64(status.st_size) <= Link.maximumBody + headerByteCount else { throw tooLarge(path, Int(status.st_size)) }
    let body = try BodyBuffer(byteCount: Int(status.st_size))
    var done = 0
    while done < body.bytes.count {
        let count = read(file, body.bytes.baseAddress! + done, body.bytes.count - done)
        if count < 0 && errno == EINTR { continue }
        if count == 0 { throw JaxError(.valueError, "\(path) shrank while it was read") }
        guard count > 0 else { throw fileError(path) }
        done += count
    }
    return body
}

/// What a pipe or a terminal brings until its end.
private func readStream(_ file: Int32, _ path: String) throws(JaxError) -> BodyBuffer {
    var contents: [UInt8] = [], piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &piece, piece.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw fileError(path) }
        if count == 0 { return try BodyBuffer(copying: contents) }
        contents += piece[..<count]
        guard contents.count <= Int(Link.maximumBody) else { throw tooLarge(path, contents.count) }
    }
}

private func tooLarge(_ path: String, _ byteCount: Int) -> JaxError {
    JaxError(.resourceExhausted, "\(path) has \(byteCount) bytes; at most \(Link.maximumBody) can be sent")
}

/// Writes pieces to a file, replacing what was there.
func writeFile(_ path: String, _ pieces: [UnsafeRawBufferPointer]) throws(JaxError) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw fileError(path) }
    defer { close(file) }
    for piece in pieces {
        var done = 0
        while done < piece.count {
            let count = write(file, piece.baseAddress! + done, piece.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw fileError(path) }
            done += count
        }
    }
}

/// Writes text to a file, replacing what was there.
func writeText(_ text: String, to path: String) throws(JaxError) {
    var failure: JaxError?
    Array(text.utf8).withUnsafeBytes { bytes in
        do throws(JaxError) { try writeFile(path, [bytes]) } catch { failure = error }
    }
    if let failure { throw failure }
}

func fileError(_ path: String) -> JaxError {
    JaxError(errno == ENOENT ? .fileNotFound : .valueError, "\(path): " + String(cString: strerror(errno)))
}

/// A `.npy` file as an array; `expected` is what the program takes in its place.
func readArray(_ path: String, expected: ArrayType?) throws(JaxError) -> Tensor {
    let file = try readFile(path, headerByteCount: 1 << 16)
    do throws(JaxError) {
        return try Npy.read(UnsafeRawBufferPointer(file.bytes), expected: expected.flatMap { DType(name: $0.dtype) })
    } catch {
        throw JaxError(error.kind, "\(path): " + error.message, location: error.location, offset: error.offset)
    }
}

/// Writes an array that the machine sent.
func writeArray(_ path: String, _ type: ArrayType, _ body: BodyBuffer?) throws(JaxError) {
    guard let dtype = DType(name: type.dtype), let body else { throw JaxError(.malformed, "the machine sent no array") }
    let tensorType = TensorType(dtype, type.shape)
    guard let count = tensorType.checkedElementCount, count * dtype.byteWidth == body.bytes.count else {
        throw JaxError(.malformed, "the machine sent \(body.bytes.count) bytes for an array of type \(tensorType)")
    }
    let header = Npy.header(for: tensorType)
    var failure: JaxError?
    header.withUnsafeBytes { header in
        do throws(JaxError) { try writeFile(path, [header, UnsafeRawBufferPointer(body.bytes)]) } catch { failure = error }
    }
    if let failure { throw failure }
}

/// The folder, made if it is not there, with those above it.
func makeFolder(_ path: String) throws(JaxError) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
        made += "/" + part
        if mkdir(made, 0o755) != 0 && errno != EEXIST { throw fileError(made) }
    }
}

/// The programs at `paths`: files as they are, folders with all the programs in them, sorted by name.
func programs(at paths: [String]) throws(JaxError) -> [String] {
    var found: [String] = []
    for path in paths {
        guard let folder = opendir(path) else {
            if errno != ENOTDIR { throw fileError(path) }
            found.append(path)
            continue
        }
        var entries: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix(".") { continue }
            let child = path + "/" + name
            if Int32(entry.pointee.d_type) == Int32(DT_DIR) {
                entries += try programs(at: [child])
            } else if [".mlirbc", ".jax", ".jaxexp", ".bin"].contains(where: name.hasSuffix) {
                entries.append(child)
            }
        }
        closedir(folder)
        found += entries.sorted()
    }
    return found
}
