// Control flow: loops with a bounded number of trips, branches, calls. Loops over scalars alone become kernels of their own.
import JaxIR
import JaxOps

extension Generator {
    func control() {
        switch random.below(8) {
        case 0: scalarLoop()
        case 1, 2: loop()
        case 3: countedLoop()
        case 4, 5: branches()
        default: call()
        }
    }

    private var counter: TensorType { TensorType(.i32, []) }

    /// The condition that the first carried value, a counter, is below `trips`, and sometimes something else too.
    private func condition(_ types: [TensorType], _ exact: [Bool], trips: PoolValue) -> Region? {
        region(types, exact: exact) { x in
            guard let isBelow = self.one(.compare, [x[0], trips], CompareParameters(.less)) else { return [] }
            if self.chance(25), let other = self.pick({ $0.isExact && $0.type == TensorType(.i1, []) && $0.id != isBelow.id }),
               let both = self.one(.and, [isBelow, other]) { return [both] }
            return [isBelow]
        }
    }

    /// Carried values of any type beside the counter. Operations of the body may use what is outside.
    private func loop() {
        guard let zero = constant(0, .i32), let one = constant(1, .i32), let trips = constant(Double(number(0...5)), .i32) else { return }
        let carried = [zero] + (0..<number(1...3)).compactMap { _ in any() }
        let types = carried.map { $0.type }, exact = carried.map { $0.isExact }
        var staysExact = true
        guard let test = condition(types, exact, trips: trips),
              let body = region(types, exact: exact, { x in
                  self.steps(self.number(1...6))
                  guard let next = self.one(.add, [x[0], one]) else { return [] }
                  let results = x.dropFirst().map { state in
                      self.pick { $0.type == state.type && (!state.isExact || $0.isExact) && $0.id != state.id } ?? state
                  }
                  staysExact = results.allSatisfy { $0.isExact }
                  return [next] + results
              }) else { return }
        emit(.while, carried, regions: [test, body], isExact: staysExact)
    }

    /// A loop whose values are scalars: arithmetic on a few numbers, many times over.
    private func scalarLoop() {
        let limit = chance(3) ? number(66_000...70_000) : number(0...300)
        guard let zero = constant(0, .i32), let trips = constant(Double(limit), .i32) else { return }
        let wide = self.dtypes.filter { !$0.isFloat || $0.bitWidth >= 16 }
        let dtypes = (0..<number(1...3)).map { _ in wide.isEmpty ? .f32 : choice(wide) }
        let carried = [zero] + dtypes.map { value(TensorType($0, []), exact: true) }
        let types = carried.map { $0.type }, exact = carried.map { $0.isExact }
        var staysExact = true
        guard let test = condition(types, exact, trips: trips),
              let body = region(types, exact: exact, { x in
                  var next = x
                  for index in x.indices.dropFirst() {
                      let type = x[index].type.dtype
                      let codes: [OpCode] = type == .i1 ? [.and, .or, .xor] : type.isFloat ? [.add, .subtract, .multiply, .maximum, .sine]
                          : type.isComplex ? [.add, .multiply] : [.add, .subtract, .multiply, .xor, .maximum, .divide, .shiftLeft]
                      for _ in 0..<self.number(1...3) {
                          let code = self.choice(codes)
                          guard let other = self.pick({ $0.type == types[index] && $0.isExact }) else { continue }
                          let operands = code == .sine ? [next[index]] : [next[index], other]
                          if let made = self.one(code, operands, isExact: code != .sine) { next[index] = made }
                      }
                  }
                  guard let one = self.constant(1, .i32), let count = self.one(.add, [x[0], one]) else { return [] }
                  staysExact = next.allSatisfy { $0.isExact }
                  return [count] + next.dropFirst()
              }) else { return }
        emit(.while, carried, regions: [test, body], isExact: staysExact)
    }

    private func countedLoop() {
        guard let x = any(exact: true) else { return }
        guard let low = constant(Double(number(-2...1)), .i32), let high = constant(Double(number(0...4)), .i32) else { return }
        var staysExact = true
        guard let body = region([counter, x.type], exact: [true, x.isExact], { p in
            // Nothing from outside is seen.
            self.pool = Array(p)
            let other = self.constant(x.type)
            let code: OpCode = x.type.dtype == .i1 ? .xor : self.choice([.add, .multiply, .subtract])
            guard let made = self.one(code, [p[1], other]) else { return [p[1]] }
            staysExact = made.isExact
            return [made]
        }) else { return }
        emit(.countedLoop, [low, high, x], regions: [body], isExact: staysExact)
    }

    private func branches() {
        guard let like = any() else { return }
        let types = [like.type] + (chance(40) ? [someType] : [])
        let isCase = chance(50), count = isCase ? number(1...4) : 2
        let selector = value(isCase ? counter : TensorType(.i1, []), exact: true)
        var regions: [Region] = [], isExact = true
        for _ in 0..<count {
            guard let branch = region([], exact: [], { _ in
                self.steps(self.number(0...4))
                let results = types.map { self.value($0) }
                isExact = isExact && results.allSatisfy { $0.isExact }
                return results
            }) else { return }
            regions.append(branch)
        }
        emit(isCase ? .case : .if, [selector], regions: regions, isExact: isExact)
    }

    private func call() {
        guard chance(70) || module.functions.isEmpty else {
            let function = choice(module.functions)
            let operands = function.parameterTypes.compactMap { $0.tensor }.map { value($0, exact: true) }
            emit(.call, operands, CallParameters(function), isExact: false)
            return
        }
        let operands = (0..<number(1...3)).compactMap { _ in any(exact: true) }
        guard !operands.isEmpty, let made = function(operands.map { $0.type }) else { return }
        emit(.call, operands, CallParameters(made.function), isExact: made.isExact)
    }
}
