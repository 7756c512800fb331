// What went wrong, told from what the processor reports.

/// The kinds of fault that end a job. Raw values pass through `trap_raise`.
public enum FaultKind: UInt8, CaseIterable {
    // Of the processor.
    case swiftTrap, nullDereference, badAddress, stackOverflow, writeToReadOnly, executeData, generalProtection
    case invalidInstruction, divideError, stackSegment, doubleFault, machineCheck, nonMaskableInterrupt
    case floatingPoint, alignment, debug, otherException
    // Of the kernel's own making.
    case outOfMemory, cancelled, timeBudget, watchdog, corruptHeap, managerFault, unexpectedInterrupt, injected, brokenDevice

    /// In a report's words.
    public var text: StaticString {
        switch self {
        case .swiftTrap: return "a check failed (Swift trap)"
        case .nullDereference: return "null dereference"
        case .badAddress: return "access to an unmapped address"
        case .stackOverflow: return "stack overflow"
        case .writeToReadOnly: return "write to read-only memory"
        case .executeData: return "execution of data"
        case .generalProtection: return "general protection fault"
        case .invalidInstruction: return "invalid instruction"
        case .divideError: return "division error"
        case .stackSegment: return "stack segment fault"
        case .doubleFault: return "double fault"
        case .machineCheck: return "machine check"
        case .nonMaskableInterrupt: return "non-maskable interrupt"
        case .floatingPoint: return "floating-point exception"
        case .alignment: return "alignment check"
        case .debug: return "debug exception"
        case .otherException: return "processor exception"
        case .outOfMemory: return "out of memory"
        case .cancelled: return "cancelled"
        case .timeBudget: return "the time budget is used up"
        case .watchdog: return "ended by the watchdog"
        case .corruptHeap: return "the heap is corrupt"
        case .managerFault: return "fault inside the exception manager"
        case .unexpectedInterrupt: return "unexpected interrupt"
        case .injected: return "injected fault"
        case .brokenDevice: return "a device broke its specification and was reset"
        }
    }

    /// Names an exception (Intel SDM vol. 3, table 6-1). `address` is CR2 for page faults; `stack` is the running task's;
    /// `isTrapInstruction`: a ud2 stands at the instruction pointer.
    public static func classify(vector: UInt64, errorCode: UInt64, address: UInt64, stackPointer: UInt64,
                                stack: Range<UInt64>, isTrapInstruction: Bool) -> FaultKind {
        switch vector {
        case 0: return .divideError
        case 1, 3: return .debug
        case 2: return .nonMaskableInterrupt
        case 6: return isTrapInstruction ? .swiftTrap : .invalidInstruction
        case 8:
            return isBelow(stackPointer, stack) ? .stackOverflow : .doubleFault
        case 12: return .stackSegment
        case 13: return .generalProtection
        case 14:
            // A fetch (bit 4) from a page that is there (bit 0).
            if errorCode & 17 == 17 { return .executeData }
            if address < 65536 { return .nullDereference }
            if isBelow(address, stack) { return .stackOverflow }
            return errorCode & 3 == 3 ? .writeToReadOnly : .badAddress
        case 16, 19: return .floatingPoint
        case 17: return .alignment
        case 18: return .machineCheck
        default: return .otherException
        }
    }

    /// In the guard page below the stack, or as far below as a large frame reaches.
    private static func isBelow(_ address: UInt64, _ stack: Range<UInt64>) -> Bool {
        !stack.isEmpty && address < stack.lowerBound && stack.lowerBound - address <= 65536
    }
}
