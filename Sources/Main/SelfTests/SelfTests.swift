// Machine tests by name: `test=NAME` on the kernel's command line runs one and ends the machine with its result.
import Boot
import Kernel

enum SelfTests {
    /// The tests of time, tasks and devices; "tasks" runs all that need no host.
    static func run(_ name: String) -> Int {
        switch name {
        case "timers": return TaskTests.timers()
        case "preemption": return TaskTests.preemption()
        case "priorities": return TaskTests.priorities()
        case "exclusion": return TaskTests.exclusion()
        case "parallel": return TaskTests.parallel()
        case "many": return TaskTests.manyTasks()
        case "smp": return TaskTests.processors()
        case "tasks":
            var failures = 0
            for test in ["timers", "preemption", "priorities", "exclusion", "parallel", "many", "smp"] { failures += run(test) }
            return failures
        case "echo": return DeviceTests.echo()
        case "msix": return DeviceTests.messageInterrupts()
        case "poweroff": return 0
        default:
            log("there is no test named " + name)
            return 1
        }
    }

    /// The value of `test=` on the command line; empty without one.
    static func argument(_ info: UnsafePointer<boot_info>) -> String {
        let line = commandLine(info)
        for word in line.split(separator: " ") where word.hasPrefix("test=") { return String(word.dropFirst(5)) }
        return ""
    }

    private static func commandLine(_ info: UnsafePointer<boot_info>) -> String {
        withUnsafeBytes(of: info.pointee.command_line) { bytes in
            var line: [UInt8] = []
            for byte in bytes {
                if byte == 0 { break }
                line.append(byte)
            }
            return String(decoding: line, as: UTF8.self)
        }
    }
}
