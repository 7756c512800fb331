// What a machine is to be like, and the QEMU command line that makes it so.
import Glibc
import JaxPlatform

/// A machine to start.
public struct MachineOptions {
    public enum Boot { case pvh, efi }

    /// Where COM1 goes.
    public enum Console {
        /// The terminal of this process.
        case terminal
        /// Kept by `Machine.console`, for messages and tests.
        case captured
    }

    public enum GPU: String, CaseIterable { case auto, on, off }

    public var boot = Boot.pvh
    public var cpus: Int
    /// How many devices the processors are for programs; PVH only.
    public var cpuDevices = 1
    /// In QEMU's notation: "1G", "512M".
    public var memory = "1G"
    public var console = Console.captured
    public var gpu = GPU.off
    /// The kernel's command line; PVH only.
    public var commandLine = ""
    /// The disk image that EFI boots, if not `build/barejax.img`.
    public var disk: String?
    /// A ustar archive with files for the machine; PVH only.
    public var files: String?
    /// A device whose register ends QEMU with a status: after a panic, so that nobody waits for a machine that has stopped,
    /// and after the machine's own tests.
    public var hasExit = true
    /// Whether the machine may start again after a reset; else a reset ends QEMU.
    public var reboots = false
    /// Further QEMU arguments.
    public var extra: [String] = []

    public init() { cpus = min(MachineOptions.hostProcessors, 8) }

    static var hostProcessors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// Checks what a user may have got wrong. Throws `valueError`.
    public func validate() throws(JaxError) {
        guard (1...8).contains(cpus) else { throw JaxError(.valueError, "--cpus must be 1 to 8, not \(cpus)") }
        guard (1...64).contains(cpuDevices) else { throw JaxError(.valueError, "--cpu-devices must be 1 to 64, not \(cpuDevices)") }
        guard let bytes = MachineOptions.byteCount(memory), bytes >= 64 << 20, bytes <= 1 << 40 else {
            throw JaxError(.valueError, "--memory must be a size from 64M to 1T such as 512M or 4G, not '\(memory)'")
        }
    }

    /// "512M" in bytes; nil for what is no size.
    static func byteCount(_ text: String) -> Int? {
        var digits = text
        var shift = 20
        switch text.last {
        case "K", "k": shift = 10; digits.removeLast()
        case "M", "m": shift = 20; digits.removeLast()
        case "G", "g": shift = 30; digits.removeLast()
        case "T", "t": shift = 40; digits.removeLast()
        default: break
        }
        guard let number = Int(digits), number > 0, number < 1 << 20 else { return nil }
        return number << shift
    }

    /// QEMU's arguments. `link` and `console` are descriptors that it inherits.
    func arguments(link: Int32, console descriptor: Int32?, accelerator: String, venus: Venus?) throws(JaxError) -> [String] {
        var venus = venus
        /// The path of a file of this host as QEMU sees it.
        func seen(_ path: String) -> String { venus?.reveal(path) ?? path }
        // All machines have the same devices whatever the user's QEMU configuration says, and no network.
        var arguments = ["-nodefaults", "-no-user-config"]
        arguments += venus?.display ?? ["-display", "none"]
        // A QEMU with Venus starts a render server, which takes its own measures, and a Vulkan driver that places its threads;
        // bubblewrap has denied both of them new privileges.
        arguments += ["-sandbox", "on,obsolete=deny" + (venus == nil ? ",elevateprivileges=deny,resourcecontrol=deny,spawn=deny" : "")]
        arguments += ["-M", "q35,accel=\(accelerator)" + (venus == nil ? "" : ",memory-backend=mem"), "-cpu", "max",
                      "-m", memory, "-smp", "\(cpus)"]
        if let venus { arguments += venus.devices(memory: memory) }
        if !reboots { arguments.append("-no-reboot") }
        switch boot {
        case .pvh:
            arguments += ["-kernel", seen(try BuildFiles.path("barejax.elf"))]
            let words = [commandLine, cpuDevices > 1 ? "cpu_devices=\(cpuDevices)" : ""].filter { !$0.isEmpty }
            if !words.isEmpty { arguments += ["-append", words.joined(separator: " ")] }
            if let files { arguments += ["-initrd", seen(files)] }
        case .efi:
            arguments += ["-bios", seen(try MachineOptions.firmware())]
            var disk = self.disk ?? ""
            if disk.isEmpty { disk = try BuildFiles.path("barejax.img") }
            arguments += ["-drive", "file=\(QEMUProcess.escaped(seen(disk))),format=raw,if=none,id=disk,readonly=on",
                          "-device", "virtio-blk-pci,drive=disk,bootindex=0"]
        }
        arguments += ["-device", "virtio-serial-pci", "-chardev", "socket,id=control,fd=\(link)",
                      "-device", "virtserialport,chardev=control,name=org.barejax.control"]
        if let descriptor {
            arguments += ["-chardev", "socket,id=com1,fd=\(descriptor)", "-serial", "chardev:com1"]
        } else {
            arguments += ["-chardev", "stdio,id=com1,signal=off", "-serial", "chardev:com1"]
        }
        // A machine whose processor hangs is told so by an NMI.
        arguments += ["-device", "i6300esb", "-action", "watchdog=inject-nmi"]
        if hasExit { arguments += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"] }
        return (venus?.command ?? ["qemu-system-x86_64"]) + arguments + extra
    }

    /// The EFI firmware.
    static func firmware() throws(JaxError) -> String {
        for path in ["/usr/share/ovmf/OVMF.fd", "/usr/share/OVMF/OVMF.fd", "/usr/share/qemu/OVMF.fd"] where access(path, R_OK) == 0 {
            return path
        }
        throw JaxError(.fileNotFound, "there is no EFI firmware for QEMU: apt-get install ovmf")
    }
}
