"""Writes Sources/Jax/Compile/Loops/Math/Coefficients.swift: python3 scripts/math/coefficients.py > … (needs mpmath).

Each polynomial is fitted so that its greatest weighted error is least (fit.py); the weight makes it relative to the function.
"""
from mpmath import acos, asin, atan, atanh, cbrt, cos, erf, erfc, exp, expm1, log, log1p, mp, mpf, nint, pi, sin, sinh, sqrt, tan
from fit import double, fit, single

LN2 = log(2)


def literal(x):
    digits, exponent = float(x).hex().split('p')
    digits = digits.rstrip('0')
    return (digits + '0' if digits.endswith('.') else digits) + 'p' + exponent


def text(values, indent):
    lines, line = [], ''
    for value in values:
        item = literal(value) + ', '
        if len(line) + len(item) + indent > 138:
            lines.append(line.rstrip())
            line = ''
        line += item
    lines.append(line.rstrip(', '))
    return ('\n' + ' ' * indent).join(lines)


def show(name, comment, sets):
    """sets: for .f32 and .f64 (or one of them) the coefficients and the error."""
    bits = ', '.join(f'2^{float(log(e) / log(2)):.1f}' for _, e in sets)
    print(f'\n    /// {comment} Error {bits}.')
    if len(sets) == 1:
        print(f'    static var {name}: [Double] {{ [\n        {text(sets[0][0], 8)}] }}')
        return
    print(f'    static func {name}(_ type: LaneType) -> [Double] {{')
    print(f'        type == .f32 ? [\n            {text(sets[0][0], 12)}\n        ] : [\n            {text(sets[1][0], 12)}]\n    }}')


def fitted(degree, rounding, g, w, a, b):
    coefficients, _, error = fit(g, w, a, b, degree, rounding)
    return coefficients, error


def both(name, comment, degrees, g, w, a, b):
    show(name, comment, [fitted(d, r, g, w, a, b) for d, r in zip(degrees, (single, double)) if d is not None])


def odd(name, comment, degrees, f, greatest):
    """(f(x) − x) / x³ in z = x²."""
    both(name, comment, degrees, lambda z: (f(sqrt(z)) - sqrt(z)) / sqrt(z)**3, lambda z: sqrt(z)**3 / f(sqrt(z)), 0, greatest)


def rest(number, rounding):
    """The number as a rounded one and what that lacks, rounded."""
    return text([rounding(number), rounding(number - rounding(number))], 0)


def pair(name, comment, number):
    print(f'\n    /// {comment} as the sum of two numbers.\n    static func {name}(_ type: LaneType) -> [Double] {{')
    print(f'        type == .f32 ? [{rest(number, single)}] : [{rest(number, double)}]\n    }}')


print('// Made by scripts/math/coefficients.py. Lowest power first; the error is the greatest of the polynomial, relative to the function.')
print('\nenum Coefficients {')
print(f'    static let ln2 = {literal(LN2)}, halfLog2E = {literal(1 / LN2 / 2)}')
pair('twiceLn2', '2 ln 2', 2 * LN2)
pair('halfPi', 'π/2', pi / 2)

edge = mpf('1.002')
both('exponential', '(exp(r) − 1) / r for |r| ≤ ln 2.', (6, 12), lambda x: expm1(x) / x, lambda x: x / exp(x), -LN2 * edge, LN2 * edge)
grown = lambda x: (expm1(x) - x) / x**2
relative = lambda x: x**2 / expm1(x)
both('exponentialMinusOne', '(exp(r) − 1 − r) / r² for |r| ≤ ln 2.', (6, 12), grown, relative, -LN2 * edge, LN2 * edge)
both('exponentialMinusOneNarrow', '(exp(r) − 1 − r) / r² for |r| ≤ ln 2 / 2.', (4, 10), grown, relative, -LN2 / 2 * edge, LN2 / 2 * edge)
both('log', '(log(1 + f) − f) / f² for √½ ≤ 1 + f ≤ √2.', (8, 20), lambda x: (log1p(x) - x) / x**2, lambda x: x**2 / log1p(x),
     sqrt(mpf(0.5)) - 1, sqrt(mpf(2)) - 1)
turn = 1 / (2 * pi)


def chunks(value, places):
    """Numbers whose sum is the value, each but the last a multiple of 2^-place."""
    result = []
    for place in places:
        result.append(nint(value * mpf(2)**place) / mpf(2)**place)
        value -= result[-1]
    return result + [double(value)]


def numbers(name, comment, values):
    print(f'\n    /// {comment}\n    static var {name}: [Double] {{ [\n        {text(values, 8)}] }}')


