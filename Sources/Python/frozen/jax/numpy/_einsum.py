"""einsum: pairs of operands are contracted by dot_general, in the order in which they stand."""
import sys

# The package itself, which is still being filled while this module is imported.
jnp = sys.modules["jax.numpy"]


def _parse(subscripts, operands):
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError("Number of einsum subscripts, " + str(len(terms)) + ", must be equal to the number of operands, " + str(len(operands)) + ".")
    # Dimensions that an ellipsis stands for get capital letters that are not used.
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in text]
    rank = 0
    for term, a in zip(terms, operands):
        if "..." in term:
            rank = max(rank, a.ndim - len(term.replace("...", "")))
    dots = "".join(free[:rank])
    full = []
    for term, a in zip(terms, operands):
        if "..." in term:
            own = a.ndim - len(term.replace("...", ""))
            term = term.replace("...", dots[rank - own:])
        if len(term) != a.ndim:
            raise ValueError("Einstein sum subscript '" + term + "' does not contain the correct number of indices for operand of rank " + str(a.ndim) + ".")
        full.append(term)
    if arrow:
        output = output.replace("...", dots)
        for c in output:
            if c not in "".join(full):
                raise ValueError("Output character '" + c + "' did not appear in the input")
    else:
        letters = "".join(full)
        output = dots + "".join(sorted([c for c in set(letters) if letters.count(c) == 1 and c not in dots]))
    return full, output


def _sizes(terms, operands):
    sizes = {}
    for i, (term, a) in enumerate(zip(terms, operands)):
        for c, n in zip(term, a.shape):
            if c in sizes and sizes[c] != n and 1 not in (sizes[c], n):
                raise ValueError("Size of label '" + c + "' for operand " + str(i) + " (" + str(sizes[c])
                                 + ") does not match previous terms (" + str(n) + ").")
            sizes[c] = max(sizes.get(c, 1), n)
    return sizes


def _diagonals(a, term):
    """Without letters that stand twice."""
    for c in sorted(set(term)):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            a = jnp.diagonal(a, 0, i, j)
            term = term[:i] + term[i + 1:j] + term[j + 1:] + c
    return a, term


def _summed(a, term, kept):
    """Without letters that nothing else needs."""
    gone = [i for i, c in enumerate(term) if c not in kept]
    if gone:
        a = jnp.sum(a, axis=tuple(gone))
        term = "".join([c for c in term if c in kept])
    return a, term


def _pair(a, left, b, right, kept, sizes):
    from jax import lax
    # A dimension of size 1 that is larger elsewhere does not contract.
    a, left = _squeezed(a, left, sizes)
    b, right = _squeezed(b, right, sizes)
    both = [c for c in left if c in right]
    batch = [c for c in both if c in kept]
    contracted = [c for c in both if c not in kept]
    a, left = _summed(a, left, set(kept) | set(right))
    b, right = _summed(b, right, set(kept) | set(left))
    numbers = (([left.index(c) for c in contracted], [right.index(c) for c in contracted]),
               ([left.index(c) for c in batch], [right.index(c) for c in batch]))
    term = "".join(batch) + "".join([c for c in left if c not in both]) + "".join([c for c in right if c not in both])
    return lax.dot_general(a, b, numbers), term


def _squeezed(a, term, sizes):
    thin = [i for i, c in enumerate(term) if a.shape[i] == 1 and sizes[c] != 1]
    if thin:
        a = jnp.squeeze(a, axis=tuple(thin))
        term = "".join([c for i, c in enumerate(term) if i not in thin])
    return a, term


def einsum(subscripts, /, *operands, out=None, optimize="auto", precision=None, preferred_element_type=None, _dot_general=None, out_sharding=None):
    if not isinstance(subscripts, str):
        raise NotImplementedError("einsum: subscripts must be a string")
    operands = [jnp.asarray(x) for x in operands]
    terms, output = _parse(subscripts, operands)
    sizes = _sizes(terms, operands)
    items = [_diagonals(a, term) for a, term in zip(operands, terms)]
    weak = all([a.weak_type for a in operands])
    while len(items) > 1:
        (a, left), (b, right) = items[0], items[1]
        kept = set(output)
        for _, term in items[2:]:
            kept |= set(term)
        items = [_pair(a, left, b, right, kept, sizes)] + items[2:]
    a, term = _summed(items[0][0], items[0][1], set(output))
    missing = [c for c in output if c not in term]
    if missing:
        a = a.reshape(a.shape + (1,) * len(missing))
        term += "".join(missing)
    if term != output:
        a = jnp.transpose(a, tuple([term.index(c) for c in output]))
    shape = tuple([sizes[c] for c in output])
    a = a if a.shape == shape else jnp.broadcast_to(a, shape)
    if preferred_element_type is not None:
        return a.astype(preferred_element_type)
    from jax import _trace
    return _trace.with_weak_type(a, True) if weak else a


def einsum_path(subscripts, /, *operands, optimize="auto"):
    return ["einsum_path"] + [(0, 1)] * (len(operands) - 1), subscripts
