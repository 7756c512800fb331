import ArgumentParser
import HostMachine
import JaxIR
import JaxLoad
import JaxPlatform
import JaxRun

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a program, close to jaxpr notation, and what the compiler makes of it.",
        discussion: "Needs no machine: the compiler is the machine's, and compiles for processors with AVX2.")

    @Argument(help: ArgumentHelp("A serialized jax.export artifact or a StableHLO bytecode module.", valueName: "program"))
    var program: String

    @Flag(name: .long, help: "Print where in the user's source each operation comes from.")
    var locations = false

    @Option(name: .long, help: ArgumentHelp("Print the program as it is after this pass of the compiler: "
                                            + Inspection.passes.joined(separator: ", ") + ".", valueName: "pass"))
    var after: String?

    @Flag(name: .long, help: "Print the loops of each kernel.")
    var loops = false

    @Flag(name: .long, help: "Print the machine code of each kernel, by the host's objdump.")
    var assembly = false

    @Flag(name: .customLong("avx512"), help: "Compile for processors with AVX-512.")
    var hasAVX512 = false

    func validate() throws {
        guard (after == nil ? 0 : 1) + (loops ? 1 : 0) + (assembly ? 1 : 0) <= 1 else {
            throw ValidationError("give one of --after, --loops and --assembly")
        }
    }

    func run() throws {
        let file = try readFile(program)
        let bytes = UnsafeRawBufferPointer(file.bytes)
        if let after {
            print(try Inspection(bytes, hasAVX512: hasAVX512).after(after).text(PrintOptions(locations: locations)))
        } else if loops || assembly {
            for kernel in try Inspection(bytes, hasAVX512: hasAVX512).kernels() {
                var text = kernel.loops
                if assembly {
                    let lines = try Disassembly.lines(kernel.code, instructionBytes: kernel.instructionBytes)
                    text = "kernel \(kernel.name), \(kernel.code.count) bytes\n" + lines.joined(separator: "\n") + "\n"
                }
                print((kernel.source.map { "# " + $0 + "\n" } ?? "") + text)
            }
        } else {
            try printProgram(bytes)
            print("compiled: " + coverage(bytes))
        }
    }

    /// Also what no machine executes can be read.
    private func printProgram(_ bytes: UnsafeRawBufferPointer) throws {
        let module: Module
        if isBareProgram(bytes) {
            module = try loadModule(bytes)
        } else {
            let exported = try loadArtifact(bytes)
            module = try exported.module()
            print(exported.description, terminator: "")
        }
        print(module.text(PrintOptions(locations: locations)))
    }

    private func coverage(_ bytes: UnsafeRawBufferPointer) -> String {
        do throws(JaxError) {
            return try Inspection(bytes, hasAVX512: hasAVX512).coverage().text
        } catch {
            return "not at all: " + error.message
        }
    }
}
