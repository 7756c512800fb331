// Errors of the host's side, in the operating system's words.
import Glibc
import JaxPlatform

/// What a failed system call left: "cannot open model.jax: No such file or directory".
func systemError(_ what: String) -> JaxError {
    let code = errno
    return JaxError(code == ENOENT ? .fileNotFound : .deviceError, what + ": " + String(cString: strerror(code)))
}
