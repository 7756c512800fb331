// What the interpreter asks of the machine (Interface/include/python.h, python_host_…).
import JaxPlatform
import PythonPort

@_cdecl("python_host_write")
func python_host_write(_ text: UnsafePointer<CChar>, _ length: Int) -> Bool {
    Interpreter.current.output(UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: length))
}

@_cdecl("python_host_read")
func python_host_read() -> Int32 { Interpreter.current.input?() ?? -2 }

@_cdecl("python_host_wait")
func python_host_wait(_ microseconds: UInt64) { promptHost.wait(microseconds) }

@_cdecl("python_host_microseconds")
func python_host_microseconds() -> UInt64 { platform.nanoseconds / 1000 }

@_cdecl("python_host_allocate")
func python_host_allocate(_ byteCount: UInt) -> UnsafeMutableRawPointer? { promptHost.allocate(Int(byteCount)) }

@_cdecl("python_host_free")
func python_host_free(_ pointer: UnsafeMutableRawPointer) { promptHost.free(pointer) }

@_cdecl("python_host_attend")
func python_host_attend() -> python_attention_kind { Interpreter.current.attend() }

@_cdecl("python_host_is_ending")
func python_host_is_ending() -> Bool { promptHost.endPending() != nil }

@_cdecl("python_host_interrupt_was_caught")
func python_host_interrupt_was_caught() { Interpreter.current.interruptWasCaught() }

@_cdecl("python_host_panic")
func python_host_panic(_ reason: UnsafePointer<CChar>) -> Never { promptHost.panic(String(cString: reason)) }
