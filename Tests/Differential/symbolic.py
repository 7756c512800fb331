"""Exports with symbolic dimensions, run at several sizes and compared with jaxlib. `--hosted`: on the evaluator alone."""
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax

import compare
import machine

F = jnp.float32


def attention(q, k, v):
    scores = jax.nn.softmax(jnp.einsum("bthd,bshd->bhts", q, k) / 2.0, axis=-1)
    return jnp.einsum("bhts,bshd->bthd", scores, v)


def rnn(x, w):
    return lax.scan(lambda h, x: ((h2 := jnp.tanh(h @ w + x)), h2), jnp.zeros(x.shape[1:]), x)


def batch_norm(x):
    mean = x.mean((0, 1, 2))
    return (x - mean) / jnp.sqrt(x.var((0, 1, 2)) + 1e-5)


#: name, function, shapes of the arguments ("i:" for indices, None for a random key), constraints, sizes to run at
CASES = [
    ("reshape", lambda x: (x.reshape(-1, 2), x.reshape((x.shape[0], 2, -1)), x.ravel()), ["b, 4"], (), [dict(b=1), dict(b=5)]),
    ("reductions", lambda x: (x.sum(0), x.max(1), jnp.argmax(x, 0), x.mean(), jnp.cumsum(x, 0), jnp.prod(x, 1)), ["a, b"], (), [dict(a=3, b=4)]),
    ("arange", lambda x: (jnp.arange(x.shape[0]), jnp.eye(x.shape[0]), jnp.ones((x.shape[0], x.shape[1] * 2)), jnp.linspace(0., 1., 3) + x.shape[0]), ["a, b"], (), [dict(a=3, b=2)]),
    ("matmul", lambda x, w: jax.nn.relu(x @ w) @ w.T, ["b, k", "k, m"], (), [dict(b=2, k=3, m=5), dict(b=7, k=1, m=2)]),
    ("attention", attention, ["b, t, 2, 4", "b, s, 2, 4", "b, s, 2, 4"], (), [dict(b=2, t=3, s=5)]),
    ("rnn", rnn, ["t, b, h", "h, h"], (), [dict(t=4, b=2, h=3)]),
    ("slices", lambda x: (x[1:], x[:-1], x[::2], x[-1], x[::-1], x[x.shape[0] // 2:], x[:, :1]), ["a, b"], ("a >= 2",), [dict(a=2, b=3), dict(a=7, b=1)]),
    ("indexing", lambda x, i: (x[i], x.at[i].set(1.0), x.at[i].add(2.0), jnp.take(x, i, axis=1, mode="clip"), x[i, :1]), ["a, b", "i: n"], (), [dict(a=4, b=3, n=2)]),
    ("concatenate", lambda x, y: (jnp.concatenate([x, y]), jnp.stack([x, x]), jnp.tile(x, (2, 1)), jnp.repeat(x, 3, axis=0)), ["a, 3", "b, 3"], (), [dict(a=2, b=4)]),
    ("pad", lambda x: (jnp.pad(x, ((1, 2), (0, x.shape[0]))), jnp.pad(x, 1, mode="edge"), jnp.roll(x, 1, 0)), ["a, 3"], (), [dict(a=4)]),
    ("sorting", lambda x: (jnp.sort(x, 0), jnp.argsort(x, 1), lax.top_k(x, 2), jnp.median(x)), ["a, b"], ("b >= 2",), [dict(a=3, b=6)]),
    ("top_k", lambda x: lax.top_k(x, x.shape[-1] - 1), ["a, b"], ("b >= 2",), [dict(a=3, b=6)]),
    ("convolution", lambda x, w: lax.conv_general_dilated(x, w, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")), ["b, h, w, 3", "3, 3, 3, 4"], (), [dict(b=2, h=5, w=6)]),
    ("strided convolution", lambda x, w: lax.conv_general_dilated(x, w, (2, 2), "SAME"), ["b, 3, h, w", "4, 3, 3, 3"], (), [dict(b=1, h=7, w=8)]),
    ("pooling", lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"), ["b, h, w, 3"], ("h >= 2", "w >= 2"), [dict(b=2, h=4, w=7)]),
    ("batch norm", batch_norm, ["b, h, w, c"], (), [dict(b=2, h=3, w=3, c=4)]),
    ("grad", jax.grad(lambda x, w: jnp.sum(jnp.tanh(x @ w) ** 2), argnums=(0, 1)), ["b, k", "k, 3"], (), [dict(b=4, k=2)]),
    ("pool grad", jax.grad(lambda x: jnp.sum(lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (1, 1), "VALID") ** 2)), ["h, w"], ("h >= 2", "w >= 2"), [dict(h=4, w=5)]),
    ("loop", lambda x: lax.while_loop(lambda c: c[0] < x.shape[0], lambda c: (c[0] + 1, c[1] + x[c[0]]), (0, jnp.zeros(x.shape[1]))), ["a, b"], (), [dict(a=5, b=2)]),
    ("cond", lambda x: lax.cond(x.sum() > 0, lambda x: x * x.shape[0], lambda x: x - x.shape[1], x), ["a, b"], (), [dict(a=2, b=3)]),
    ("dynamic slice", lambda x: (lax.dynamic_slice_in_dim(x, jnp.argmax(x[:, 0]), x.shape[0] - 1), lax.dynamic_update_slice(x, x[:1], (1, 0))), ["a, 3"], ("a >= 2",), [dict(a=4)]),
    ("random", lambda x, k: (jax.random.uniform(k, x.shape), jax.random.normal(k, (x.shape[0], 2))), ["a, b", None], (), [dict(a=3, b=5)]),
    ("vmap", jax.vmap(lambda x: jnp.outer(x, x).sum(0)), ["b, n"], (), [dict(b=3, n=4)]),
    ("arithmetic on sizes", lambda x: x * (x.shape[0] * x.shape[1] + 1) / (x.shape[0] + x.shape[1]), ["a, b"], (), [dict(a=3, b=4)]),
    ("ratios", lambda x: x.reshape((x.shape[0] // 2, 2, -1)), ["2*a, b"], (), [dict(a=3, b=4)]),
    ("cholesky", lambda x: jnp.linalg.cholesky(x @ x.T + 3 * jnp.eye(x.shape[0])), ["n, n"], (), [dict(n=4)]),
    ("solve", lambda x, b: jnp.linalg.solve(x + 3 * jnp.eye(x.shape[0]), b), ["n, n", "n, 2"], (), [dict(n=4)]),
    ("qr", lambda x: jnp.abs(jnp.linalg.qr(x)[1]), ["m, n"], ("m >= n",), [dict(m=5, n=3)]),
    ("fft", lambda x: jnp.abs(jnp.fft.fft(x)), ["a, 8"], (), [dict(a=3)]),
    ("clip and where", lambda x: jnp.where(x > 0, jnp.clip(x, 0, 0.5), -x), ["a"], (), [dict(a=9)]),
    ("one hot", lambda x: jax.nn.one_hot(jnp.argmax(x, -1), x.shape[-1]), ["a, b"], (), [dict(a=3, b=4)]),
    ("segment sum", lambda x: jax.ops.segment_sum(x, jnp.arange(x.shape[0]) % 2, 2), ["a, 3"], (), [dict(a=5)]),
    ("broadcast", lambda x, y: (x[:, None] + y[None], jnp.broadcast_to(x, (y.shape[0], x.shape[0]))), ["a", "b"], (), [dict(a=2, b=3), dict(a=1, b=1)]),
    ("einsum", lambda x, y: jnp.einsum("abc,bcd->ad", x, y), ["a, b, c", "b, c, 2"], (), [dict(a=2, b=3, c=4)]),
]


def symbolic(shape, scope):
    """The type of an argument."""
    dtype = jnp.int32 if shape.startswith("i:") else F
    return jax.ShapeDtypeStruct(export.symbolic_shape(shape.removeprefix("i:"), scope=scope), dtype)


def sample(shape, sizes, random):
    """An argument at these sizes; indices stay within the smallest dimension."""
    dimensions = concrete(shape.removeprefix("i:"), sizes)
    if shape.startswith("i:"):
        return random.integers(0, min(sizes.values()), dimensions).astype(np.int32)
    return random.standard_normal(dimensions).astype(np.float32)


def concrete(expression, sizes):
    """The shape that a polymorphic one has at these sizes."""
    return tuple(int(eval(part, {}, dict(sizes))) for part in expression.split(",") if part.strip())


def main():
    kind = machine.HostedMachine if "--hosted" in sys.argv else machine.Machine
    random = np.random.default_rng(7)
    passed = failed = 0
    with kind() as device:
        for name, function, shapes, constraints, runs in CASES:
            scope = export.SymbolicScope(constraints)
            key = jax.random.key_data(jax.random.key(3))
            specs = [jax.ShapeDtypeStruct(key.shape, key.dtype) if shape is None else
                     symbolic(shape, scope) for shape in shapes]
            wrapped = jax.jit(lambda *a, f=function, s=shapes: f(*[jax.random.wrap_key_data(x) if t is None else x for x, t in zip(a, s)]))
            for platform in ("cpu", "barejax"):
                try:
                    exported = export.export(wrapped, platforms=[platform])(*specs)
                except Exception as error:
                    print(f"not exported {name} for {platform}: {str(error).splitlines()[0][:100]}")
                    continue
                for sizes in runs:
                    arguments = [np.asarray(key) if shape is None else sample(shape, sizes, random)
                                 for shape in shapes]
                    expected = jax.tree.leaves(wrapped(*arguments))
                    try:
                        results = device.run(bytes(exported.serialize()), arguments)
                        lines = [compare.difference(a, np.asarray(e), 2e-5 if np.asarray(e).dtype.kind == "f" else None)
                                 for a, e in zip(results, expected, strict=True)]
                        line = next((line for line in lines if line), None)
                    except (machine.MachineError, ValueError) as error:
                        line = str(error).strip().splitlines()[-1]
                    if line:
                        failed += 1
                        print(f"FAIL {name} at {sizes} for {platform}: {line[:300]}")
                    else:
                        passed += 1
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
