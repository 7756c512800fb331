import JaxIR
import JaxPlatform

public func loadModule(_ bytes: UnsafeRawBufferPointer) throws(JaxError) -> Module {
    throw JaxError(.notImplemented, "the loader is not linked")
}
