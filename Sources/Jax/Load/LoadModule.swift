// The loader's entry: from bytes to a program.
// Whoever loads an export gets a record that the encoding describes.
@_exported import JaxEncoding
import JaxIR
import JaxPlatform

/// Decodes a program in MLIR bytecode, container versions 0 to 6, of VHLO 0.9.0 to 1.17.0 or of StableHLO itself.
///
/// The bytes may come from anywhere: whatever they hold, the answer is a module or a `JaxError` that names the byte offset.
/// The module's structure is sound (every value is defined before its use, every region returns); types and attributes are
/// checked by `verify`. Throws `malformed`, `notImplemented` for what is well formed but unknown to this machine, or
/// `resourceExhausted`.
@export(interface)
public func loadModule(_ bytes: UnsafeRawBufferPointer) throws(JaxError) -> Module {
    try OperationReader(Container(ByteReader(bytes))).read()
}

/// The same for an array of bytes.
@export(interface)
public func loadModule(_ bytes: [UInt8]) throws(JaxError) -> Module {
    var result: Result<Module, JaxError>?
    bytes.withUnsafeBytes { buffer in
        do throws(JaxError) { result = .success(try loadModule(buffer)) } catch { result = .failure(error) }
    }
    switch result! {
    case .success(let module): return module
    case .failure(let error): throw error
    }
}
