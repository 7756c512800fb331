// Operations that have loops of their own: they are the roots of their groups, and what they are given may be computed in these loops.
import JaxIR
import JaxOps

enum GroupRoot {
    static func isRoot(_ operation: Operation) -> Bool {
        [.concatenate, .pad, .dynamicUpdateSlice, .scatter, .reduceWindow, .selectAndScatter].contains(operation.code)
    }

    /// For each operand whether each of its elements is asked for just once, in loops over them: then what computes it may be computed
    /// there. Other operands are scalars, indices, or seen by several windows.
    static func pieces(_ operation: Operation, _ function: Function) -> [Bool] {
        operation.operands.indices.map { place in
            switch operation.code {
            case .concatenate: true
            case .pad: place == 0
            case .dynamicUpdateSlice: place <= 1
            case .scatter: place == 0 || place == 2
            case .selectAndScatter: place == 1
            case .reduceWindow:
                place < operation.operands.count / 2 && function.type(of: operation.operands[0]).tensor.map {
                    operation.parameters(ReduceWindowParameters.self).cumulative($0.shape) != nil
                } ?? false
            default: false
            }
        }
    }
}

extension KernelLowering {
    mutating func lower(root: Operation, _ name: String) -> LoweredRegion? {
        switch root.code {
        case .concatenate: return concatenation(root, name)
        case .pad: return padding(root, name)
        case .dynamicUpdateSlice: return update(root, name)
        case .scatter: return scatter(root, name)
        case .selectAndScatter: return selectAndScatter(root, name)
        default: return windows(root, name)
        }
    }
}
