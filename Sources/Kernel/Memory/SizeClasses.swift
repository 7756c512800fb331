// The heap's block sizes. All above 512 are multiples of 64, so that tensors and other aligned blocks find a class.

enum SizeClasses {
    static let count = 30
    static let slabBytes = 16384
    static let slabPages = 4
    static let headerBytes = 64
    /// The largest block in a slab; longer ones get pages of their own.
    static let largest = 8128

    /// Bytes of a block of class `index`.
    static func size(_ index: Int) -> Int {
        switch index {
        case 0..<8: return 16 * (index + 1)                                // 16 … 128
        case 8..<12: return 128 + 32 * (index - 7)                         // 160 … 256
        case 12..<16: return 256 + 64 * (index - 11)                       // 320 … 512
        case 16..<20: return 512 + 128 * (index - 15)                      // 640 … 1024
        case 20: return 1216
        case 21: return 1472
        case 22: return 1792
        case 23: return 1984
        case 24: return 2304
        case 25: return 2688
        case 26: return 3264
        case 27: return 4032
        case 28: return 5440
        default: return 8128
        }
    }
}
