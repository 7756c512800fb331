"""Polynomials of least greatest weighted error, by Lawson's reweighted least squares, the coefficients rounded one after the other."""
import struct
from mpmath import mp, mpf, cos, pi, lu_solve, matrix
mp.prec = 300
def single(x): return mpf(struct.unpack('<f', struct.pack('<f', float(x)))[0])
def double(x): return mpf(float(x))
def squares(xs, gs, ws, n, rounds):
    """c of degree n for g on the nodes, weighted by w; returns c and the greatest weighted error."""
    lam = [mpf(1)] * len(xs); best = None
    rows = [[mpf(1)] for _ in xs]
    for r, x in zip(rows, xs):
        for _ in range(n): r.append(r[-1] * x)
    for _ in range(rounds):
        A = matrix(n + 1, n + 1); B = matrix(n + 1, 1)
        for r, g, w, l in zip(rows, gs, ws, lam):
            f = w * w * l
            for i in range(n + 1):
                fi = f * r[i]; B[i] += fi * g
                for j in range(i + 1): A[i, j] += fi * r[j]
        for i in range(n + 1):
            for j in range(i): A[j, i] = A[i, j]
        c = list(lu_solve(A, B))
        errs = [abs(sum(a * b for a, b in zip(c, r)) - g) * w for r, g, w in zip(rows, gs, ws)]
        worst = max(errs)
        if best is None or worst < best[1]: best = (c, worst)
        total = sum(l * e for l, e in zip(lam, errs))
        if not total: break
        lam = [l * e / total * len(xs) for l, e in zip(lam, errs)]
    return best
def fit(g, w, a, b, n, rnd, fixed=()):
    """Fit of g(x) by a polynomial of degree n whose error times w is small on a … b."""
    a, b = mpf(a), mpf(b); m = 3 * n + 8
    xs = [(a + b) / 2 - (b - a) / 2 * cos(pi * (i + mpf(1) / 2) / m) for i in range(m)]
    gs = [g(x) for x in xs]; ws = [abs(w(x)) for x in xs]
    out = []; e0 = None
    for k in range(n + 1):
        if rnd is single or k <= 1:
            c, e = squares(xs, gs, ws, n - k, 8 if k < 3 else 4)
            if e0 is None: e0 = e
        else: c = c[1:]
        out.append(fixed[k] if k < len(fixed) else rnd(c[0]))
        gs = [(g - out[-1]) / x for g, x in zip(gs, xs)]; ws = [w * abs(x) for w, x in zip(ws, xs)]
    err = max(abs(g) * w for g, w in zip(gs, ws))
    return out, e0, err
