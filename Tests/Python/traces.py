# What tracing must survive: caches, nesting, exceptions, leaks, closures over everything. Every line that prints "FAIL" is a failure.
import sys

import jax
import jax.numpy as jnp
from jax import _trace

failures = checks = 0


def check(condition, text):
    global failures, checks
    checks += 1
    if not condition:
        failures += 1
        print("FAIL", text)


def raises(body):
    try:
        body()
    except Exception as e:
        return type(e).__name__
    return None


# An exception within a trace leaves none behind.
def fails(x):
    jnp.sin(x)
    raise ValueError("on purpose")


for transformation in (jax.jit, jax.grad, jax.vmap, jax.hessian, lambda f: jax.jit(jax.grad(f))):
    check(raises(lambda: transformation(fails)(jnp.ones(2) if transformation is jax.vmap else 1.)) == "ValueError", "the exception comes out")
    check(_trace.order() == 0 and not _trace.is_recording([1.]), "no trace is left")
check(raises(lambda: jax.jit(lambda x: jnp.dot(x, jnp.ones(3)))(jnp.ones(2))) == "TypeError", "a shape error while tracing")
check(float(jax.jit(lambda x: x + 1)(1.)) == 2., "tracing goes on after it")

# Tracers that leave their trace.
kept = []
jax.grad(lambda x: (kept.append(x * 2), x)[1])(1.)
check(raises(lambda: jnp.sin(kept[0])) == "UnexpectedTracerError", "a tracer of grad has leaked")
check(raises(lambda: jax.jit(lambda y: y + kept[0])(1.)) == "UnexpectedTracerError", "into another trace")
check(raises(lambda: float(kept[0])) == "UnexpectedTracerError", "its elements are not there")
check("Tracer" in repr(kept[0]) and kept[0].shape == (), "it still prints, and has a shape")
check(raises(lambda: jax.jit(lambda x: kept.append(x))(1.)) is None, "leaking is no error by itself")


# Captures: arrays, tracers of traces outside, several levels of them.
w = jnp.arange(6.).reshape(2, 3)
inner = jax.jit(lambda x: w @ x)
check(inner(jnp.ones(3)).tolist() == [3., 12.], "an array is captured")
check(jax.jit(lambda y: inner(y) * 2)(jnp.ones(3)).tolist() == [6., 24.], "a captured array is captured again")
three = jax.jit(lambda a: jax.vmap(lambda b: jax.grad(lambda c: a * b * c ** 2)(b))(jnp.arange(3.)))
check(three(2.).tolist() == [0., 4., 16.], "captures of three levels")
check(float(jax.grad(lambda x: jax.jit(lambda y: x * y)(x))(3.)) == 6., "a tracer captured by jit")
check(float(jax.grad(lambda x: jax.lax.scan(lambda c, _: (c * x, None), 1., None, length=3)[0])(2.)) == 12., "captured by a scan")
check(float(jax.grad(lambda x: jax.lax.cond(x > 0, lambda: x * 3, lambda: x))(2.)) == 3., "captured by branches")
y, pull = jax.vjp(lambda a: a * w[0, 1] + w[1, 2], 2.)
check(float(pull(3.)[0]) == 3., "cotangents stand behind captures")
check(float(jax.jvp(lambda a: a * w[1, 2] * w[0].sum(), (2.,), (1.,))[1]) == 15., "tangents too")

# Caches.
counter = []
counted = jax.jit(lambda x: (counter.append(1), x)[1])
for x in (1., 2., jnp.float32(3), jnp.ones(2), jnp.zeros(2), 1, [1.], {"a": 1.}):
    counted(x)
check(len(counter) == 6 and counted._cache_size() == 6, "traced once for each type and tree: %d" % len(counter))
counted.clear_cache()
counted(1.)
check(len(counter) == 7, "a cleared cache")
many = jax.jit(lambda x, n: x * n, static_argnums=1)
for n in range(300):
    many(1., n)
check(many._cache_size() <= 256 and float(many(2., 7)) == 14., "a cache has a limit")

# Depth, and size.
deep = lambda x: x * x
for _ in range(6):
    deep = jax.grad(deep) if _ < 1 else jax.jit(deep)
check(float(deep(3.)) == 6., "jit of jit of jit")


def endless(x):
    return jax.jit(lambda y: endless(y))(x)


check(raises(lambda: endless(1.)) in ("ValueError", "RuntimeError", "RecursionError"), "recursion without an end")
check(_trace.order() == 0 and not _trace.is_recording([1.]), "no trace is left of it")


def long(x):
    for _ in range(500):
        x = x + 1.
    return x


check(float(jax.jit(long)(0.)) == 500., "five hundred operations")

# A scan of many rounds is one operation.
check(float(jax.jit(lambda x: jax.lax.fori_loop(0, 100000, lambda i, c: c + 1., x))(0.)) == 100000., "a hundred thousand rounds")
check(jax.jit(lambda x: x, donate_argnums=0)(jnp.ones(2)).tolist() == [1., 1.], "donation")
with jax.disable_jit():
    check(raises(lambda: jax.jit(lambda x: 1 if x > 0 else 2)(3.)) is None, "disable_jit")
print("%d passed, %d failed" % (checks - failures, failures))
sys.exit(1 if failures else 0)
