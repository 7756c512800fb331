# Trees: built-in containers, named tuples, classes of one's own.
from collections import namedtuple

import jax
import jax.numpy as jnp

example_trees = [[1, "a", object], (1, (2, 3), ()), [1, {"k1": 2, "k2": (3, 4)}, 5], {"a": 2, "b": (2, 3)}, jnp.array([1, 2, 3])]
for tree in example_trees[1:]:
    print(len(jax.tree.leaves(tree)), jax.tree.leaves(tree))
list_of_lists = [[1, 2, 3], [1, 2], [1, 2, 3, 4]]
print(jax.tree.map(lambda x: x * 2, list_of_lists))
print(jax.tree.map(lambda x, y: x + y, list_of_lists, list_of_lists))
print(jax.tree.structure({"a": 1, "b": [2, None]}))


class Special:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return "Special(x=%s, y=%s)" % (self.x, self.y)


print(jax.tree.leaves([Special(0, 1)]) == [1], len(jax.tree.leaves([Special(0, 1)])))
jax.tree_util.register_pytree_node(Special, lambda s: ((s.x, s.y), None), lambda aux, children: Special(*children))
print(jax.tree.leaves([Special(0, 1), Special(2, 4)]))
print(jax.tree.map(lambda x: x + 1, Special(1, 2)))

Layer = namedtuple("Layer", ["weights", "biases"])
layers = [Layer(jnp.ones((2, 2)), jnp.zeros(2)), Layer(jnp.ones((2, 1)), jnp.zeros(1))]
print(jax.tree.map(jnp.shape, layers))


def apply(layers, x):
    for layer in layers:
        x = jnp.tanh(x @ layer.weights + layer.biases)
    return x.sum()


gradient = jax.grad(apply)(layers, jnp.array([1., 2.]))
print(type(gradient[0]).__name__, gradient[0].weights)
print(jax.jit(lambda l: Layer(l.biases, l.weights))(layers[1]).weights)
flat, treedef = jax.tree.flatten({"x": [1, 2], "y": None})
print(flat, treedef, jax.tree.unflatten(treedef, [v * 10 for v in flat]))
print([jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path({"a": [1, {"b": 2}]})])
print(jax.tree.transpose(jax.tree.structure([0, 0, 0]), jax.tree.structure({"obs": 0, "t": 0}), [{"t": i, "obs": 10 * i} for i in range(3)]))
print(jax.tree.reduce(lambda a, b: a + b, {"a": 1, "b": [2, 3]}))
print(jax.tree.leaves([None, None, None], is_leaf=lambda x: x is None))
