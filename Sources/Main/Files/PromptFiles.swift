// The files that Python opens: those that came with the image, and the host's, through the link.
import JaxPlatform
import JaxService
import Kernel
import Python
import WireProtocol

enum PromptFiles {
    static func list() -> [MachineFile] {
        var list: [MachineFile] = []
        for file in BootFiles.all { list.append(MachineFile(name: file.name, byteCount: file.byteCount)) }
        return list
    }

    /// The contents of `name`. Throws `fileNotFound`, or `permissionDenied` for the host's files without a link.
    static func read(_ name: String) throws(JaxError) -> [UInt8] {
        if name.hasPrefix("host:") { return try readHostFile(String(name.dropFirst(5))) }
        guard let bytes = BootFiles.contents(name) else {
            throw JaxError(.fileNotFound, "there is no file '\(name)'; machine.files() lists what came with the image, "
                + "host:NAME names the host's")
        }
        return Array(bytes)
    }

    /// A megabyte at a time, so that the transfer can be interrupted.
    private static func readHostFile(_ name: String) throws(JaxError) -> [UInt8] {
        guard let service = KernelServiceHost.service else {
            throw JaxError(.permissionDenied, "this machine has no link to its host")
        }
        var contents: [UInt8] = []
        while true {
            let piece = try service.readHostFile(name, offset: contents.count, count: 1 << 20)
            contents.append(contentsOf: piece.bytes.bytes)
            if contents.count >= piece.fileByteCount || piece.bytes.bytes.isEmpty { return contents }
        }
    }
}
