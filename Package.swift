// swift-tools-version: 6.2
// One package, three builds. Hosted (the default): the JAX layer, the host tools and the tests, for Linux.
// RING0=1: the same JAX layer with the kernel and the drivers as one static library of Embedded Swift,
// which the Makefile links into the EFI and PVH images. BAREJAX_BENCH=1: hosted-bench alone, for Linux and the images' processors.
import PackageDescription

let ring0 = Context.environment["RING0"] != nil
let bench = Context.environment["BAREJAX_BENCH"] != nil

/// The processors that the images are for, and with them what is measured.
let processor = ["-target-cpu", "haswell", "-Xcc", "-fno-math-errno"]

/// Reference counting is the kernel's (Boot/references.c): the standard library's own, which it replaces when the images are
/// linked, must not have been compiled into its callers by then. `image/check.py` sees to it.
let uninlined: [String] = ["retain", "release", "bridgeObjectRetain", "bridgeObjectRelease"].flatMap { name in
    ["", "_n"].flatMap { ["-Xllvm", "-force-attribute=swift_\(name)\($0):noinline"] }
}

/// `optimisation` is -Osize, but for the module whose loops are to be vectorised.
func settings(_ optimisation: String) -> [SwiftSetting] { [
    .swiftLanguageMode(.v5),
    .enableExperimentalFeature("Extern"),
] + (ring0 ? [
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags([
        "-wmo", optimisation, "-parse-as-library", "-Xcc", "-ffreestanding", "-Xcc", "-mno-red-zone",
        "-Xcc", "-fno-omit-frame-pointer", "-Xcc", "-mno-omit-leaf-frame-pointer",
        "-Xfrontend", "-disable-stack-protector",
        // The embedded runtime's checks are empty; hosted builds have them.
        "-enforce-exclusivity=unchecked",
        // A generic function that several modules specialise is linked once, and what nothing calls goes.
        "-Xfrontend", "-function-sections",
    ] + processor + uninlined),
] : []) + (bench ? [.unsafeFlags(processor)] : []) }

let swiftSettings = settings("-Osize")

let cSettings: [CSetting] = ring0 ? [
    .unsafeFlags([
        "-ffreestanding", "-fPIC", "-mno-red-zone", "-fno-stack-protector", "-fno-math-errno", "-fshort-wchar",
        "-fno-omit-frame-pointer", "-mno-omit-leaf-frame-pointer",
        "-I/usr/include/efi", "-I/usr/include/efi/x86_64", "-DGNU_EFI_USE_MS_ABI",
    ]),
] : []

func swift(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/" + path, exclude: exclude,
            swiftSettings: name == "JaxOps" ? settings("-O") : swiftSettings)
}

func c(_ name: String, _ path: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/" + path, publicHeadersPath: "include", cSettings: cSettings)
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/" + name, swiftSettings: swiftSettings)
}

