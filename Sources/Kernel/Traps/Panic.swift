// The end of the machine: a full report, then a stop.
#if hasFeature(Embedded)
import CPU

/// The status that a machine test sees after a panic.
public let panicExitCode: UInt8 = 0x3F

nonisolated(unsafe) private var isPanicking = false

/// Tells the host of a panic, beside the console. Called last, once, with interrupts off: it must not wait.
nonisolated(unsafe) public var tellOfPanic: ((String) -> Void)?

/// Reports what nothing could catch and stops.
public func panic(_ record: FaultRecord) -> Never {
    cpu_disable_interrupts()
    logSink = earlyPut
    if !isPanicking {
        isPanicking = true
        logText("\npanic: no recovery is left\n")
        record.writeReport()
        // A lock that this processor holds would stop it here for good.
        Exceptions.releaseLocks(cpu_local_get())
        tellOfPanic?(record.summary)
    }
    exitMachine(code: panicExitCode)
}

public func panic(_ message: StaticString) -> Never {
    cpu_disable_interrupts()
    logSink = earlyPut
    logText("\npanic: ")
    log(message)
    if !isPanicking {
        isPanicking = true
        Exceptions.releaseLocks(cpu_local_get())
        tellOfPanic?(message.description)
    }
    exitMachine(code: panicExitCode)
}
#endif
