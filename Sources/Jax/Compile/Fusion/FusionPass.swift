// Fusion: groups of operations replaced by one `fusion` operation each, with a kernel. What no kernel can be made of stays as it is.
import JaxIR
import JaxOps
import JaxPlatform
import JaxTransform
import Loops

/// Makes kernels executable on one target.
public protocol KernelCompiler: AnyObject {
    var target: LoopTarget { get }

    /// Verifies the kernel and makes code of it; nil where the target cannot. `source` is where in the user's source it comes from.
    func compile(_ kernel: Kernel, source: String?) throws(JaxError) -> CompiledKernel?
}

/// A copy of a verified program with its operations fused into kernels. `compiler` makes them executable; without one the regions of
/// the fusions are evaluated, which is how their grouping is tested.
public func fused(_ module: Module, _ compiler: (any KernelCompiler)?) throws(JaxError) -> Module {
    let target = Module(name: module.name)
    target.meshes = module.meshes
    target.attributes = module.attributes
    target.locations = module.locations
    var copies: [ObjectIdentifier: Function] = [:]
    let scalars = scalarFunctions(module)
    for function in try calleesFirst(module) {
        if scalars.contains(ObjectIdentifier(function)) {
            let copy = function.copyOfValues()
            copy.body = function.body
            copies[ObjectIdentifier(function)] = copy
            continue
        }
        var fusion = FunctionFusion(function, compiler, copies, module.locations)
        copies[ObjectIdentifier(function)] = try fusion.run()
    }
    for function in module.functions {
        if let copy = copies[ObjectIdentifier(function)] { try target.add(copy) }
    }
    return target
}

/// The functions that operations use as they would a scalar region, a comparator for instance: whoever executes those looks into them.
private func scalarFunctions(_ module: Module) -> Set<ObjectIdentifier> {
    var found: Set<ObjectIdentifier> = []
    func visit(_ region: Region) {
        for operation in region.operations {
            if opDefinition(operation)?.traits.contains(.scalarRegions) ?? false {
                for function in operation.parameters.functions { found.insert(ObjectIdentifier(function)) }
            }
            operation.regions.forEach(visit)
        }
    }
    for function in module.functions { visit(function.body) }
    return found
}

private struct FunctionFusion {
    private let source: Function
    private let uses: Uses
    private let target: Function
    private let compiler: (any KernelCompiler)?
    /// What has taken the places of the functions that are called.
    private let callees: [ObjectIdentifier: Function]
    private let locations: LocationTable
    /// Begins the names of kernels: the function, and in the regions of its operations "f_7.1", of region 1 of operation 7.
    private var block: String

    init(_ function: Function, _ compiler: (any KernelCompiler)?, _ callees: [ObjectIdentifier: Function], _ locations: LocationTable) {
        source = function
        uses = Uses(function)
        self.locations = locations
        block = function.name
        self.compiler = compiler
        self.callees = callees
        // The values keep their numbers; the regions of fusions get new ones.
        target = function.copyOfValues()
    }

    mutating func run() throws(JaxError) -> Function {
        target.body = try fuse(source.body)
        return target
    }

    private mutating func fuse(_ region: Region) throws(JaxError) -> Region {
        var excluded: Set<ObjectIdentifier> = []
        while true {
            let groups = FusionGroups(region, of: source, excluding: excluded)
            var fusions: [Int: Fusion] = [:]
            var isComplete = true
            for group in groups.groups {
                let fusion = makeRegion(group, groups, region)
                // What nothing needs is not computed.
                if fusion.results.isEmpty { continue }
                let (lowered, failure) = KernelLowering.lower(fusion.region, of: target, name: name(group, region))
                if let lowered {
                    fusions[group.position] = Fusion(region: fusion.region, operands: fusion.operands, results: fusion.results,
                                                     lowered: lowered)
                } else {
                    let culprit = failure.flatMap { fusion.origins[ObjectIdentifier($0)] }
                    let blamed = culprit.map { [$0] } ?? group.members.map { region.operations[$0] }
                    for operation in blamed { excluded.insert(ObjectIdentifier(operation)) }
                    isComplete = false
                }
            }
            if isComplete { return try assemble(region, groups, fusions) }
        }
    }

    private struct Fusion {
        var region: Region
        var operands: [ValueID]
        var results: [ValueID]
        var lowered: LoweredRegion
    }

    private func name(_ group: FusionGroup, _ region: Region) -> String {
        "\(block)_\(group.position)_\(region.operations[group.position].code.name)"
    }

