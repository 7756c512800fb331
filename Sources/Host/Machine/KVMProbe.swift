// Whether KVM can run the machine. On some hosts /dev/kvm opens, but a guest dies on its first vector instruction; so a
// tiny guest tries one, once per boot of the host.
import Glibc
import HostShim
import JaxPlatform

public enum KVMProbe {
    /// The accelerator for QEMU's -M: "kvm" where the probe guest survives, else "tcg".
    public static func accelerator() -> String { isUsable() ? "kvm" : "tcg" }

    /// Whether a guest on KVM survives vector instructions; remembered in a file beside the images.
    public static func isUsable() -> Bool {
        guard access("/dev/kvm", R_OK | W_OK) == 0 else { return false }
        let boot = firstLine(of: "/proc/sys/kernel/random/boot_id")
        let cache = BuildFiles.programFolder + "/.kvm-probe"
        let remembered = firstLine(of: cache)
        if remembered == boot + " yes" { return true }
        if remembered == boot + " no" { return false }
        let result = probe(accelerator: "kvm")
        let text = boot + (result ? " yes\n" : " no\n")
        let file = open(cache, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        if file >= 0 {
            _ = write(file, text, text.utf8.count)
            close(file)
        }
        return result
    }

    /// Firmware of 64 KiB whose reset vector enters protected mode, runs SSE and AVX instructions and then ends QEMU
    /// through isa-debug-exit. It lies at 0xFFFF0000; offsets are within it.
    private static let parts: [(offset: Int, bytes: [UInt8])] = [
        (0x000, [
            0xFA,                                           // cli
            0x0F, 0x20, 0xE0,                               // mov eax, cr4
            0x66, 0x0D, 0x00, 0x06, 0x04, 0x00,             // or eax, OSFXSR | OSXMMEXCPT | OSXSAVE
            0x0F, 0x22, 0xE0,                               // mov cr4, eax
            0x0F, 0x20, 0xC0,                               // mov eax, cr0
            0x24, 0xFB, 0x0C, 0x03,                         // EM off; MP and PE on
            0x0F, 0x22, 0xC0,                               // mov cr0, eax
            0x66, 0x31, 0xC9, 0x66, 0x31, 0xD2,             // ecx = 0, edx = 0
            0x66, 0xB8, 0x07, 0x00, 0x00, 0x00,             // mov eax, x87 | SSE | AVX
            0x0F, 0x01, 0xD1,                               // xsetbv
            0x0F, 0x57, 0xC0,                               // xorps xmm0, xmm0
            0x0F, 0x11, 0x06, 0x00, 0x05,                   // movups [0x500], xmm0
            0x66, 0x2E, 0x0F, 0x01, 0x16, 0x00, 0x01,       // lgdt cs:[0x100]
            0x66, 0xEA, 0x40, 0x00, 0xFF, 0xFF, 0x08, 0x00, // jmp 8:0xFFFF0040
        ]),
        (0x040, [                                           // 32-bit code, which AVX needs
            0xC5, 0xFC, 0x57, 0xC0,                         // vxorps ymm0, ymm0, ymm0
            0xB0, 0x2A, 0xE6, 0xF4,                         // out 0xF4, 0x2A
        ]),
        (0x100, [0x0F, 0x00, 0x10, 0x01, 0xFF, 0xFF]),      // the table at 0xFFFF0110
        (0x110, [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0x9B, 0xCF, 0]),
        (0xFFF0, [0xE9, 0x0D, 0x00]),                       // the reset vector: jmp to offset 0
    ]

    /// Runs the probe guest; true if it reached its end within five seconds: on some hosts it hangs instead of dying.
    static func probe(accelerator: String) -> Bool {
        var image = [UInt8](repeating: 0xF4, count: 65536)
        for part in parts { image.replaceSubrange(part.offset..<part.offset + part.bytes.count, with: part.bytes) }
        let file = host_memory_file()
        guard file >= 0, write(file, image, image.count) == image.count else { return false }
        defer { close(file) }
        let status = QEMUProcess.run([
            "qemu-system-x86_64", "-M", "q35,accel=\(accelerator)", "-cpu", "max", "-m", "64M", "-nodefaults", "-no-user-config",
            "-display", "none", "-no-reboot", "-sandbox", "on", "-bios", "/proc/self/fd/\(file)",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04",
        ], keeping: [file], seconds: 5)
        return status == 0x2A << 1 | 1
    }

    private static func firstLine(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return "" }
        return String(decoding: buffer[..<count].prefix { $0 != 10 }, as: UTF8.self)
    }
}
