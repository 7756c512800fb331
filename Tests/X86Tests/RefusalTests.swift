// Operands that an instruction does not take stop the process.
import Testing
import X86Assembler

@Suite struct RefusalTests {
    @Test func registersThatVEXDoesNotHave() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vpcmpeqd, .ymm, VectorRegister(16), VectorRegister(0), .register(VectorRegister(1)))
        }
    }

    @Test func widthsThatAreNot() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vblendvps, .zmm, VectorRegister(0), VectorRegister(1), .register(VectorRegister(2)), selector: VectorRegister(3))
        }
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vaddss, .ymm, VectorRegister(0), VectorRegister(1), .register(VectorRegister(2)))
        }
    }

    @Test func broadcastsOfWhatHasNone() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vpaddb, .zmm, VectorRegister(0), VectorRegister(1), .broadcast(Address(.rax)))
        }
    }

    @Test func masksThatMaskNothing() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vaddps, .zmm, VectorRegister(0), VectorRegister(1), .register(VectorRegister(2)), mask: .zeroing(.k0))
        }
    }

    @Test func masksOfWhatTakesNone() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vmovlhps, .xmm, VectorRegister(0), VectorRegister(1), .register(VectorRegister(2)), mask: .merging(.k1))
        }
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vmovups, .zmm, .memory(Address(.rax)), VectorRegister(1), mask: .zeroing(.k1))
        }
    }

    @Test func gathersOntoTheirIndex() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.vector(.vgatherdps, .zmm, VectorRegister(1), VectorAddress(.rax, index: VectorRegister(1)), mask: .k1)
        }
    }

    @Test func labelsThatAreNowhere() async {
        await #expect(processExitsWith: .failure) {
            var a = Assembler()
            a.jump(a.makeLabel())
            _ = a.finish()
        }
    }

    @Test func anIndexThatIsNone() async {
        await #expect(processExitsWith: .failure) { _ = Address(.rax, index: .rsp) }
    }
}
