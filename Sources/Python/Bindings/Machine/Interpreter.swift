// The interpreter as the kernel uses it: start, prompt, evaluation of source text; and its calls back (python_host_…).
import JaxPlatform
import PythonPort

public enum Interpreter {
    /// The first area of the interpreter's heap; it grows by further ones.
    public static let initialHeapBytes = 2 << 20

    /// Starts the interpreter on the calling task, or starts it afresh after a fault. `stackTop` is the highest address
    /// of the task's stack that it may use, with `stackBytes` below it. Throws `resourceExhausted` without memory.
    public static func start(stackTop: UnsafeMutableRawPointer, stackBytes: Int) throws(JaxError) {
        // After a fault: what the interpreter had is gone.
        HeldObjects.releaseAll()
        for area in heapAreas { machineServices.free(area) }
        heapAreas = []
        guard let heap = machineServices.allocate(initialHeapBytes) else {
            throw JaxError(.resourceExhausted, "no memory for the interpreter's heap")
        }
        heapAreas.append(heap)
        _ = nativeModules.count
        python_start(heap, initialHeapBytes, stackTop, stackBytes)
    }

    /// The prompt; returns when the user ends it.
    public static func prompt() { python_prompt() }

    /// Runs a program with fresh globals, hands what it prints to `write`, and returns its status: 0, or 1 after an
    /// uncaught exception. On the interpreter's task only: between statements, or from `readConsole` while it is idle.
    public static func evaluate(_ source: UnsafeBufferPointer<UInt8>, name: String,
                                _ write: @escaping (UnsafeBufferPointer<UInt8>) -> Void) -> Int32 {
        let sink = Sink(write)
        let context = Unmanaged.passRetained(sink).toOpaque()
        defer { Unmanaged<Sink>.fromOpaque(context).release() }
        let text = UnsafeRawPointer(source.baseAddress ?? UnsafePointer(bitPattern: 1)!).assumingMemoryBound(to: CChar.self)
        var nameBytes = Array(name.utf8.map { CChar(bitPattern: $0) })
        nameBytes.append(0)
        return nameBytes.withUnsafeBufferPointer { name in
            python_evaluate(text, source.count, name.baseAddress, { context, text, length in
                guard let context, let text else { return }
                let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
                Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue().write(UnsafeBufferPointer(start: bytes, count: length))
            }, context)
        }
    }

    /// Raises KeyboardInterrupt in running Python code. From interrupt handlers too.
    public static func interrupt() { python_interrupt() }

    /// Bytes of the heap in use, and in all.
    public static var memory: (used: Int, total: Int) {
        var used = 0, total = 0
        python_memory(&used, &total)
        return (used, total)
    }

    /// The lines shown above the first prompt.
    public static func banner() -> String {
        var lines = machineServices.version
        var memory = 0
        for entry in machineServices.memory() where entry.name == "total" { memory = entry.bytes }
        let count = machineServices.processorCount()
        lines += ", \(memory >> 20) MiB of memory, \(count) " + (count == 1 ? "processor" : "processors")
        for device in machineServices.devices() { lines += "\n  " + device.name + "  " + device.description }
        return lines + "\nPython (MicroPython 1.25); help() tells more.\n"
    }
}

/// The areas of the interpreter's heap.
nonisolated(unsafe) private var heapAreas: [UnsafeMutableRawPointer] = []

private final class Sink {
    let write: (UnsafeBufferPointer<UInt8>) -> Void
    init(_ write: @escaping (UnsafeBufferPointer<UInt8>) -> Void) { self.write = write }
}

@_cdecl("python_host_write")
func python_host_write(_ text: UnsafePointer<CChar>, _ length: Int) {
    machineServices.writeConsole(UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: length))
}

@_cdecl("python_host_read")
func python_host_read(_ isIdle: Bool) -> Int32 { Int32(machineServices.readConsole(isIdle)) }

@_cdecl("python_host_microseconds")
func python_host_microseconds() -> UInt64 { platform.nanoseconds / 1000 }

@_cdecl("python_host_allocate")
func python_host_allocate(_ byteCount: UInt) -> UnsafeMutableRawPointer? {
    guard let area = machineServices.allocate(Int(byteCount)) else { return nil }
    heapAreas.append(area)
    return area
}

@_cdecl("python_host_free")
func python_host_free(_ pointer: UnsafeMutableRawPointer) {
    heapAreas.removeAll { $0 == pointer }
    machineServices.free(pointer)
}

@_cdecl("python_host_panic")
func python_host_panic(_ reason: UnsafePointer<CChar>) -> Never { machineServices.panic(String(cString: reason)) }
