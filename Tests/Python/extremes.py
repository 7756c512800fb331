"""Functions of numbers far beyond what an array's size, its dtype or an index holds, at the prompt and in real JAX: the same
results, or the same exceptions. extremes.py PROGRAM, where PROGRAM is hosted-python.
"""
import sys
import warnings

from against_jax import jax_answer, run

NUMBERS = ["0", "1", "-1", "2", "3", "-5", "300", "2**31 - 1", "2**31", "-2**31", "-2**31 - 1", "2**40", "2**62",
           "-2**63", "2**64", "2**70", "-2**70"]
# Some of JAX's own functions end the process for such numbers (diag of a vector, the sizes of eye): those are not here.
WITH_NUMBERS = [
    "jnp.arange(3) % {}", "jnp.arange(-3, 3) // {}", "jnp.fmod(jnp.arange(-3, 3), {})", "jnp.arange(3.0) % {}", "jnp.arange(3) + {}",
    "jnp.ones(3)[{}]", "jnp.ones((3, 3))[1, {}]", "jnp.ones((3, 3))[jnp.array([0]), {}]", "jnp.arange(3)[{}:]", "jnp.arange(3)[:{}]",
    "jnp.eye(3, k={})", "jnp.eye(2, 5, k={})", "jnp.tri(3, k={})", "jnp.tri(3, 5, {})", "jnp.tril(jnp.ones((3, 4)), {})",
    "jnp.triu(jnp.ones((3, 4)), {})", "jnp.diag(jnp.ones((3, 4)), {})", "jnp.full((3,), {})", "jnp.full((3,), {}, dtype=jnp.uint8)",
    "jnp.full((3,), {}, dtype=jnp.float32)", "jnp.full((3,), {}, dtype=jnp.bool_)", "jnp.full_like(jnp.arange(3), {})",
    "jnp.full_like(jnp.ones(3), {})", "jnp.array({})", "jnp.array([{}])", "jnp.array({}, dtype=jnp.uint8)", "jnp.where(True, {}, 0)",
    "jnp.clip(jnp.arange(3), 0, {})", "jnp.take(jnp.arange(3), {})", "jnp.uint8({})",
]
EXTREMES = [
    "jnp.uint8(7) % jnp.uint8(0)", "jnp.arange(3) % jnp.array([0, 2, 0])", "jnp.array([True, False]) % False", "5 % jnp.array([0, 2])",
    "jnp.array(-2**31, dtype=jnp.int32) % -1", "jnp.array(-2**31, dtype=jnp.int32) // -1", "jnp.fmod(jnp.arange(3), jnp.arange(3))",
    "jnp.eye(0, k=2**40)", "jnp.eye(3, -1)", "jnp.tri(-1)", "jnp.tri(2, 0)", "jnp.full((3,), 1e30, dtype=jnp.int32)",
    "jnp.full((3,), float('nan'), dtype=jnp.int32)", "jnp.full((3,), 16777217.5, dtype=jnp.int32)", "jnp.full((3,), 1j, dtype=jnp.int32)",
    "jnp.full((3,), 1j)", "jnp.full((3,), [1, 2, 3])", "jnp.full((3,), None)", "jnp.full_like(jnp.arange(3), [1, 2, 3])",
    "jnp.full_like(jnp.arange(3), 2.7)", "jnp.full_like(jnp.ones(3), 2**70, dtype=jnp.int8)", "jnp.diff(jnp.ones(3), n=3)",
    "jnp.diff(jnp.arange(5) ** 2, n=2)", "jnp.diff(jnp.ones(3), n=0)", "jnp.diff(jnp.ones(3), n=-1)",
    "jnp.diff(jnp.ones((2, 3)), n=5, axis=0)", "jnp.diff(jnp.ones((2, 3)), axis=2)", "jnp.diff(jnp.ones(()))", "jnp.diff(5)", "jnp.diff(jnp.ones(0))",
    "jnp.diff([1, 2, 4])",
    "jnp.diff(jnp.array([True, False, False]))", "jnp.diff(jnp.array([4, 1, 9], dtype=jnp.uint8))", "jnp.nosuch",
] + [template.format(number) for template in WITH_NUMBERS for number in NUMBERS]
# Beside an array, JAX adds the size to a negative index before it looks whether 32 bits hold it.
EXTREMES.remove("jnp.ones((3, 3))[jnp.array([0]), -2**31 - 1]")


def main(program):
    warnings.simplefilter("ignore")
    failures = 0
    for expression, ours in zip(EXTREMES, run(program, EXTREMES)):
        theirs = jax_answer(expression)
        if ours != theirs:
            failures += 1
            print("FAIL %s\n--- ours\n%s--- jax\n%s" % (expression, ours, theirs))
    print("%d passed, %d failed" % (len(EXTREMES) - failures, failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(sys.argv[1])
