import Testing
import JaxIR
@testable import JaxOps

@Suite struct RandomTests {
    /// The known answers of Random123's test vectors (kat_vectors).
    @Test func threefryKnownAnswers() {
        #expect(Threefry(key: 0).encrypt(0) == (0x6b200159, 0x99ba4efe))
        #expect(Threefry(key: .max).encrypt(.max) == (0x1cb996fc, 0xbb002be7))
        #expect(Threefry(key: 0x03707344_13198a2e).encrypt(0x85a308d3_243f6a88) == (0xc4923a9c, 0x483df7a0))
    }

    @Test func philoxKnownAnswers() {
        #expect(Philox(key: 0).encrypt(low: 0, high: 0, step: 0) == (0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8))
        #expect(Philox(key: .max).encrypt(low: .max, high: .max, step: 0) == (0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd))
        #expect(Philox(key: 0x299f31d0_a4093822).encrypt(low: 0x85a308d3_243f6a88, high: 0x03707344_13198a2e, step: 0)
            == (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1))
    }

    @Test func theCounterCarries() {
        let philox = Philox(key: 5)
        #expect(philox.encrypt(low: .max, high: 7, step: 1) == philox.encrypt(low: 0, high: 8, step: 0))
    }
}