/// Modules that build for ring 0 and for Linux alike; the dependencies point one way.
let shared: [Target] = [
    c("CPU", "CPU"),
    c("CMath", "Jax/Math"),
    swift("JaxPlatform", "Jax/Platform"),
    swift("JaxIR", "Jax/IR", ["JaxPlatform"]),
    swift("Loops", "Jax/Compile/Loops", ["JaxPlatform"]),
    swift("JaxOps", "Jax/Ops", ["JaxIR", "JaxPlatform", "CMath", "Loops"]),
    swift("JaxEncoding", "Jax/Encoding", ["JaxIR", "JaxOps", "JaxPlatform"]),
    swift("JaxLoad", "Jax/Load", ["JaxEncoding", "JaxIR", "JaxOps", "JaxPlatform"]),
    swift("JaxSave", "Jax/Save", ["JaxEncoding", "JaxIR", "JaxOps", "JaxPlatform", "Loops"]),
    swift("JaxTransform", "Jax/Transform", ["JaxIR", "JaxOps", "JaxPlatform"]),
    swift("X86", "Jax/Compile/X86/Renderer", ["CPU", "Loops", "X86Assembler", "JaxPlatform"]),
    swift("JaxCompile", "Jax/Compile/Fusion", ["JaxIR", "JaxOps", "JaxTransform", "Loops", "JaxPlatform"]),
    swift("JaxExecute", "Jax/Execute", ["JaxIR", "JaxOps", "JaxPlatform", "Loops", "SPIRVRenderer"]),
    swift("JaxRun", "Jax/Run",
          ["JaxCompile", "JaxExecute", "JaxIR", "JaxOps", "JaxLoad", "JaxSave", "JaxTransform", "JaxPlatform", "Loops", "SPIRVRenderer", "X86"]),
    c("PythonPort", "Python/Interface"),
    swift("Python", "Python/Bindings", ["JaxIR", "JaxOps", "JaxLoad", "JaxRun", "JaxTransform", "JaxPlatform", "PythonPort"]),
    swift("WireProtocol", "Protocol", ["CPU", "JaxPlatform"]),
    swift("JaxService", "Service", ["WireProtocol", "JaxRun", "JaxIR", "JaxOps", "JaxPlatform"]),
    swift("Kernel", "Kernel", ring0 ? ["CPU", "Boot"] : ["CPU"]),
    swift("Drivers", "Drivers", ["CPU"], exclude: ["GPU"]),
    swift("SPIRV", "Jax/Compile/SPIRV/Builder"),
    swift("SPIRVRenderer", "Jax/Compile/SPIRV/Renderer", ["JaxOps", "JaxPlatform", "Loops", "SPIRV"]),
    swift("X86Assembler", "Jax/Compile/X86/Assembler"),
    swift("AcceleratorSelfTest", "Jax/SelfTest", ["JaxPlatform", "SPIRV"]),
    swift("GPU", "Drivers/GPU", ["CPU", "Drivers", "JaxPlatform"], exclude: ["gpu.mk"]),
]

