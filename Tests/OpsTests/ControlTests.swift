import Testing
import JaxIR
@testable import JaxOps

@Suite struct ControlTests {
    /// while i < n: row i of the array becomes i + 1. The array is filled in place, and the argument stays as it was.
    @Test func loopsUpdateInPlace() throws {
        let builder = ProgramBuilder()
        let array = TensorType(.i32, [4]), number = TensorType(.i32, [])
        let start = builder.parameter(array), zero = builder.parameter(number), one = builder.parameter(number), limit = builder.parameter(number)
        func value(_ type: TensorType) -> ValueID { builder.function.makeValue(.tensor(type)) }
        let less = [NamedAttribute("comparison_direction", .enumeration("LT"))]

        let test = [value(array), value(number)]
        let compare = builder.make(.compare, [test[1], limit], [.tensor(TensorType(.i1, []))], less)
        let condition = Region(parameters: test, operations: [compare], results: compare.results)

        let state = [value(array), value(number)]
        let next = builder.make(.add, [state[1], one], [.tensor(number)])
        let row = builder.make(.reshape, [next.results[0]], [.tensor(TensorType(.i32, [1]))])
        let update = builder.make(.dynamicUpdateSlice, [state[0], row.results[0], state[1]], [.tensor(array)])
        let body = Region(parameters: state, operations: [next, row, update], results: [update.results[0], next.results[0]])

        let loop = builder.add(builder.make(.while, [start, zero], [.tensor(array), .tensor(number)], regions: [condition, body]))
        let argument = try ints([0, 0, 0, 0])
        let results = try builder.run(loop, [argument, try scalar(0), try scalar(1), try scalar(4)])
        #expect(results[0].list(Int32.self) == [1, 2, 3, 4])
        #expect(results[1].list(Int32.self) == [4])
        #expect(argument.list(Int32.self) == [0, 0, 0, 0])
    }

    /// Values die after their last use, and one that a region captures lives as long as the region's operation.
    @Test func lastUses() throws {
        let builder = ProgramBuilder()
        let type = TensorType(.f32, [2])
        let x = builder.parameter(type), p = builder.parameter(TensorType(.i1, []))
        let twice = builder.make(.add, [x, x], [.tensor(type)])
        let square = builder.make(.multiply, [twice.results[0], twice.results[0]], [.tensor(type)])
        let unused = builder.make(.negate, [x], [.tensor(type)])
        _ = builder.add(twice)
        _ = builder.add(unused)
        let branch = builder.make(.if, [p], [.tensor(type)], regions: [
            Region(operations: [square], results: square.results), Region(results: twice.results),
        ])
        let results = builder.add(branch)
        #expect(try builder.run(results, [try floats([1, 2]), try tensor(.i1, [], [UInt8(1)])])[0].list(Float.self) == [4, 16])
        #expect(twice.lastUses == 0 && unused.lastUses == 1)
        #expect(unused.releases == unused.results)
        #expect(branch.lastUses == 1 && branch.releases == twice.results)
        #expect(square.lastUses == 0)
    }

    @Test func branchesOutOfRangeTakeTheLast() throws {
        for (index, expected) in [(0, 10), (1, 11), (2, 11), (-1, 11)] as [(Int32, Int32)] {
            let builder = ProgramBuilder()
            let number = TensorType(.i32, [])
            let i = builder.parameter(number), a = builder.parameter(number), b = builder.parameter(number)
            let results = builder.add(builder.make(.case, [i], [.tensor(number)], regions: [Region(results: [a]), Region(results: [b])]))
            let out = try builder.run(results, [try scalar(index), try scalar(10), try scalar(11)])
            #expect(out[0].list(Int32.self) == [expected])
        }
    }

    @Test func collectivesNeedOneDevice() throws {
        let a = try floats([1, 2])
        #expect(try evaluate(.allReduce, [a], a.type, [NamedAttribute("replica_groups", .array([.integers([0])]))]).list(Float.self) == [1, 2])
        #expect(throws: (any Error).self) {
            try evaluate(.allReduce, [a], a.type, [NamedAttribute("replica_groups", .array([.integers([0, 1])]))])
        }
        #expect(try evaluate(.collectivePermute, [a], a.type, [NamedAttribute("source_target_pairs", .integers([]))]).list(Float.self) == [0, 0])
    }
}
