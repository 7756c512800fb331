// Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

/// Encrypts one pair of words under a key of two.
struct Threefry {
    private let k0: UInt32, k1: UInt32, k2: UInt32

    init(key: UInt64) {
        k0 = UInt32(truncatingIfNeeded: key)
        k1 = UInt32(truncatingIfNeeded: key >> 32)
        k2 = k0 ^ k1 ^ 0x1bd1_1bda
    }

    @inline(__always)
    func encrypt(_ counter: UInt64) -> (UInt32, UInt32) {
        var x = UInt32(truncatingIfNeeded: counter) &+ k0
        var y = UInt32(truncatingIfNeeded: counter >> 32) &+ k1
        @inline(__always) func mix(_ rotation: UInt32) {
            x = x &+ y
            y = (y &<< rotation | y &>> (32 &- rotation)) ^ x
        }
        @inline(__always) func even() { mix(13); mix(15); mix(26); mix(6) }
        @inline(__always) func odd() { mix(17); mix(29); mix(16); mix(24) }
        @inline(__always) func inject(_ a: UInt32, _ b: UInt32, _ step: UInt32) {
            x = x &+ a
            y = y &+ b &+ step
        }
        even(); inject(k1, k2, 1)
        odd(); inject(k2, k0, 2)
        even(); inject(k0, k1, 3)
        odd(); inject(k1, k2, 4)
        even(); inject(k2, k0, 5)
        return (x, y)
    }
}
