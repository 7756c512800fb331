"""jax.tree: the functions of jax.tree_util under shorter names."""
from jax.tree_util import tree_all as all
from jax.tree_util import tree_flatten as flatten
from jax.tree_util import tree_flatten_with_path as flatten_with_path
from jax.tree_util import tree_leaves as leaves
from jax.tree_util import tree_leaves_with_path as leaves_with_path
from jax.tree_util import tree_map as map
from jax.tree_util import tree_map_with_path as map_with_path
from jax.tree_util import tree_reduce as reduce
from jax.tree_util import tree_structure as structure
from jax.tree_util import tree_transpose as transpose
from jax.tree_util import tree_unflatten as unflatten
