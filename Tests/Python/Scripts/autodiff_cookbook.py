# Gradients of a logistic regression, Hessian-vector products, Jacobians of pytrees.
import jax
import jax.numpy as jnp
from jax import grad, jacfwd, jacrev, jit, jvp, random, vjp, vmap, value_and_grad

key = random.key(0)


def sigmoid(x):
    return 0.5 * (jnp.tanh(x / 2) + 1)


def predict(W, b, inputs):
    return sigmoid(jnp.dot(inputs, W) + b)


inputs = jnp.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = jnp.array([True, True, False, True])


def loss(W, b):
    preds = predict(W, b, inputs)
    label_probs = preds * targets + (1 - preds) * (1 - targets)
    return -jnp.sum(jnp.log(label_probs))


key, W_key, b_key = random.split(key, 3)
W = random.normal(W_key, (3,))
b = random.normal(b_key, ())
print("W_grad", grad(loss, argnums=0)(W, b))
print("b_grad", grad(loss, 1)(W, b))
W_grad, b_grad = grad(loss, (0, 1))(W, b)
print(W_grad, b_grad)


def loss2(params):
    return loss(params["W"], params["b"])


print(grad(loss2)({"W": W, "b": b}))
loss_value, gradient = value_and_grad(loss, (0, 1))(W, b)
print("loss value", loss_value)

eps = 1e-3
numeric = (loss(W, b + eps / 2.) - loss(W, b - eps / 2.)) / eps
print("close", bool(abs(numeric - b_grad) < 1e-1))


def hvp(f, x, v):
    return grad(lambda x: jnp.vdot(grad(f)(x), v))(x)


def f(W):
    return predict(W, b, inputs)


print("jacfwd", jacfwd(f)(W))
print("jacrev", jacrev(f)(W))
print(hvp(lambda W: loss(W, b), W, jnp.ones(3)))


def hvp_forward(f, primals, tangents):
    return jvp(grad(f), primals, tangents)[1]


print(hvp_forward(lambda W: loss(W, b), (W,), (jnp.ones(3),)))
H = jacfwd(jacrev(f))(W)
print("hessian, with shape", H.shape)

y, u = jvp(f, (W,), (jnp.ones(3),))
print(y, u)
y, vjp_fun = vjp(f, W)
print(vjp_fun(jnp.ones(4)))


def vmap_mjp(f, x, M):
    outs, vjp_fun = vjp(f, x)
    outs, = vmap(vjp_fun)(M)
    return outs


print(vmap_mjp(f, W, jnp.eye(4)[:2]))


def predict_dict(params, inputs):
    return predict(params["W"], params["b"], inputs)


for k, v in sorted(jacrev(predict_dict)({"W": W, "b": b}, inputs).items()):
    print("Jacobian with respect to", k, v.shape)


def g(z):
    x, y = jnp.real(z), jnp.imag(z)
    return x * x + y


print(grad(g)(3. + 4j))
print(grad(jnp.sin, holomorphic=True)(3. + 4j))
A = jnp.array([[5., 2., 3.], [2., 7., 5.], [3., 5., 9.]])
print(grad(lambda X: jnp.sum(jnp.linalg.cholesky(X)))(A))
