// What a person may see of a program's way through the compiler: its form after a pass, its kernels' loops, their machine code.
// Nothing is executed.
import JaxCompile
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform
import Loops
import X86

/// A program under inspection.
public struct Inspection {
    /// A kernel of the compiled program.
    public struct Listing {
        public let name: String
        /// Where in the user's source it comes from.
        public let source: String?
        /// The loop form.
        public let loops: String
        /// Machine code for x86-64, of which the first `instructionBytes` are instructions.
        public let code: [UInt8]
        public let instructionBytes: Int
    }

    /// The program as it was loaded.
    public let module: Module
    private let convention: CallingConvention
    private let features: X86Features

    /// Decodes and verifies a program; `hasAVX512` says for which processors it is to be compiled.
    public init(_ bytes: UnsafeRawBufferPointer, hasAVX512: Bool) throws(JaxError) {
        let decoded = try DecodedProgram(bytes)
        module = decoded.module
        convention = decoded.convention
        features = X86Features(hasAVX512: hasAVX512)
    }

    /// The names of the compiler's passes, in their order.
    public static var passes: [String] { compilerPasses.map { $0.name } }

    /// The program after a pass. Throws `valueError`, with the passes that there are, for another name.
    public func after(_ pass: String) throws(JaxError) -> Module {
        guard Inspection.passes.contains(pass) else {
            var known = ""
            for name in Inspection.passes { known += (known.isEmpty ? "" : ", ") + name }
            throw JaxError(.valueError, "there is no pass '\(pass)'; there are " + known)
        }
        return try ProcessorCompiler(features).compile(try specialised(), upTo: pass)
    }

    /// What the compiled program is executed by.
    public func coverage() throws(JaxError) -> Coverage { Coverage(try ProcessorCompiler(features).compile(try specialised())) }

    /// The kernels of the compiled program, in its order.
    public func kernels() throws(JaxError) -> [Listing] {
        var seen: [ObjectIdentifier: (kernel: Kernel, code: X86Code)] = [:]
        let compiler = ProcessorCompiler(features) { seen[ObjectIdentifier($2)] = ($0, $1) }
        var listings: [Listing] = []
        for kernel in Coverage(try compiler.compile(try specialised())).kernels {
            guard let made = seen[ObjectIdentifier(kernel)] else { continue }
            listings.append(Listing(name: kernel.name, source: kernel.source, loops: made.kernel.text, code: made.code.bytes,
                                    instructionBytes: made.code.instructionBytes))
        }
        return listings
    }

    /// For the types that the program was exported with. Throws `valueError` where those leave dimensions open.
    private func specialised() throws(JaxError) -> Module {
        for (index, type) in convention.argumentTypes.enumerated() where !type.isStatic {
            throw JaxError(.valueError, "argument \(index) has type \(type), of which dimensions are open: only a program of known shapes "
                + "is compiled")
        }
        return try convention.specialised(module, try convention.parameterTypes(convention.argumentTypes),
                                          deviceLimit: convention.deviceCount)
    }
}
