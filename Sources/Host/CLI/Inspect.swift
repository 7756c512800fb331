import ArgumentParser
import HostMachine
import JaxIR
import JaxLoad
import JaxPlatform

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print a program, close to jaxpr notation.")

    @Argument(help: ArgumentHelp("A serialized jax.export artifact or a StableHLO bytecode module.", valueName: "program"))
    var program: String

    @Flag(name: .long, help: "Print where in the user's source each operation comes from.")
    var locations = false

    func run() throws {
        let file = try readFile(program)
        let bytes = UnsafeRawBufferPointer(file.bytes)
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
}