mp.prec = 1500
numbers('twoPi', '2π as the sum of two numbers.', [double(2 * mp.pi), double(2 * mp.pi - double(2 * mp.pi))])
turn = 1 / (2 * mp.pi)
numbers('turns', '1 / 2π: three multiples of 2^-31, 2^-60, 2^-89, and the rest.', chunks(turn, [31, 60, 89]))
numbers('turnsOfLarge', 'The same behind the multiple of 2^-57: multiples of 2^-86, 2^-115, 2^-144, and the rest.',
        chunks(turn - nint(turn * 2**57) / mpf(2)**57, [86, 115, 144]))
numbers('turnsInDoubles', '2^200 / 2π as a sum: number i is a multiple of 2^(200 − 53 i − 55).',
        [2**200 * part for part in chunks(turn, [53 * i + 55 for i in range(23)])[:23]])
mp.prec = 300
quarter = (pi / 4)**2 * mpf('1.01')
odd('sine', '(sin r − r) / r³ in r² for |r| ≤ π/4.', (3, 6), sin, quarter)
both('cosine', '(cos r − 1 + r²/2) / r⁴ in r² for |r| ≤ π/4.', (2, 6), lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2,
     lambda z: z**2 / cos(sqrt(z)), 0, quarter)
odd('tan', '(tan r − r) / r³ in r² for |r| ≤ π/4.', (6, 14), tan, quarter)
odd('sinh', '(sinh x − x) / x³ in x² for |x| ≤ 1.', (3, 6), sinh, 1)
odd('asin', '(asin x − x) / x³ in x² for |x| ≤ 0.5625.', (5, 14), asin, mpf('0.3165'))
odd('atanh', '(atanh x − x) / x³ in x² for |x| ≤ ½.', (6, 14), atanh, mpf('0.25'))
odd('atan', '(atan x − x) / x³ in x² for |x| ≤ 1.', (8, 20), atan, 1)
ratio, inverse = lambda z: erf(sqrt(z)) / sqrt(z) - 1, lambda z: sqrt(z) / erf(sqrt(z))
show('erf', 'erf(x) / x − 1 in x² for |x| ≤ 1.25, in f64 1.', [
    fitted(7, single, ratio, inverse, mpf('1e-9'), mpf('1.25')**2), fitted(12, double, ratio, inverse, mpf('1e-9'), 1)])
centre = (mpf('1.25') + mpf('3.94')) / 2
print(f'\n    static let erfcRootCentre = {literal(single(centre))}')
centre = single(centre)
both('erfcRoot', 'erfc(x)^¼ in x − erfcRootCentre for 1.25 ≤ x ≤ 3.94; of erf.', (7, None), lambda x: erfc(x + centre)**mpf('0.25'),
     lambda x: 4 * erfc(x + centre)**mpf('0.75'), mpf('1.25') - centre, mpf('3.94') - centre)
MIDDLE = mpf(0.1875)
print(f'\n    static let erfcCentre = {literal(MIDDLE)}')


def tail(c):
    return lambda v: exp((1 / (v + MIDDLE) - c)**2) * erfc(1 / (v + MIDDLE) - c) / (v + MIDDLE)


show('erfc', 'exp(x²) erfc(x) / u in u − erfcCentre with u = 1 / (x + 3), in f64 1 / (x + 2), for ½ ≤ x, to 10.3 and 27.5.', [
    fitted(degree, rounding, tail(c), lambda v: 1 / tail(c)(v), 1 / (c + top) - MIDDLE, 1 / (c + mpf(0.49)) - MIDDLE)
    for degree, rounding, c, top in [(9, single, 3, mpf(10.3)), (23, double, 2, mpf(27.6))]])
inverse = lambda z: 2 * atanh(sqrt(z)) / sqrt(z) / LN2
both('log2', 'log2(m) / s in s² with s = (m − 1) / (m + 1), for √½ ≤ m ≤ √2.', (None, 5), inverse, lambda z: 1 / inverse(z),
     mpf('1e-9'), mpf('0.02945'))
numbers('third', '⅓ as the sum of two numbers.', [double(mpf(1) / 3), double(mpf(1) / 3 - double(mpf(1) / 3))])
numbers('ln2InTwo', 'ln 2 as the sum of two numbers, the first a multiple of 2^-42.', chunks(LN2, [42]))
both('atanhTail', '(atanh(s) / s − 1 − z/3) / z² in z = s²; of atanh.', (None, 6),
     lambda z: (atanh(sqrt(z)) / sqrt(z) - 1 - z / 3) / z**2, lambda z: z**2 * sqrt(z) / atanh(sqrt(z)), mpf('1e-9'), mpf('0.02945'))
both('exp2Wide', '(2^r − 1) / r for |r| ≤ 1.', (6, None), lambda x: (2**x - 1) / x, lambda x: x / 2**x, mpf('-1.001'), mpf('1.001'))
both('cbrt', 'The cube root of 1 ≤ m < 8.', (4, None), cbrt, lambda x: 1 / cbrt(x), 1, 8)
print('}')