    /// The region of a group: copies of its members, and of the views between them; all else is a parameter.
    private func makeRegion(_ group: FusionGroup, _ groups: FusionGroups, _ region: Region, with further: Int? = nil)
        -> (region: Region, operands: [ValueID], results: [ValueID], origins: [ObjectIdentifier: Operation]) {
        var copies: [ValueID: ValueID] = [:], operands: [ValueID] = [], parameters: [ValueID] = []
        var operations: [Operation] = [], origins: [ObjectIdentifier: Operation] = [:]
        let members = (group.members + (further.map { [$0] } ?? [])).sorted()

        func copy(_ value: ValueID) -> ValueID {
            if let known = copies[value] { return known }
            if let operation = groups.definition(of: value), groups.isView(operation) {
                add(operation)
                return copies[value]!
            }
            let parameter = target.makeValue(source.type(of: value))
            copies[value] = parameter
            operands.append(value)
            parameters.append(parameter)
            return parameter
        }
        func add(_ operation: Operation) {
            let inputs = operation.operands.map(copy)
            var results: [ValueID] = []
            for result in operation.results {
                let made = target.makeValue(source.type(of: result))
                copies[result] = made
                results.append(made)
            }
            let made = Operation(operation.code, operands: inputs, results: results, parameters: operation.parameters,
                                 annotations: operation.annotations, regions: operation.regions, location: operation.location)
            origins[ObjectIdentifier(made)] = operation
            operations.append(made)
        }
        for member in members { add(region.operations[member]) }
        var results: [ValueID] = []
        for member in members {
            if member == further { continue }
            for result in region.operations[member].results where groups.isNeeded(result, outside: group) { results.append(result) }
        }
        return (Region(parameters: parameters, operations: operations, results: results.map { copies[$0]! }), operands, results, origins)
    }

    /// The block with fusions in the places of their roots, and without what nothing needs any more.
    private mutating func assemble(_ region: Region, _ groups: FusionGroups, _ fusions: [Int: Fusion]) throws(JaxError) -> Region {
        var operations: [Operation] = []
        let epilogues = try self.epilogues(region, groups, fusions)
        for (place, operation) in region.operations.enumerated() {
            if let epilogue = epilogues[place] {
                if let made = epilogue { operations.append(made) }
            } else if let fusion = fusions[place] {
                operations.append(try make(fusion, operation))
            } else if groups.groupOf[place] == nil {
                if let contraction = try contraction(operation, place) {
                    operations.append(contraction)
                } else if let loop = try scalarLoop(operation, place) {
                    operations.append(loop)
                } else {
                    operations.append(try copy(operation, place))
                }
            }
        }
        return Region(parameters: region.parameters, operations: withoutDead(operations, region.results), results: region.results)
    }

    /// By place: in the place of a group the contraction whose elements alone it goes on with; nil in the place where that stood.
    private mutating func epilogues(_ region: Region, _ groups: FusionGroups,
                                    _ fusions: [Int: Fusion]) throws(JaxError) -> [Int: Operation?] {
        var made: [Int: Operation?] = [:]
        guard let compiler else { return made }
        // Of several contractions the last: the others are there by then.
        for (place, operation) in region.operations.enumerated().reversed() where operation.code == .dotGeneral {
            guard let group = groups.soleUser(operation.results[0]), group.isUniform, fusions[group.position] != nil,
                  made[group.position] == nil else { continue }
            let fusion = makeRegion(group, groups, region, with: place)
            guard let contraction = fusion.region.operations.first(where: { fusion.origins[ObjectIdentifier($0)] === operation }),
                  let epilogue = ContractionEpilogue(fusion.region, contraction, target),
                  let plan = ContractionLowering.plan(epilogue, compiler.target, name: "\(block)_\(place)_dot") else { continue }
            guard let sequence = try compiled(plan, operation, reusable: epilogue.reusable()) else { continue }
            made[group.position] = Operation(.fusion, operands: fusion.operands, results: fusion.results,
                                             parameters: FusionParameters(sequence), regions: [fusion.region], location: operation.location)
            made[place] = .some(nil)
        }
        return made
    }

    /// The kernels of a plan with code; nil where one has none.
    private func compiled(_ plan: KernelPlan, _ operation: Operation, reusable: [[Int]] = []) throws(JaxError) -> KernelSequence? {
        guard let compiler else { return nil }
        var calls: [KernelSequence.Call] = []
        for step in plan.kernels {
            guard let kernel = try compiler.compile(step.kernel, source: locations.describe(operation.location)) else { return nil }
            calls.append(KernelSequence.Call(kernel, step.kernel, buffers: step.buffers))
        }
        return KernelSequence(calls, temporaries: plan.temporaries.map { $0.element.byteCount * $0.count }, reusable: reusable)
    }

    private mutating func make(_ fusion: Fusion, _ root: Operation) throws(JaxError) -> Operation {
        var calls: [KernelSequence.Call] = []
        let lowered = fusion.lowered, operandCount = fusion.operands.count
        if let compiler {
            for kernel in lowered.kernels {
                guard let compiled = try compiler.compile(kernel, source: locations.describe(root.location)) else {
                    calls = []
                    break
                }
                calls.append(KernelSequence.Call(compiled, kernel, buffers: Array(0..<(operandCount + fusion.results.count))))
            }
        }
        let parameters: FusionParameters
        if calls.isEmpty {
            parameters = FusionParameters(nil)
        } else if let copy = lowered.copy {
            parameters = FusionParameters(KernelSequence(calls, reusable: [[copy.parameter]],
                                                         copies: (source: copy.parameter, target: operandCount + copy.result)))
        } else {
            parameters = FusionParameters(KernelSequence(
                calls, reusable: reusable(lowered.kernels, operandCount, fusion.results.count)))
        }
        return Operation(.fusion, operands: fusion.operands, results: fusion.results, parameters: parameters,
                         regions: [fusion.region], location: root.location)
    }

