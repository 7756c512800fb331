// Where the images are: beside the command, in build/.
import Glibc
import JaxPlatform

/// Files that `make` builds.
public enum BuildFiles {
    /// The folder of the running program.
    static var programFolder: String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { return "." }
        return parent(String(cString: buffer))
    }

    /// The path of `name` beside the program or in the `build` of a folder above it (where tests run).
    /// Throws `fileNotFound` with what makes it.
    public static func path(_ name: String) throws(JaxError) -> String {
        var folder = programFolder
        var candidate = folder + "/" + name
        while access(candidate, R_OK) != 0 {
            guard folder != "/" && folder != "." else {
                throw JaxError(.fileNotFound, "there is no \(name) beside the command: run 'make'")
            }
            candidate = folder + "/build/" + name
            folder = parent(folder)
        }
        return candidate
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
