// Runs self-checking programs on this host, without the machine: `swift run hosted-check PATH… [--load] [--verify] [--text] [--written] [--save DIR]
// [--print] [--verbose] [--fused] [--interpreted] [--compiled [--avx2]] [--shaders]`.
// A debugging aid for operations; the command `barejax check` does the same on the machine.
import CompileSupport
import Foundation
import JaxCompile
import JaxExecute
import JaxIR
import JaxLoad
import JaxOps
import JaxPlatform
import JaxSave
import JaxTransform
import X86

/// "dynamic_slice_float32_…" belongs to the family "dynamic_slice": the words before the first dtype, digit or known suffix.
func family(_ file: String) -> String {
    let dtypes: Set<Substring> = ["bool", "bfloat16", "float16", "float32", "float64", "complex64", "complex128",
                                  "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                                  "dtype", "shape", "lhs", "inshape", "jnp", "multi"]
    var words: [Substring] = []
    for word in file.split(separator: "_") {
        if dtypes.contains(word) || word.contains(where: { $0.isNumber || $0 == "." }) && !words.isEmpty { break }
        words.append(word)
    }
    return words.joined(separator: "_")
}

struct Tally { var passed = 0, failed = 0 }

/// How far to go with each program. `text` prints it, reads what was printed, and compares that printed again; `written` does so with
/// the program as bytecode.
enum Stage: Int { case load, verify, text, written, run }

/// How programs are executed: by the evaluator alone; in groups, whose regions are evaluated; in kernels, which are interpreted, compiled, or
/// executed as shaders by the host's software Vulkan.
enum Execution { case evaluated, fused, interpreted, compiled, shaders }

let interpreting = Interpreting()
let shading = CommandLine.arguments.contains("--shaders") ? try Shading() : nil
let compiling = Compiling(CommandLine.arguments.contains("--avx2") ? X86Features(hasAVX512: false) : .detected)

/// How many operations were executed one by one, by name, and how many kernels took the place of others.
var unfused: [String: Int] = [:]
/// Operations that are evaluated, by name, and how many kernels do, constants and structure left out; those of a loop's body once.
var evaluated: [String: Int] = [:], inKernels = 0

func countCovered(_ region: Region) {
    for operation in region.operations {
        let isKernel = operation.code == .fusion && operation.parameters(FusionParameters.self).kernels != nil
        if isKernel { operation.regions.forEach(countInKernel) } else { operation.regions.forEach(countCovered) }
    }
}

func countInKernel(_ region: Region) {
    for operation in region.operations {
        let isStructure = opDefinition(operation)?.traits.contains(.structural) == true
        if isStructure { operation.regions.forEach(countInKernel) } else { inKernels += 1 }
    }
}

func count(_ region: Region) {
    for operation in region.operations {
        unfused[operation.code.name, default: 0] += 1
        if operation.code != .fusion { operation.regions.forEach(count) }
    }
}

/// The program as an export, which is called as `exported` is.
func export(_ module: Module, like exported: Exported?) throws(JaxError) -> [UInt8] {
    var options = ExportOptions()
    if let exported {
        options.functionName = exported.functionName
        options.platforms = exported.platforms
        options.inTree = exported.inTree
        options.outTree = exported.outTree
        options.inValues = exported.inValues
        options.keptArguments = exported.keptArguments
        options.outValues = exported.outValues
    } else {
        options.platforms = ["cpu", "cuda", "rocm", "tpu"]
    }
    let artifact = try exportArtifact(of: module, options)
    try verify(try loadArtifact(artifact).module(), requiringKnownCalls: false)
    return artifact
}

func check(_ url: URL, upTo stage: Stage, printing: Bool) throws(JaxError) {
    guard let data = try? Data(contentsOf: url) else { throw JaxError(.fileNotFound, "cannot read \(url.path)") }
    let bytes = [UInt8](data)
    let isBare = bytes.withUnsafeBytes { isBareProgram($0) }
    var exported: Exported?
    if !isBare { exported = try loadArtifact(bytes) }
    let module: Module
    if let exported { module = try exported.module() } else { module = try loadModule(bytes) }
    if printing {
        if let exported { print(exported.description, terminator: "") }
        print(module.text(PrintOptions(locations: true)))
    }
    if stage == .load { return }
    try verify(module, requiringKnownCalls: stage != .written)
    if stage == .verify { return }
    if stage == .text {
        let text = module.text(.complete)
        let again = try parseProgram(text)
        try verify(again)
        guard again.text(.complete) == text else { throw JaxError(.checkFailed, "the program read from its text is another one") }
        return
    }
    if stage == .written {
        let written = try bytecode(of: module)
        if let folder = saving {
            let place = folder.appendingPathComponent(url.deletingPathExtension().lastPathComponent)
            try? Data(written).write(to: place.appendingPathExtension("mlirbc"))
            try? Data(export(module, like: exported)).write(to: place.appendingPathExtension("jaxexp"))
        }
        let again = try loadModule(written)
        try verify(again, requiringKnownCalls: false)
        // What is said of one device's share is left out.
        let options = PrintOptions(locations: true, constantElements: Int.max, annotations: !module.text(.complete).contains("sdy."))
        let lines = module.text(options).split(separator: "\n"), read = again.text(options).split(separator: "\n")
        if module.meshes.isEmpty, lines != read {
            let place = zip(lines, read).first { $0 != $1 }
            throw JaxError(.checkFailed, "the bytecode holds \(place?.1 ?? "more or fewer lines"), not \(place?.0 ?? "")")
        }
        guard try bytecode(of: again) == written else { throw JaxError(.checkFailed, "the program is written in two ways") }
        return
    }
    guard let main = module.function(named: "main") else { throw JaxError(.valueError, "there is no function main") }
    if execution == .evaluated {
        _ = try EvaluationPlan(module).call(main, [])
        return
    }
    let compiler: (any KernelCompiler)? = switch execution {
    case .evaluated, .fused: nil
    case .interpreted: interpreting
    case .compiled: compiling
    case .shaders: shading
    }
    let fusions = try compiled(module, compiler)
    if printing { print(fusions.text(PrintOptions())) }
    for function in fusions.functions {
        count(function.body)
        countCovered(function.body)
    }
    for entry in Coverage(fusions).evaluated { evaluated[entry.name, default: 0] += entry.count }
    _ = try ExecutionPlan(fusions).execute([], mayOverwrite: [])
}

var paths: [URL] = []
var saving: URL?
var execution = Execution.evaluated
var stage = Stage.run, verbose = false, printing = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    switch argument {
    case "--load": stage = .load
    case "--verify": stage = .verify
    case "--text": stage = .text
    case "--written": stage = .written
    case "--save":
        stage = .written
        saving = arguments.popFirst().map { URL(fileURLWithPath: $0) }
    case "--print": printing = true
    case "--verbose": verbose = true
    case "--fused": execution = .fused
    case "--interpreted": execution = .interpreted
    case "--compiled": execution = .compiled
    case "--shaders": execution = .shaders
    case "--words":
        let folder = URL(fileURLWithPath: arguments.popFirst() ?? ".")
        var count = 0
        shading?.sees = { kernel, words in
            count += 1
            let name = "\(count)_" + kernel.name.replacingOccurrences(of: "/", with: "_").prefix(80) + ".spv"
            try? words.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent(name))
        }
    case "--compare": shading?.differs = { print("differs by \($1) bytes:\n" + $0.text) }
    case "--avx2": break
    default:
        let url = URL(fileURLWithPath: argument)
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: argument, isDirectory: &isDirectory), isDirectory.boolValue {
            let files = (try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)) ?? []
            paths += files.filter { ["mlirbc", "jaxexp"].contains($0.pathExtension) }.sorted { $0.path < $1.path }
        } else {
            paths.append(url)
        }
    }
}
if printing {
    interpreting.sees = { print($0.text) }
    compiling.sees = { print($0.text) }
}
guard !paths.isEmpty else {
    print("usage: hosted-check PATH… [--load] [--verify] [--text] [--written] [--save DIR] [--print] [--verbose] [--fused] [--interpreted] [--compiled [--avx2]]")
    exit(2)
}

