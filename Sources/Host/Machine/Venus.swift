// How QEMU is started where the machine is to have a GPU (virtio-gpu with Venus).
import JaxPlatform

/// A QEMU with Venus and what it needs around it.
struct Venus {
    /// The command that starts QEMU, without its arguments.
    var command: [String]
    var display: [String]

    func devices(memory: String) -> [String] {
        ["-object", "memory-backend-memfd,id=mem,size=\(memory),share=on",
         "-device", "virtio-gpu-gl-pci,hostmem=512M,blob=true,venus=true"]
    }
}

extension Venus {
    /// The QEMU for this choice; nil: no GPU. Throws `deviceError` where a GPU is demanded and there is none.
    static func find(_ choice: MachineOptions.GPU) throws(JaxError) -> Venus? {
        switch choice {
        case .off, .auto: return nil
        case .on: throw JaxError(.deviceError, "this host's QEMU has no Venus")
        }
    }
}

extension Venus {
    static func finding() -> Finding {
        Finding(what: "Venus", detail: "no QEMU with a Venus renderer", isGood: false, remedy: nil, isRequired: false)
    }
}