    /// For each result the operands whose memory it may take.
    private func reusable(_ kernels: [Kernel], _ operandCount: Int, _ resultCount: Int) -> [[Int]] {
        guard kernels.count == 1 else { return [] }
        return (0..<resultCount).map { result in
            (0..<operandCount).filter {
                kernels[0].mayShareMemory(BufferID(id: Int32($0)), BufferID(id: Int32(operandCount + result)))
            }
        }
    }

    /// A contraction as kernels of its own.
    private mutating func contraction(_ operation: Operation, _ place: Int) throws(JaxError) -> Operation? {
        guard let compiler else { return nil }
        let made: KernelPlan? = switch operation.code {
        case .dotGeneral: ContractionLowering.plan(operation, source, compiler.target, name: "\(block)_\(place)_dot")
        case .convolution: ConvolutionLowering.plan(operation, source, compiler.target, name: "\(block)_\(place)_conv")
        default: nil
        }
        guard let plan = made, let sequence = try compiled(plan, operation) else { return nil }
        return wrapped(operation, operation.operands, sequence)
    }

    /// A loop over scalars as a kernel.
    private mutating func scalarLoop(_ operation: Operation, _ place: Int) throws(JaxError) -> Operation? {
        guard let compiler, let loop = WhileLowering(operation, source, name: "\(block)_\(place)_while") else { return nil }
        guard let kernel = try compiler.compile(loop.kernel, source: locations.describe(operation.location)) else { return nil }
        let buffers = Array(0...(loop.operands.count + operation.results.count))
        let trips = KernelSequence.Call(kernel, loop.kernel, buffers: buffers)
        let widths = operation.results.map { source.type(of: $0).tensor?.dtype.byteWidth ?? 0 }
        return wrapped(operation, loop.operands, KernelSequence(loop: trips, carried: widths))
    }

    /// A fusion of one operation: its operands, and what its regions use beside them.
    private mutating func wrapped(_ operation: Operation, _ operands: [ValueID], _ kernels: KernelSequence) -> Operation {
        var copies: [ValueID: ValueID] = [:], parameters: [ValueID] = []
        for operand in operands {
            let parameter = target.makeValue(source.type(of: operand))
            if copies[operand] == nil { copies[operand] = parameter }
            parameters.append(parameter)
        }
        var results: [ValueID] = []
        for result in operation.results { results.append(target.makeValue(source.type(of: result))) }
        let inner = Operation(operation.code, operands: operation.operands.map { copies[$0]! }, results: results,
                              parameters: operation.parameters, annotations: operation.annotations,
                              regions: operation.regions.map { renamed($0, copies) }, location: operation.location)
        let region = Region(parameters: parameters, operations: [inner], results: results)
        return Operation(.fusion, operands: operands, results: operation.results, parameters: FusionParameters(kernels),
                         regions: [region], location: operation.location)
    }

    /// A copy of a region with other values for what comes from outside, and for what it defines.
    private mutating func renamed(_ region: Region, _ outside: [ValueID: ValueID]) -> Region {
        var copies = outside
        func copy(_ value: ValueID) -> ValueID { copies[value] ?? value }
        var parameters: [ValueID] = []
        for parameter in region.parameters {
            copies[parameter] = target.makeValue(source.type(of: parameter))
            parameters.append(copies[parameter]!)
        }
        var operations: [Operation] = []
        for operation in region.operations {
            let operands = operation.operands.map(copy)
            for result in operation.results { copies[result] = target.makeValue(source.type(of: result)) }
            operations.append(Operation(operation.code, operands: operands, results: operation.results.map(copy),
                                        parameters: operation.parameters, annotations: operation.annotations,
                                        regions: operation.regions, location: operation.location))
        }
        return Region(parameters: parameters, operations: operations, results: region.results.map(copy))
    }

    private mutating func copy(_ operation: Operation, _ place: Int) throws(JaxError) -> Operation {
        var regions: [Region] = []
        let isScalar = opDefinition(operation)?.traits.contains(.scalarRegions) ?? false
        let outer = block
        for (number, region) in operation.regions.enumerated() {
            block = outer + "_\(place).\(number)"
            regions.append(isScalar ? region : try fuse(region))
        }
        block = outer
        if operation.code == .while, let count = tripCount(of: operation, in: source, uses) {
            return Operation(.while, operands: operation.operands, results: operation.results, parameters: KnownTrips(count),
                             annotations: operation.annotations, regions: regions, location: operation.location)
        }
        var functions: [Function] = []
        for function in operation.parameters.functions { functions.append(callees[ObjectIdentifier(function)] ?? function) }
        return Operation(operation.code, operands: operation.operands, results: operation.results,
                         parameters: functions.isEmpty ? operation.parameters : operation.parameters.replacing(functions),
                         annotations: operation.annotations, regions: regions, location: operation.location)
    }
}
