// Which loops become grids, and which are kept in one invocation: by kernels like those that lowering makes.
import Loops
@testable import SPIRVRenderer
import Testing

/// A place: a constant and multiples of variables.
func place(_ terms: [(LoopVariable, Int)], _ constant: Int = 0) -> LoopIndex {
    var index = LoopIndex(constant)
    for (variable, stride) in terms { index.add(variable, stride: stride) }
    return index
}

@Suite struct GridNestTests {
    private func nests(_ name: String = "test", isShared: Bool = true, _ body: (KernelBuilder) -> Void) -> [GridNest] {
        let builder = KernelBuilder()
        body(builder)
        return builder.finish(name: name).scheduled(isShared: isShared).gridNests
    }

    @Test func allLoopsOfATransposition() {
        let nests = nests { builder in
            let x = builder.buffer(.f32, count: 35), y = builder.buffer(.f32, count: 35, isWritten: true)
            builder.loop(.serial, count: 5) { row in
                builder.loop(.vector, count: 7) { column in
                    builder.store(builder.load(x, place([(row, 1), (column, 5)])), to: y, place([(row, 7), (column, 1)]))
                }
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[5, 7]])
    }

    /// A concatenation: two loops side by side.
    @Test func loopsSideBySide() {
        let nests = nests { builder in
            let x = builder.buffer(.f32, count: 4), y = builder.buffer(.f32, count: 8, isWritten: true)
            for half in 0..<2 {
                builder.loop(.vector, count: 4) { builder.store(builder.load(x, place([($0, 1)])), to: y, place([($0, 1)], 4 * half)) }
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[4], [4]])
    }

    /// Sums of rows: what is carried stays in the invocation.
    @Test func foldsStayInside() {
        let nests = nests { builder in
            let x = builder.buffer(.f32, count: 600), y = builder.buffer(.f32, count: 3, isWritten: true)
            let zero = builder.constant(.f32, 0.0)
            builder.loop(.serial, count: 3) { row in
                let sum = builder.loop(.vector, count: 200, carrying: [zero], combine: { [builder.add($0[0], $1[0])] }) { column, sums in
                    [builder.add(sums[0], builder.load(x, place([(row, 200), (column, 1)])))]
                }
                builder.store(sum[0], to: y, place([(row, 1)]))
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[3]])
    }

    /// Updates that may meet are done one after the other, each row's elements side by side.
    @Test func scatteredRows() {
        let nests = nests(isShared: false) { builder in
            let rows = builder.buffer(.i32, count: 9), x = builder.buffer(.f32, count: 9 * 16)
            let y = builder.buffer(.f32, count: 5 * 16, isWritten: true)
            builder.loop(.serial, count: 9) { update in
                let row = builder.load(rows, place([(update, 1)]))
                builder.loop(.vector, count: 16) { column in
                    var target = place([(column, 1)])
                    target.add(row, upTo: 4, stride: 16)
                    let sum = builder.add(builder.load(y, target), builder.load(x, place([(update, 16), (column, 1)])))
                    builder.store(sum, to: y, target)
                }
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[16]])
    }

    @Test func scatteredElements() {
        let nests = nests(isShared: false) { builder in
            let places = builder.buffer(.i32, count: 9), y = builder.buffer(.i32, count: 50, isWritten: true)
            builder.loop(.serial, count: 9) { update in
                var target = LoopIndex()
                target.add(builder.load(places, place([(update, 1)])), upTo: 49, stride: 1)
                builder.store(builder.add(builder.load(y, target), builder.constant(.i32, 1)), to: y, target)
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[]])
    }

    /// Each iteration reads what the one before has written.
    @Test func whatGoesOnStaysTogether() {
        let nests = nests(isShared: false) { builder in
            let y = builder.buffer(.f32, count: 50, isWritten: true)
            builder.loop(.serial, count: 49) { step in
                builder.store(builder.load(y, place([(step, 1)])), to: y, place([(step, 1)], 1))
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[]])
    }

    /// Rows of a tile lie a fixed distance apart, between those of the next one.
    @Test func placesThatDifferByConstants() {
        let nests = nests(isShared: false) { builder in
            let y = builder.buffer(.f32, count: 3 * 4 * 10, isWritten: true)
            builder.loop(.serial, count: 3) { group in
                builder.loop(.serial, count: 10) { column in
                    for row in 0..<4 { builder.store(builder.constant(.f32, 1), to: y, place([(group, 40), (column, 1)], 10 * row)) }
                }
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[3, 10]])
    }

    /// Windows that overlap: the same element is written by several iterations.
    @Test func overlappingWindows() {
        let nests = nests(isShared: false) { builder in
            let y = builder.buffer(.f32, count: 22, isWritten: true)
            builder.loop(.serial, count: 10) { step in
                for offset in [0, 2] { builder.store(builder.constant(.f32, 1), to: y, place([(step, 2)], offset)) }
            }
        }
        #expect(nests.map { $0.loops.map { $0.count } } == [[]])
    }
}
