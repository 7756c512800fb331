// How QEMU is started where the machine is to have a GPU: virtio-gpu with Venus, whose far end is whatever Vulkan driver
// the host has. QEMU wants a GL display although nothing is shown: a virtual X server. Both run under bubblewrap, in a
// process namespace of their own that the kernel ends with us, and in a network namespace without a network.
import Glibc
import JaxPlatform

/// A QEMU with Venus and what it needs around it.
struct Venus {
    private let bubblewrap: String
    private var mounts: [String]
    private var fileCount = 0
    let display = ["-display", "gtk,gl=on"]

    /// Bytes of device memory that the machine can see at once, in QEMU's notation.
    static let windowSize = "512M"

    func devices(memory: String) -> [String] {
        ["-object", "memory-backend-memfd,id=mem,size=\(memory),share=on",
         "-device", "virtio-gpu-gl-pci,hostmem=\(Venus.windowSize),blob=true,venus=true"]
    }

    /// The QEMU for this choice; nil: no GPU. Throws `deviceError` where a GPU is demanded and there is none; where one is
    /// only welcome, says why there is none.
    static func find(_ choice: MachineOptions.GPU) throws(JaxError) -> Venus? {
        guard choice != .off else { return nil }
        do throws(JaxError) {
            return try find()
        } catch {
            if choice == .on { throw error }
            fputs("no GPU: \(error.message)\n", stderr)
            return nil
        }
    }

    private static func find() throws(JaxError) -> Venus {
        guard let bubblewrap = find(program: "bwrap") else {
            throw JaxError(.deviceError, "bubblewrap is not installed: apt-get install bubblewrap")
        }
        if hostHasVenus {
            // The host's own files, read-only, with a place of its own for the X server's lock and socket.
            return try Venus(bubblewrap,
                             ["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]).tried()
        }
        guard let root = try? BuildFiles.path("venus-root/.complete") else {
            throw JaxError(.deviceError,
                           "neither this host's QEMU nor build/venus-root has Venus: scripts/setup/venus-root.sh makes the latter")
        }
        return try Venus(bubblewrap, enter(String(root.dropLast("/.complete".utf8.count)))).tried()
    }

    /// The programs of the Debian 13 root, and of this host only what the machine's files and devices are.
    private static func enter(_ root: String) -> [String] {
        var arguments = ["--ro-bind", root + "/usr", "/usr", "--ro-bind", root + "/etc", "/etc"]
        for folder in ["bin", "sbin", "lib", "lib64"] { arguments += ["--symlink", "usr/" + folder, "/" + folder] }
        arguments += ["--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run", "--ro-bind", "/sys", "/sys"]
        for device in ["/dev/kvm", "/dev/dri", "/dev/udmabuf"] { arguments += ["--dev-bind-try", device, device] }
        return arguments
    }

    /// Itself, where the mounts can be made on this host. Throws `deviceError` with what bubblewrap says where they cannot.
    private func tried() throws(JaxError) -> Venus {
        let words = ([bubblewrap] + mounts + ["--unshare-pid", "--unshare-net", "--unshare-ipc", "/bin/true"]).map { "'" + $0 + "'" }
        guard let pipe = popen(words.joined(separator: " ") + " 2>&1", "r") else { return self }
        var line = [CChar](repeating: 0, count: 512)
        let said = fgets(&line, Int32(line.count), pipe) == nil ? "" : String(cString: line).split(separator: "\n").first.map(String.init)
            ?? ""
        guard pclose(pipe) != 0 else { return self }
        throw JaxError(.deviceError, "a machine with a GPU cannot be kept apart on this host: " + said)
    }

    /// Lets QEMU read a file of this host, and returns the path under which it finds it.
    mutating func reveal(_ path: String) -> String {
        fileCount += 1
        let inside = "/run/machine/\(fileCount)"
        mounts += ["--ro-bind", path, inside]
        return inside
    }

    private init(_ bubblewrap: String, _ mounts: [String]) {
        self.bubblewrap = bubblewrap
        self.mounts = mounts
    }

    /// The command that starts QEMU, without its arguments.
    var command: [String] {
        let start = """
            Xvfb :7 -screen 0 640x480x24 -nolisten tcp >/dev/null 2>&1 &
            for try in $(seq 500); do [ -S /tmp/.X11-unix/X7 ] && break; sleep 0.01; done
            exec qemu-system-x86_64 "$@"
            """
        return [bubblewrap] + mounts + [
            "--proc", "/proc", "--unshare-pid", "--unshare-net", "--unshare-ipc",
            "--die-with-parent", "--setenv", "DISPLAY", ":7", "--setenv", "HOME", "/tmp",
            "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--unsetenv", "XDG_RUNTIME_DIR", "--chdir", "/",
            "/bin/sh", "-c", start, "qemu-system-x86_64",
        ]
    }

    /// Whether the host's own QEMU offers Venus and its renderer is there, with an X server to show nothing on. The same
    /// question as in scripts/setup/venus-root.sh.
    private static let hostHasVenus: Bool = {
        access("/usr/libexec/virgl_render_server", X_OK) == 0 && find(program: "Xvfb") != nil
            && says("qemu-system-x86_64 -display help", "gtk") && says("qemu-system-x86_64 -device virtio-gpu-gl-pci,help", "venus=")
    }()

    /// Whether a command's output holds these words.
    private static func says(_ command: String, _ words: String) -> Bool {
        guard let pipe = popen(command + " 2>/dev/null", "r") else { return false }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 512)
        var found = false
        while fgets(&line, Int32(line.count), pipe) != nil {
            if String(cString: line).contains(words) { found = true }
        }
        return found
    }

    private static func find(program: String) -> String? {
        for folder in ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"] where access(folder + "/" + program, X_OK) == 0 {
            return folder + "/" + program
        }
        return nil
    }

    /// What `barejax doctor` says of it.
    static func finding() -> Finding {
        do throws(JaxError) {
            _ = try find()
            let whose = hostHasVenus ? "the host's own QEMU" : "QEMU of build/venus-root"
            return Finding(what: "Venus", detail: whose + ", behind it this host's Vulkan", isGood: true, remedy: nil, isRequired: false)
        } catch {
            return Finding(what: "Venus", detail: error.message, isGood: false, remedy: "scripts/setup/venus-root.sh", isRequired: false)
        }
    }
}
