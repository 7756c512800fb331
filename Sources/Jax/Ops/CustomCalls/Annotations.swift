// Custom calls that only annotate: they return their operands.
import JaxIR
import JaxPlatform

func annotationCalls() -> [OpDefinition] {
    ["Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", "annotate_device_placement", "LayoutConstraint", "MoveToHost",
     "MoveToDevice", "PinToDevice", "xla.sdy.FuncResultSharding"].map { name in
        // Results have the operands' types. On one device a shard is the whole array.
        OpDefinition(.customCall, target: name, Parameters.self, .structural, infer: { view, _ throws(JaxError) in
            let declared = view.call?.resultTypes ?? []
            try view.require(declared.count == view.operandCount, "has \(view.operandCount) results, \(declared.count) declared")
            for (type, result) in zip(view.operandTypes, declared) where !agree(type, result) {
                throw view.error(.notImplemented, "\(type) is divided into \(result); the program runs on one device")
            }
            return view.operandTypes
        }, evaluate: { _, _, operands throws(JaxError) in operands })
            .jvp { _, _, tangents in tangents }
            .transpose { _, _, cotangents, _ in cotangents }
            // What was said of the dimensions does not hold for one more; the values are the same without it.
            .batch { _, _, operands, batched, _ in (operands, batched) }
    }
}
