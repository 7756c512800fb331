// What this host offers for running machines; `barejax doctor` prints it.
import Glibc
import JaxPlatform

/// One line of the report.
public struct Finding {
    public var what: String
    public var detail: String
    public var isGood: Bool
    /// The command that mends it.
    public var remedy: String?
    /// Whether nothing works without it.
    public var isRequired: Bool
}

public enum HostReport {
    public static func findings() -> [Finding] {
        var findings: [Finding] = []
        let qemu = version(of: "qemu-system-x86_64")
        findings.append(Finding(what: "QEMU", detail: qemu ?? "not found", isGood: qemu != nil,
                                remedy: qemu == nil ? "apt-get install qemu-system-x86" : nil, isRequired: true))
        findings.append(file("EFI firmware", { () throws(JaxError) in try MachineOptions.firmware() }, remedy: "apt-get install ovmf"))
        for name in ["barejax.elf", "barejax.img"] {
            findings.append(file(name, { () throws(JaxError) in try BuildFiles.path(name) }, remedy: "make"))
        }
        if access("/dev/kvm", F_OK) != 0 {
            findings.append(Finding(what: "KVM", detail: "no /dev/kvm: machines are emulated",
                                    isGood: false, remedy: nil, isRequired: false))
        } else if access("/dev/kvm", R_OK | W_OK) != 0 {
            findings.append(Finding(what: "KVM", detail: "no access to /dev/kvm: machines are emulated", isGood: false,
                                    remedy: "usermod -aG kvm \"$USER\", then log in again", isRequired: false))
        } else {
            let usable = KVMProbe.isUsable()
            findings.append(Finding(what: "KVM", detail: usable ? "usable" : "a guest does not survive on it: machines are emulated",
                                    isGood: usable, remedy: nil, isRequired: false))
        }
        findings.append(Venus.finding())
        findings.append(Finding(what: "processors", detail: "\(MachineOptions.hostProcessors)",
                                isGood: true, remedy: nil, isRequired: false))
        return findings
    }

    private static func file(_ what: String, _ find: () throws(JaxError) -> String, remedy: String) -> Finding {
        do throws(JaxError) {
            return Finding(what: what, detail: try find(), isGood: true, remedy: nil, isRequired: true)
        } catch {
            return Finding(what: what, detail: error.message, isGood: false, remedy: remedy, isRequired: true)
        }
    }

    /// The first line that a program prints of its version; nil where there is no such program.
    static func version(of program: String) -> String? {
        guard let pipe = popen(program + " --version 2>/dev/null", "r") else { return nil }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), pipe) != nil else { return nil }
        return String(cString: line).split(separator: "\n").first.map(String.init)
    }
}
