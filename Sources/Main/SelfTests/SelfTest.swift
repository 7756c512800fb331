// Checks of the kernel's mechanisms on the machine itself. Each prints one line; the last says how many failed.
import Kernel

nonisolated(unsafe) var selfTestFailures = 0

func check(_ name: StaticString, _ holds: Bool) {
    logText(holds ? "ok   " : "FAIL ")
    log(name)
    if !holds { selfTestFailures += 1 }
}
