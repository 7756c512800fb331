// Random programs, all of which verify. A generator keeps a pool of the values that are in scope; each step picks a family of operations,
// picks operands of the pool that fit (or makes some), and adds the results. What an operation's shape rule refuses is left out.
//
// A value is exact where every way to execute the program must give the same bits. Operations whose results jump (comparisons, conversions
// to integers, sorts, control flow) are mostly given exact operands, so that bounds on errors stay small (ErrorBounds.swift).
import JaxIR
import JaxOps
import JaxPlatform
import TestSupport

/// A value in scope.
struct PoolValue {
    let id: ValueID
    let type: TensorType
    let isExact: Bool
}

final class Generator {
    var random: SeededRandom
    let builder: Builder
    let module: Module
    /// What operations have made, and the function's parameters, which are in scope everywhere.
    var pool: [PoolValue] = []
    private(set) var arguments: [PoolValue] = []
    /// The element types and shapes that this program prefers, so that values go together.
    let dtypes: [DType]
    let shapes: [[Int]]
    /// Regions and functions around the place where operations are made.
    var depth = 0
    /// Parameters may be added at the function's own level only where the function is `main`.
    private let isMain: Bool
    static let maximumElements = 6000

    /// The program of a seed, verified.
    static func program(seed: UInt64) throws -> Module {
        let module = Module(name: "program_\(seed)")
        let generator = Generator(SeededRandom(seed: seed), module, name: "main", nil)
        try module.add(try generator.run())
        try verify(module)
        return module
    }

    private init(_ random: SeededRandom, _ module: Module, name: String, _ parent: Generator?) {
        self.random = random
        self.module = module
        isMain = parent == nil
        builder = Builder(Function(name: name, isPublic: parent == nil))
        if let parent {
            dtypes = parent.dtypes
            shapes = parent.shapes
        } else {
            dtypes = Generator.someDTypes(&self.random)
            shapes = Generator.someShapes(&self.random)
        }
    }

    // MARK: Choices

