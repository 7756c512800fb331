// The files that came with the image: on the PVH path the members of the boot module, a ustar archive; on the EFI path
// what stood in models/ of the system partition.
import Boot
import Kernel

enum BootFiles {
    nonisolated(unsafe) private static var entries: [UstarArchive.Entry] = []

    /// Finds them; their memory was kept from the page allocator.
    static func start(_ info: UnsafePointer<boot_info>) {
        for index in 0..<min(info.pointee.file_count, UInt32(BOOT_MAX_FILES)) {
            guard let file = boot_get_file(info, index) else { continue }
            let bytes = UnsafeRawBufferPointer(start: directMap(file.pointee.address), count: Int(file.pointee.byte_count))
            let archive = UstarArchive(bytes)
            if archive.entries.isEmpty {
                entries.append(UstarArchive.Entry(name: String(cString: boot_file_name(file)), bytes: bytes))
            } else {
                entries += archive.entries
            }
        }
    }

    static var all: [(name: String, byteCount: Int)] {
        var list: [(name: String, byteCount: Int)] = []
        for entry in entries { list.append((entry.name, entry.bytes.count)) }
        return list
    }

    static func contents(_ name: String) -> UnsafeRawBufferPointer? {
        for entry in entries where entry.name == name { return entry.bytes }
        return nil
    }
}