var families: [String: Tally] = [:]
var reasons: [String: Int] = [:]
for url in paths {
    let name = url.deletingPathExtension().lastPathComponent
    if verbose { print(name) }
    do throws(JaxError) {
        try check(url, upTo: stage, printing: printing)
        families[family(name), default: Tally()].passed += 1
    } catch {
        families[family(name), default: Tally()].failed += 1
        reasons[String("\(error.kind.exceptionName): \(error.message)".prefix(100)), default: 0] += 1
        print("FAIL \(name): \(error)")
    }
}
print("\nfailures by family")
for (name, tally) in families.sorted(by: { $0.key < $1.key }) where tally.failed > 0 {
    print("  \(name): \(tally.failed) of \(tally.passed + tally.failed)")
}
print("\nfailures by reason")
for (reason, count) in reasons.sorted(by: { $0.value > $1.value }).prefix(30) { print("  \(count) × \(reason)") }
if execution != .evaluated {
    print("\noperations of the fused programs")
    for (name, count) in unfused.sorted(by: { $0.value > $1.value }).prefix(40) { print("  \(count) × \(name)") }
    // What the programs check themselves by is no operation of theirs.
    let left = evaluated.filter { !$0.key.hasPrefix("check.") }, sum = left.values.reduce(0, +)
    print("\nevaluated: \(sum) of \(sum + inKernels) operations, \(Double(1000 * sum / max(1, sum + inKernels)) / 10) %")
    for (name, count) in left.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }).prefix(60) { print("  \(count) × \(name)") }
    print("kernels without code: \(compiling.failures.count) \(compiling.failures.prefix(20))")
}
let passed = families.values.reduce(0) { $0 + $1.passed }, failed = families.values.reduce(0) { $0 + $1.failed }
print("\n\(passed) passed, \(failed) failed")
exit(failed == 0 ? 0 : 1)