    func chance(_ percent: Int) -> Bool { random.below(100) < percent }
    func choice<T>(_ list: [T]) -> T { list[random.below(list.count)] }
    func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + random.below(range.count) }

    private static func someDTypes(_ random: inout SeededRandom) -> [DType] {
        let common: [DType] = [.f32, .f32, .f32, .f32, .i32, .i32, .f64, .bf16, .f16, .i1, .i8, .u8, .i16, .u16, .u32, .u32, .i64, .u64]
        let rare: [DType] = [.c64, .c128, .i4, .u4, .i2, .f8E4M3FN, .f8E5M2, .f4E2M1FN]
        return (0...1 + random.below(3)).map { _ in
            random.below(25) == 0 ? rare[random.below(rare.count)] : common[random.below(common.count)]
        }
    }

    /// A shape, some of its permutations and parts, and scalars.
    private static func someShapes(_ random: inout SeededRandom) -> [[Int]] {
        let sizes = [1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 64, 65, 100, 130]
        var base: [Int]
        repeat {
            base = (0..<random.below(5)).map { _ in random.below(60) == 0 ? 0 : sizes[random.below(sizes.count)] }
            // Long enough for loops of several vectors at once, and for sums in blocks.
            if !base.isEmpty && random.below(8) == 0 { base[random.below(base.count)] = [257, 520, 777, 1030][random.below(4)] }
        } while base.reduce(1, *) > maximumElements / 2
        var shapes = [base, base, base, []]
        if !base.isEmpty {
            shapes.append(base.reversed())
            shapes.append(Array(base.dropFirst()))
            shapes.append(Array(base.dropLast()))
            shapes.append([sizes[random.below(sizes.count)]] + base.suffix(1))
        }
        return shapes.filter { $0.reduce(1, *) <= maximumElements }
    }

    // MARK: Operations

    /// Emits an operation and puts its results into the pool; nil where its rule refuses it or it would be too large.
    @discardableResult
    func emit(_ code: OpCode, _ operands: [PoolValue], _ parameters: Parameters = .none, regions: [Region] = [],
              isExact: Bool = true) -> [PoolValue]? {
        let ids = operands.map { $0.id }
        guard let types = try? inferTypes(code, operands: ids, parameters, regions: regions, in: builder.function),
              types.allSatisfy({ ($0.tensor?.checkedElementCount ?? .max) <= Generator.maximumElements }),
              let results = try? builder.emit(code, ids, parameters, regions: regions) else { return nil }
        let exact = isExact && operands.allSatisfy { $0.isExact }
        let values = zip(results, types).compactMap { result, type in type.tensor.map { PoolValue(id: result, type: $0, isExact: exact) } }
        pool += values
        return values
    }

    func one(_ code: OpCode, _ operands: [PoolValue], _ parameters: Parameters = .none, regions: [Region] = [],
             isExact: Bool = true) -> PoolValue? {
        emit(code, operands, parameters, regions: regions, isExact: isExact)?.first
    }

    /// A value of the pool, late ones more often.
    func pick(_ isWanted: (PoolValue) -> Bool) -> PoolValue? {
        let fitting = (arguments + pool).filter(isWanted)
        return fitting.isEmpty ? nil : fitting[max(random.below(fitting.count), random.below(fitting.count))]
    }

    /// Any value, sometimes a new one.
    func any(exact: Bool = false, _ isWanted: @escaping (PoolValue) -> Bool = { _ in true }) -> PoolValue? {
        let mustBeExact = exact && chance(95)
        return pick { isWanted($0) && ($0.isExact || !mustBeExact) }
    }

    /// A value of this type: of the pool, converted, broadcast, an iota, a constant or an argument.
    func value(_ type: TensorType, exact: Bool = false) -> PoolValue {
        let mustBeExact = exact && chance(95)
        if chance(80), let known = pick({ $0.type == type && ($0.isExact || !mustBeExact) }) { return known }
        switch random.below(8) {
        case 0:
            if !type.shape.isEmpty, let scalar = pick({ $0.type == TensorType(type.dtype, []) && ($0.isExact || !mustBeExact) }),
               let made = one(.broadcastInDim, [scalar], BroadcastParameters(shape: type.shape, dimensions: [])) { return made }
        case 1:
            if type.rank > 0, !type.dtype.isComplex, type.dtype != .i1,
               let made = one(.iota, [], IotaParameters(type, dimension: random.below(type.rank))) { return made }
        case 2, 3:
            if let other = pick({ $0.type.shape == type.shape && $0.isExact && $0.type.dtype != type.dtype }),
               let made = one(.convert, [other], DTypeParameters(type.dtype)) { return made }
        case 4, 5: return constant(type)
        default: break
        }
        return isMain ? argument(type) : constant(type)
    }

    func argument(_ type: TensorType) -> PoolValue {
        let value = PoolValue(id: builder.parameter(.tensor(type)), type: type, isExact: true)
        arguments.append(value)
        return value
    }

    /// A constant, splat or dense.
    func constant(_ type: TensorType) -> PoolValue {
        let isSplat = type.rank > 0 && (type.elementCount > 600 || chance(60)) && type.elementCount > 0
        var numbers = Numbers(random.next(), isTame: true)
        let tensor = numbers.tensor(isSplat ? TensorType(type.dtype, []) : type)
        let id = try! builder.constant(Literal(type: type, isSplat: isSplat, storage: tensor.storage))
        let value = PoolValue(id: id, type: type, isExact: true)
        pool.append(value)
        return value
    }

    func constant(_ number: Double, _ dtype: DType) -> PoolValue? {
        guard let id = try? builder.constant(number, TensorType(dtype, [])) else { return nil }
        return PoolValue(id: id, type: TensorType(dtype, []), isExact: true)
    }

    var someType: TensorType { TensorType(choice(dtypes), choice(shapes)) }

    /// A region whose values leave the pool when it ends.
    func region(_ types: [TensorType], exact: [Bool], _ body: ([PoolValue]) -> [PoolValue]) -> Region? {
        let outside = pool
        depth += 1
        defer {
            depth -= 1
            pool = outside
        }
        return try? builder.region(types.map { .tensor($0) }) { (_, ids) throws(JaxError) in
            let parameters = zip(ids, zip(types, exact)).map { PoolValue(id: $0, type: $1.0, isExact: $1.1) }
            pool += parameters
            return body(parameters).map { $0.id }
        }
    }

    // MARK: Programs

    private func run() throws -> Function {
        for _ in 0...random.below(3) { _ = value(someType) }
        steps(number(3...24))
        // What nothing uses, and some of what is used: values that are needed twice.
        var results = Array(pool.suffix(2))
        for value in pool.dropLast(2) where chance(12) { results.append(value) }
        if results.isEmpty { results = [value(someType)] }
        builder.finish(results.map { $0.id })
        return builder.function
    }

    /// Some operations of any family.
    func steps(_ count: Int) {
        for _ in 0..<count { step() }
    }

    private func step() {
        switch random.below(100) {
        case 0..<46: elementwise()
        case 46..<65: movement()
        case 65..<75: reduction()
        case 75..<79: window()
        case 79..<85: contraction()
        case 85..<90: indexing()
        case 90..<93: sorting()
        case 93: randomBits()
        default: if depth < 2 { control() } else { elementwise() }
        }
    }

    /// A function of the module over some types, made by a generator of its own.
    func function(_ types: [TensorType]) -> (function: Function, isExact: Bool)? {
        let inner = Generator(SeededRandom(seed: random.next()), module, name: "f\(module.functions.count)", self)
        inner.depth = depth + 1
        for type in types { _ = inner.argument(type) }
        inner.steps(number(1...6))
        let results = (inner.arguments + inner.pool).suffix(number(1...2))
        inner.builder.finish(results.map { $0.id })
        guard (try? module.add(inner.builder.function)) != nil else { return nil }
        return (inner.builder.function, results.allSatisfy { $0.isExact })
    }
}
