// The forms that an instruction is tested in: registers low and high, every way to address memory, masks, broadcasts; and their text.
import X86Assembler

/// A way to address memory and how it reads.
struct Place {
    let address: Address
    let text: String

    init(_ address: Address, _ text: String) {
        self.address = address
        self.text = text
    }

    /// Every kind of base, index and displacement. `unit` is what EVEX counts short displacements in.
    static func all(unit: Int, _ listing: Listing) -> [Place] {
        var places: [Place] = []
        for base in [GPR.rax, .rbp, .rsp, .r12, .r13, .r15] {
            places.append(Place(Address(base), "[\(base)\(base == .rbp || base == .r13 ? "+0x0" : "")]"))
            places.append(Place(Address(base, 16), "[\(base)+0x10]"))
        }
        for displacement in [unit, 127 * unit, 128 * unit, -128 * unit, -129 * unit, unit + 1, -1, 0x123456] {
            places.append(Place(Address(.rdx, Int32(displacement)), "[rdx\(signed(displacement))]"))
        }
        for (base, index, scale) in [(GPR.rax, GPR.rcx, Scale.one), (.rbp, .rbp, .two), (.r13, .r12, .four), (.rsp, .r15, .eight),
                                     (.r12, .rbx, .four)] {
            let text = "\(base)+\(index)*\(1 << scale.rawValue)"
            places.append(Place(Address(base, index: index, scale: scale), "[\(text)\(base == .rbp || base == .r13 ? "+0x0" : "")]"))
            places.append(Place(Address(base, index: index, scale: scale, Int32(4 * unit)), "[\(text)\(signed(4 * unit))]"))
            places.append(Place(Address(base, index: index, scale: scale, -0x1001), "[\(text)-0x1001]"))
        }
        return places + [Place(Address(listing.start), "[START]"), Place(Address(listing.end), "[END]")]
    }

    /// A few, for what `all` was tried with.
    static func some(unit: Int) -> [Place] {
        [Place(Address(.rdi), "[rdi]"), Place(Address(.r14, index: .r9, scale: .eight, Int32(3 * unit)), "[r14+r9*8\(signed(3 * unit))]")]
    }
}

/// +0x10, -0x8
func signed(_ value: Int) -> String { (value < 0 ? "-0x" : "+0x") + String(abs(value), radix: 16) }

func name(_ register: Int, _ byteCount: Int) -> String { "\(byteCount <= 16 ? "x" : byteCount == 32 ? "y" : "z")mm\(register)" }

func sizeName(_ byteCount: Int) -> String {
    switch byteCount {
    case 1: "BYTE"
    case 2: "WORD"
    case 4: "DWORD"
    case 8: "QWORD"
    case 16: "XMMWORD"
    case 32: "YMMWORD"
    default: "ZMMWORD"
    }
}

extension Masking {
    var text: String {
        switch self {
        case .none: ""
        case .merging(let mask): "{\(mask)}"
        case .zeroing(let mask): "{\(mask)}{z}"
        }
    }

    var isNone: Bool { text.isEmpty }
}

/// One form of an instruction: the numbers of its vector registers, what stands last (or first, in a store), and a mask.
struct Form {
    var numbers: [Int]
    var last: VectorOperand
    var lastText: String
    var masking = Masking.none
    var isVEX: Bool

    var highest: Int {
        guard case .register(let register) = last else { return numbers.max() ?? 0 }
        return max(numbers.max() ?? 0, Int(register.number))
    }

    var registers: [VectorRegister] { numbers.map { VectorRegister($0) } }
}

extension Row {
    /// Every form at one width, of an instruction with `count` registers beside the last operand.
    func forms(_ width: VectorWidth, _ count: Int, _ listing: Listing) -> [Form] {
        let hasVEX = vex.contains(width), hasEVEX = evex.contains(width)
        let size = memoryBytes(width)
        var forms: [Form] = []
        func add(_ numbers: [Int], _ last: VectorOperand, _ text: String, _ masking: Masking = .none, needsEVEX: Bool = false) {
            let isVEX = hasVEX && !needsEVEX && masking.isNone && numbers.allSatisfy { $0 < 16 }
            if !isVEX && !hasEVEX { return }
            forms.append(Form(numbers: Array(numbers.prefix(count)), last: last, lastText: text, masking: masking, isVEX: isVEX))
        }
        if !options.contains("memory") {
            for numbers in [[1, 2, 3], [8, 1, 2], [1, 9, 2], [1, 2, 10], [15, 14, 13], [16, 1, 2], [1, 17, 2], [1, 2, 18], [1, 2, 26],
                            [31, 30, 29], [24, 7, 23]] {
                let last = numbers[2], used = Array(numbers.prefix(count))
                add(used + [last], .register(VectorRegister(last)), name(last, max(size, 16)))
            }
            if !options.contains("nomask") {
                for (masking, last) in [(Masking.merging(.k1), 3), (.zeroing(.k7), 19)] {
                    add([1, 2], .register(VectorRegister(last)), name(last, max(size, 16)), masking)
                }
            }
        }
        if memory != "-" {
            let pointer = sizeName(size) + " PTR "
            let needsEVEX = options.contains("shift")
            for place in Place.all(unit: size, listing) {
                add([1, 2], .memory(place.address), pointer + place.text, needsEVEX: needsEVEX)
                add([17, 18], .memory(place.address), pointer + place.text)
            }
            if !options.contains("nomask") {
                for place in Place.some(unit: size) { add([9, 20], .memory(place.address), pointer + place.text, .merging(.k3)) }
                for place in Place.some(unit: size) where !options.contains("store") {
                    add([9, 20], .memory(place.address), pointer + place.text, .zeroing(.k4))
                }
            }
        }
        if let element = broadcast {
            let lanes = options.contains("lanes") && width != .zmm ? "{1to\(size / element)}" : ""
            for place in Place.all(unit: element, listing) {
                let text = sizeName(element) + " BCST " + place.text + lanes
                add([5, 6], .broadcast(place.address), text, needsEVEX: true)
            }
            for place in Place.some(unit: element) {
                let text = sizeName(element) + " BCST " + place.text + lanes
                add([9, 20], .broadcast(place.address), text, .zeroing(.k5))
            }
        }
        return forms
    }
}
