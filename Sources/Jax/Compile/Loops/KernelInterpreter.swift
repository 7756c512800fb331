// Executes a kernel one lane at a time: the plain meaning of the loop form, for tests and as the oracle of renderers.
import JaxPlatform

/// Executes a verified kernel over buffers of at least the sizes that it names.
public struct KernelInterpreter {
    private let kernel: Kernel
    private let buffers: [UnsafeMutableRawPointer]
    private var values: [LaneBits]
    private var variables: [Int]

    public init(_ kernel: Kernel, _ buffers: [UnsafeMutableRawPointer]) {
        precondition(buffers.count == kernel.buffers.count)
        self.kernel = kernel
        self.buffers = buffers
        values = [LaneBits](repeating: 0, count: kernel.types.count)
        variables = [Int](repeating: 0, count: kernel.variableCount)
    }

    public mutating func run() { block(kernel.body) }

    private mutating func block(_ statements: [Statement]) {
        for statement in statements {
            switch statement {
            case .constant(let value, let bits): self[value] = bits
            case .index(let value, let index):
                let place = LaneBits(bitPattern: Int64(self.place(index)))
                self[value] = kernel.type(of: value) == .i64 ? place : place & 0xFFFF_FFFF
            case .compute(let value, let op, let a, let b, let c):
                self[value] = op.evaluate(kernel.type(of: a), self[a], b.map { self[$0] } ?? 0, c.map { self[$0] } ?? 0)
            case .load(let value, let buffer, let index):
                let element = kernel.buffers[Int(buffer.id)].element
                self[value] = element.load(buffers[Int(buffer.id)] + place(index) * element.byteCount)
            case .store(let buffer, let index, let value):
                let element = kernel.buffers[Int(buffer.id)].element
                element.store(self[value], to: buffers[Int(buffer.id)] + place(index) * element.byteCount)
            case .loop(let loop):
                for carried in loop.carried { self[carried.current] = self[carried.initial] }
                for iteration in 0..<loop.count {
                    variables[Int(loop.variable.id)] = iteration
                    block(loop.body)
                    carryOn(loop.carried)
                }
                for carried in loop.carried { self[carried.result] = self[carried.current] }
            case .whileLoop(let loop):
                for carried in loop.carried { self[carried.current] = self[carried.initial] }
                while true {
                    block(loop.condition)
                    if self[loop.holds] == 0 { break }
                    block(loop.body)
                    carryOn(loop.carried)
                }
                for carried in loop.carried { self[carried.result] = self[carried.current] }
            }
        }
    }

    /// All at once: one's next value may be another's current one.
    private mutating func carryOn(_ carried: [Carried]) {
        let next = carried.map { self[$0.next] }
        for (value, bits) in zip(carried, next) { self[value.current] = bits }
    }

    private func place(_ index: LoopIndex) -> Int {
        var place = index.constant
        for term in index.terms { place += variables[Int(term.variable.id)] * term.stride }
        for term in index.clamped {
            let bits = self[term.value]
            let value = kernel.type(of: term.value) == .i64 ? Int(Int64(bitPattern: bits)) : Int(Int32(truncatingIfNeeded: bits))
            place += max(0, min(term.limit, value)) * term.stride
        }
        return place
    }

    private subscript(value: LaneValue) -> LaneBits {
        get { values[Int(value.id)] }
        set { values[Int(value.id)] = newValue }
    }
}

extension ElementType {
    /// The lane of the element at `place`.
    public func load(_ place: UnsafeRawPointer) -> LaneBits {
        switch self {
        case .bool: return place.load(as: UInt8.self) != 0 ? 1 : 0
        case .i8: return LaneBits(UInt32(bitPattern: Int32(place.load(as: Int8.self))))
        case .u8: return LaneBits(place.load(as: UInt8.self))
        case .i16: return LaneBits(UInt32(bitPattern: Int32(place.load(as: Int16.self))))
        case .u16: return LaneBits(place.load(as: UInt16.self))
        case .i32, .f32: return LaneBits(place.load(as: UInt32.self))
        case .i64, .f64: return place.load(as: UInt64.self)
        case .f16: return LaneBits(Float(Float16(bitPattern: place.load(as: UInt16.self))).bitPattern)
        case .bf16: return LaneBits(place.load(as: UInt16.self)) << 16
        }
    }

    /// Writes a lane as an element.
    func store(_ bits: LaneBits, to place: UnsafeMutableRawPointer) {
        switch self {
        case .bool: place.storeBytes(of: bits != 0 ? 1 : 0, as: UInt8.self)
        case .i8, .u8: place.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
        case .i16, .u16: place.storeBytes(of: UInt16(truncatingIfNeeded: bits), as: UInt16.self)
        case .i32, .f32: place.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        case .i64, .f64: place.storeBytes(of: bits, as: UInt64.self)
        case .f16:
            place.storeBytes(of: Float16(Float(bitPattern: UInt32(truncatingIfNeeded: bits))).bitPattern, as: UInt16.self)
        case .bf16:
            let rounded = bfloat16Bits(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
            place.storeBytes(of: UInt16(truncatingIfNeeded: rounded), as: UInt16.self)
        }
    }
}
