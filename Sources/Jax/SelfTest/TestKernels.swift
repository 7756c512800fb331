// The kernels that prove an accelerator: each small, each using another part of what a compiler needs.
import SPIRV

/// SPIR-V modules of the self-test.
public enum TestKernels {
    static let groupSize: UInt32 = 64
    /// Rows and columns of the product that one invocation computes.
    static let tileRows: UInt32 = 8, tileColumns: UInt32 = 4
    /// Invocations of a workgroup that lie side by side along the product's columns.
    static let tileLanes: UInt32 = 32
    public static let bins: UInt32 = 256

    /// buffers a, b, c; parameter n: c[i] = a[i] + b[i] for i < n.
    public static func vectorAdd(_ scalar: Scalar) -> [UInt32] {
        let module = ModuleBuilder()
        let type = ShaderType(scalar)
        let a = module.storageBuffer(0, type, isReadOnly: true), b = module.storageBuffer(1, type, isReadOnly: true),
            c = module.storageBuffer(2, type)
        module.parameters([ShaderType(.u32)])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let i = f.builtIn(.globalInvocationId)
            f.if(f.less(i, f.parameter(0)), { f.store(f.add(f.load(a, i), f.load(b, i)), to: c, i) })
        }
    }

    /// no buffers; parameters: the addresses of a, b and c (f32), n: c[i] = a[i] + b[i] for i < n.
    public static func vectorAddByAddress() -> [UInt32] {
        let module = ModuleBuilder()
        let u64 = ShaderType(.uint(64)), f32 = ShaderType(.f32)
        module.parameters([u64, u64, u64, ShaderType(.u32)])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let i = f.builtIn(.globalInvocationId)
            let offset = f.multiply(f.convert(i, to: .uint(64)), module.constant(u64, bits: 4))
            func element(_ parameter: Int) -> Pointer { f.place(at: f.add(f.parameter(parameter), offset), f32) }
            f.if(f.less(i, f.parameter(3)), { f.store(f.add(f.load(element(0)), f.load(element(1))), to: element(2)) })
        }
    }

    /// buffers a (m×k), b (k×n), c (m×n), row-major; parameters m, n, k: c = a·b.
    /// Each invocation keeps 8 rows by 4 columns in registers; the columns lie a workgroup's width apart, so that
    /// neighbouring invocations read neighbouring elements of b and all read the same elements of a.
    public static func matrixProduct() -> [UInt32] {
        let module = ModuleBuilder()
        let f32 = ShaderType(.f32), u32 = ShaderType(.u32)
        let a = module.storageBuffer(0, f32, isReadOnly: true), b = module.storageBuffer(1, f32, isReadOnly: true),
            c = module.storageBuffer(2, f32)
        module.parameters([u32, u32, u32])
        return module.kernel(workgroupSize: (tileLanes, 1, 1)) { f in
            let m = f.parameter(0), n = f.parameter(1), k = f.parameter(2), one = f.constant(UInt32(1))
            let row = f.multiply(f.builtIn(.workgroupId, 1), f.constant(tileRows))
            let column = f.add(f.multiply(f.builtIn(.workgroupId, 0), f.constant(tileLanes * tileColumns)), f.builtIn(.localInvocationId))
            let rows = (0..<tileRows).map { f.add(row, f.constant($0)) }
            let columns = (0..<tileColumns).map { f.add(column, f.constant($0 * tileLanes)) }
            // Beyond the edge an invocation computes with the last row and column, and does not store.
            let rowStarts = rows.map { f.variable(f.multiply(f.min($0, f.subtract(m, one)), k)) }
            let columnStarts = columns.map { f.variable(f.min($0, f.subtract(n, one))) }
            let sums = (0..<Int(tileRows * tileColumns)).map { _ in f.variable(f.constant(Float(0))) }
            f.loop(from: f.constant(UInt32(0)), to: k, by: one) { _ in
                let right = columnStarts.map { f.load(b, f.load($0)) }
                for (r, start) in rowStarts.enumerated() {
                    let left = f.load(a, f.load(start))
                    for (s, value) in right.enumerated() {
                        let sum = sums[r * Int(tileColumns) + s]
                        f.store(f.fma(left, value, f.load(sum)), to: sum)
                    }
                    f.store(f.add(f.load(start), one), to: start)
                }
                for start in columnStarts { f.store(f.add(f.load(start), n), to: start) }
            }
            for (r, row) in rows.enumerated() {
                for (s, column) in columns.enumerated() {
                    f.if(f.and(f.less(row, m), f.less(column, n)), {
                        f.store(f.load(sums[r * Int(tileColumns) + s]), to: c, f.add(f.multiply(row, n), column))
                    })
                }
            }
        }
    }

    /// buffers x, sums; parameter n: sums[w] = the sum of those x that workgroup w reads, all together reading each once.
    public static func reduction(_ scalar: Scalar, bySubgroups: Bool) -> [UInt32] {
        let module = ModuleBuilder()
        let type = ShaderType(scalar)
        let x = module.storageBuffer(0, type, isReadOnly: true), sums = module.storageBuffer(1, type)
        let shared = module.sharedArray(type, count: groupSize)
        module.parameters([ShaderType(.u32)])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let local = f.builtIn(.localInvocationIndex), zero = f.constant(UInt32(0)), one = f.constant(UInt32(1))
            let total = f.variable(f.zero(type))
            let stride = f.multiply(f.builtIn(.numWorkgroups), f.constant(groupSize))
            f.loop(from: f.builtIn(.globalInvocationId), to: f.parameter(0), by: stride) { i in
                f.store(f.add(f.load(total), f.load(x, i)), to: total)
            }
            if bySubgroups {
                let sum = f.subgroupReduce(.add, f.load(total))
                f.if(f.subgroupElect(), { f.store(sum, to: shared, f.builtIn(.subgroupId)) })
                f.workgroupBarrier()
                f.if(f.equal(local, zero), {
                    let all = f.variable(f.zero(type))
                    f.loop(from: zero, to: f.builtIn(.numSubgroups), by: one) { i in
                        f.store(f.add(f.load(all), f.load(shared, i)), to: all)
                    }
                    f.store(f.load(all), to: sums, f.builtIn(.workgroupId))
                })
            } else {
                f.store(f.load(total), to: shared, local)
                f.workgroupBarrier()
                var half = groupSize / 2
                while half > 0 {
                    f.if(f.less(local, f.constant(half)), {
                        let other = f.load(shared, f.add(local, f.constant(half)))
                        f.store(f.add(f.load(shared, local), other), to: shared, local)
                    })
                    f.workgroupBarrier()
                    half /= 2
                }
                f.if(f.equal(local, zero), { f.store(f.load(shared, zero), to: sums, f.builtIn(.workgroupId)) })
            }
        }
    }

    /// buffers x (u32), counts (256 × u32); parameter n: counts[x[i] mod 256] grows by one for each i < n.
    public static func histogram() -> [UInt32] {
        let module = ModuleBuilder()
        let u32 = ShaderType(.u32)
        let x = module.storageBuffer(0, u32, isReadOnly: true), counts = module.storageBuffer(1, u32)
        module.parameters([u32])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let i = f.builtIn(.globalInvocationId)
            f.if(f.less(i, f.parameter(0)), {
                let bin = f.and(f.load(x, i), f.constant(bins - 1))
                f.atomic(.add, f.element(counts, bin), f.constant(UInt32(1)))
            })
        }
    }

    /// buffers x, y (u32); parameters n, step: y[i] = 3·x[(i + 1) mod n] + step + offset, where the specialisation
    /// constant 0 is the offset. Each step needs the whole of the one before.
    public static func chainStep() -> [UInt32] {
        let module = ModuleBuilder()
        let u32 = ShaderType(.u32)
        let offset = module.specialization(0, u32, bits: 0)
        let x = module.storageBuffer(0, u32, isReadOnly: true), y = module.storageBuffer(1, u32)
        module.parameters([u32, u32])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let i = f.builtIn(.globalInvocationId), n = f.parameter(0)
            f.if(f.less(i, n), {
                let next = f.remainder(f.add(i, f.constant(UInt32(1))), n)
                let value = f.multiply(f.load(x, next), f.constant(UInt32(3)))
                f.store(f.add(f.add(value, f.parameter(1)), offset), to: y, i)
            })
        }
    }

    /// buffer x (u32); parameter rounds: every invocation steps a generator that many times, which takes its time.
    public static func busy() -> [UInt32] {
        let module = ModuleBuilder()
        let u32 = ShaderType(.u32)
        let x = module.storageBuffer(0, u32)
        module.parameters([u32])
        return module.kernel(workgroupSize: (groupSize, 1, 1)) { f in
            let i = f.builtIn(.globalInvocationId)
            let state = f.variable(i)
            f.loop(from: f.constant(UInt32(0)), to: f.parameter(0), by: f.constant(UInt32(1))) { _ in
                f.store(f.add(f.multiply(f.load(state), f.constant(UInt32(1_664_525))), f.constant(UInt32(1_013_904_223))), to: state)
            }
            f.store(f.load(state), to: x, i)
        }
    }
}
