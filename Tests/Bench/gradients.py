"""Gradients that the machine makes of exported losses, compiled and executed by hosted-bench, beside XLA:CPU's of `jax.value_and_grad`: times of a
run, and of making the gradient, beside JAX's tracing and lowering.

    build/venv/bin/python Tests/Bench/gradients.py [--only NAME…] [--rounds N]
"""
import argparse
import functools
import time

import jax
import jax.numpy as jnp
import numpy as np

from compiled import disagreement, geometric_mean, theirs
import compiled_programs as programs
from hosted import Hosted, Missing
import models


def losses():
    """Name → (loss, arguments): the models of compiled_programs.py, whose gradient is that with respect to the first argument."""
    params, x = models.mlp_params([784, 512, 512, 10]), programs.f32(128, 784)
    yield "mlp", models.mlp_loss, (params, x, programs.onehot(128))
    params = {**models.cnn_params(), "w": models.normal(jax.random.key(8), 16 * 7 * 7, 10)}
    yield "cnn", lambda p, x, y: -jnp.mean(jnp.sum(jax.nn.log_softmax(models.cnn(p, x)) * y, axis=-1)), \
        (params, programs.f32(16, 28, 28, 1), programs.onehot(16))
    block, arguments = programs.resnet(gradient=False)
    yield "resnet block", lambda p, x: jnp.mean(block(p, x) ** 2), arguments
    transformer = models.transformer_params(layers=4, width=256, vocabulary=1000)
    tokens = np.random.default_rng(6).integers(0, 1000, (2, 129)).astype(np.int32)
    for scanned in (False, True):
        yield "transformer" + " scanned" * scanned, functools.partial(models.transformer_loss, scanned=scanned), (transformer, tokens)
    _, arguments = programs.lstm(gradient=False)
    yield "lstm", lambda p, xs: jnp.mean(models.lstm(p, xs)[1] ** 2), arguments


def figures(name, loss, arguments, runs, limit, rounds):
    gradient = jax.value_and_grad(loss)
    jax.jit(gradient).lower(*arguments)
    begun = time.perf_counter()
    lowered = jax.jit(lambda *a: gradient(*a)).lower(*arguments)
    made = (time.perf_counter() - begun) * 1e3
    compiled = lowered.compile()
    resident = jax.tree.map(jax.device_put, arguments)
    best, expected = theirs(compiled, resident, runs)
    with Hosted(loss, arguments, options=["--transform", "value_and_grad"]) as hosted:
        report, results = hosted.measure(runs, limit)
        ours = min(report["run_ms"])
        for _ in range(rounds - 1):
            best = min(best, theirs(compiled, resident, runs)[0])
            ours = min(ours, min(hosted.measure(runs, limit)[0]["run_ms"]))
    return best, ours, made, report["transform_ms"], disagreement(results, expected) or ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=float, default=120)
    chosen = parser.parse_args()
    print(f"{'gradient of':22}{'XLA ms':>10}{'ours ms':>10}{'ratio':>8}{'JAX makes ms':>14}{'ours':>9}{'ratio':>8}")
    ratios = []
    for name, loss, arguments in losses():
        if chosen.only and not any(word in name for word in chosen.only):
            continue
        try:
            best, ours, made, transformed, note = figures(name, loss, arguments, chosen.runs, chosen.limit, chosen.rounds)
        except Missing as error:
            print(f"{name:22}  missing: {error}")
            continue
        ratios.append(ours / best)
        print(f"{name:22}{best:10.4g}{ours:10.4g}{ours / best:8.3g}{made:14.4g}{transformed:9.4g}{transformed / made:8.3g}  {note}".rstrip(), flush=True)
    if ratios:
        print(f"geometric mean of {len(ratios)}: {geometric_mean(ratios):.3g}")


if __name__ == "__main__":
    main()
