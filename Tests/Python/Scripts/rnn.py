# A recurrent network by scan, trained to add up what it sees.
import jax
import jax.numpy as jnp
from jax import lax, random


def init(key, hidden):
    a, b, c = random.split(key, 3)
    return {"in": random.normal(a, (1, hidden)) * 0.5, "rec": random.normal(b, (hidden, hidden)) * 0.3, "out": random.normal(c, (hidden, 1)) * 0.5,
            "bias": jnp.zeros(hidden)}


def run(params, xs):
    def step(h, x):
        h = jnp.tanh(x @ params["in"] + h @ params["rec"] + params["bias"])
        return h, h @ params["out"]
    _, ys = lax.scan(step, jnp.zeros(params["bias"].shape), xs)
    return ys


def loss(params, xs, targets):
    return jnp.mean((jax.vmap(run, (None, 0))(params, xs) - targets) ** 2)


key = random.key(3)
xs = random.normal(key, (16, 8, 1)) * 0.3
targets = jnp.cumsum(xs, axis=1)
params = init(random.key(4), 8)
print(run(params, xs[0])[:3].ravel())
print("before", loss(params, xs, targets))
print(jax.tree.map(lambda g: g.shape, jax.grad(loss)(params, xs, targets)))


@jax.jit
def train(params, _):
    value, grads = jax.value_and_grad(loss)(params, xs, targets)
    return jax.tree.map(lambda p, g: p - 0.05 * g, params, grads), value


params, first = train(params, None)
params, history = lax.scan(train, params, None, length=60)
print("first", first)
print("falls", bool(history[-1] < 0.5 * first), history.shape)