let package: Package
if ring0 {
    package = Package(
        name: "BareJAX",
        products: [.library(name: "BareJAX", type: .static, targets: ["Main"])],
        targets: shared + [
            c("Boot", "Boot"),
            swift("Main", "Main", ["Boot", "CPU", "Kernel", "Drivers",
                                   "GPU", "AcceleratorSelfTest", "JaxPlatform", "JaxRun", "JaxService", "Python", "WireProtocol"]),
        ])
} else if bench {
    package = Package(
        name: "BareJAX",
        products: [.executable(name: "hosted-bench", targets: ["hosted-bench"])],
        targets: shared + [
            swift("HostAccelerator", "Host/Accelerator", ["GPU", "JaxPlatform"]),
            .executableTarget(
                name: "hosted-bench", dependencies: ["GPU", "HostAccelerator", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxRun"],
                path: "Tests/HostedBench", swiftSettings: swiftSettings),
        ])
} else {
    // The interpreter is an archive of its own (Sources/Python/python.mk); what links it is built where it has been made.
    let interpreter = Context.environment["BAREJAX_PYTHON"] != nil
    package = Package(
        name: "BareJAX",
        products: [.executable(name: "barejax", targets: ["barejax"])],
        dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")],
        targets: shared + [
            c("HostShim", "Host/Shim"),
            swift("HostMachine", "Host/Machine", ["HostShim", "WireProtocol", "JaxPlatform"]),
            swift("HostAccelerator", "Host/Accelerator", ["GPU", "JaxPlatform"]),
            .executableTarget(
                name: "barejax",
                dependencies: ["HostMachine", "WireProtocol", "JaxLoad", "JaxIR", "JaxOps", "JaxPlatform", "JaxRun",
                               .product(name: "ArgumentParser", package: "swift-argument-parser")],
                path: "Sources/Host/CLI", swiftSettings: swiftSettings),
            .executableTarget(
                name: "native-gpu-bench", dependencies: ["GPU", "HostAccelerator", "AcceleratorSelfTest", "JaxPlatform"],
                path: "Tests/Bench/NativeGPU", swiftSettings: swiftSettings),
            .executableTarget(
                name: "hosted-check",
                dependencies: ["CompileSupport", "JaxCompile", "JaxExecute", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxSave", "JaxTransform",
                               "X86"],
                path: "Tests/HostedCheck", swiftSettings: swiftSettings),
            .executableTarget(
                name: "hosted-run", dependencies: ["GPU", "HostAccelerator", "JaxIR", "JaxPlatform", "JaxRun"],
                path: "Tests/HostedRun", swiftSettings: swiftSettings),
            .target(name: "CompileSupport",
                    dependencies: ["GPU", "HostAccelerator", "JaxCompile", "JaxOps", "JaxPlatform", "Loops", "SPIRVRenderer", "X86"],
                    path: "Tests/CompileSupport", swiftSettings: swiftSettings),
            .target(name: "TestSupport", path: "Tests/Support", swiftSettings: swiftSettings),
            test("IRTests", ["JaxIR", "JaxOps"]),
            test("ProtocolTests", ["WireProtocol", "JaxPlatform", "TestSupport"]),
            test("MachineTests", ["HostMachine", "WireProtocol", "JaxPlatform"]),
            test("ServiceTests", ["JaxService", "HostMachine", "WireProtocol", "JaxRun", "JaxIR", "JaxPlatform"]),
            .target(name: "HeapMeter", path: "Tests/HeapMeter", publicHeadersPath: "include"),
            .executableTarget(
                name: "loader-fuzz", dependencies: ["HeapMeter", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxSave", "TestSupport"],
                path: "Tests/LoaderFuzz", swiftSettings: swiftSettings),
            .executableTarget(
                name: "program-fuzz",
                dependencies: ["CompileSupport", "JaxCompile", "JaxExecute", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxTransform", "TestSupport", "X86"],
                path: "Tests/ProgramFuzz", swiftSettings: swiftSettings),
            .executableTarget(
                name: "soak", dependencies: ["HostMachine", "WireProtocol", "JaxPlatform", "TestSupport"],
                path: "Tests/Soak", swiftSettings: swiftSettings),
            .executableTarget(
                name: "prompt-fuzz", dependencies: ["HostMachine", "WireProtocol", "JaxPlatform", "TestSupport"], path: "Tests/PromptFuzz",
                exclude: ["extremes.py"], swiftSettings: swiftSettings),
            test("TransformTests", ["JaxTransform", "JaxOps", "JaxLoad", "JaxIR", "JaxPlatform", "TestSupport"]),
            test("LaneMathTests", ["Loops", "JaxPlatform"]),
            test("LoadTests", ["JaxLoad", "JaxOps", "JaxIR", "JaxPlatform"]),
            test("SaveTests", ["JaxEncoding", "JaxLoad", "JaxOps", "JaxSave", "JaxIR", "JaxPlatform"]),
            test("OpsTests", ["JaxOps", "JaxLoad", "JaxIR", "JaxPlatform"]),
            test("RunTests", ["JaxLoad", "JaxOps", "JaxRun", "JaxIR", "JaxPlatform"]),
            test("CompileTests", ["CompileSupport", "JaxCompile", "JaxExecute", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxTransform", "X86"]),
            test("ExecuteTests", ["CompileSupport", "JaxCompile", "JaxExecute", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "X86"]),
            test("SPIRVTests", ["SPIRV", "AcceleratorSelfTest"]),
            test("SPIRVRendererTests", ["GPU", "HostAccelerator", "JaxPlatform", "Loops", "SPIRVRenderer"]),
            test("X86Tests", ["X86Assembler", "JaxPlatform", "CPU"]),
            test("GPUTests", ["GPU", "HostAccelerator", "AcceleratorSelfTest", "SPIRV", "JaxIR", "JaxLoad", "JaxOps", "JaxPlatform", "JaxRun"]),
            test("DriversTests", ["Drivers", "GPU", "JaxPlatform"]),
            test("KernelTests", ["Kernel", "TestSupport"]),
        ] + (interpreter ? [
            .executableTarget(
                name: "hosted-python", dependencies: ["Python", "PythonPort", "JaxRun", "JaxPlatform"], path: "Tests/Python/Hosted",
                swiftSettings: swiftSettings,
                linkerSettings: [.unsafeFlags(["-L" + Context.packageDirectory + "/build/micropython", "-lmicropython", "-lm"])]),
        ] : []))
}
