#!/usr/bin/env python3
"""Prints the coefficients of functions-inl.h and tables.hpp: nearly minimax polynomials, by Lawson's iteration. Needs mpmath.

Each line says function, interval and the largest relative error of the value that the polynomial serves, with coefficients
rounded to the element type. The errors of evaluating it come on top; tests/kernels bounds the sum.
"""
from mpmath import atanh, cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, nstr, pi, tanh

mp.dps = 60


def rounded(value, bits):
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, bits)), int(exponent) - bits)


def horner(coefficients, z):
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * z + c
    return value


def fit(target, weight, low, high, degree, rounds=60, points=240):
    """The polynomial that makes the largest |P - target| * weight on [low, high] small."""
    nodes = [(low + high) / 2 + (high - low) / 2 * cos(pi * (2 * i + 1) / (2 * points)) for i in range(points)]
    values, weights = [target(z) for z in nodes], [weight(z) for z in nodes]
    powers = [[z**i for i in range(degree + 1)] for z in nodes]
    lawson = [mpf(1) / points] * points
    for _ in range(rounds):
        normal, right = matrix(degree + 1, degree + 1), matrix(degree + 1, 1)
        for row, value, w, l in zip(powers, values, weights, lawson):
            for i in range(degree + 1):
                right[i] += l * w**2 * row[i] * value
                for j in range(degree + 1):
                    normal[i, j] += l * w**2 * row[i] * row[j]
        coefficients = list(lu_solve(normal, right))
        errors = [abs(horner(coefficients, z) - f) * w for z, f, w in zip(nodes, values, weights)]
        lawson = [l * (e + max(errors) / 1000) for l, e in zip(lawson, errors)]
        total = sum(lawson)
        lawson = [l / total for l in lawson]
    return coefficients


def fit_odd_rational(target, high, p_degree, q_degree, rounds=200, points=240):
    """P and Q with Q(0) = 1 that make the largest |x P(x^2) / Q(x^2) - target(x)| on [0, high] small."""
    nodes = [high / 2 * (1 + cos(pi * (2 * i + 1) / (2 * points))) for i in range(points)]
    values = [target(x) for x in nodes]
    # x P - target (Q - 1) = target, linear in the coefficients; Q of the round before divides the errors.
    rows = [[x ** (2 * i + 1) for i in range(p_degree + 1)] + [-f * x ** (2 * i + 2) for i in range(q_degree)]
            for x, f in zip(nodes, values)]
    size, lawson, q = p_degree + 1 + q_degree, [mpf(1) / points] * points, [mpf(1)] * points
    for _ in range(rounds):
        normal, right = matrix(size, size), matrix(size, 1)
        for row, value, l, below in zip(rows, values, lawson, q):
            for i in range(size):
                right[i] += l / below**2 * row[i] * value
                for j in range(size):
                    normal[i, j] += l / below**2 * row[i] * row[j]
        solution = list(lu_solve(normal, right))
        above, divisor = solution[: p_degree + 1], [mpf(1), *solution[p_degree + 1 :]]
        q = [horner(divisor, x * x) for x in nodes]
        errors = [abs(x * horner(above, x * x) / below - f) for x, f, below in zip(nodes, values, q)]
        lawson = [l * (e + max(errors) / 1000) for l, e in zip(lawson, errors)]
        total = sum(lawson)
        lawson = [l / total for l in lawson]
    print(f"    2^{nstr(log(max(errors), 2), 4)}, before rounding")
    return above, divisor


def show(name, target, weight, low, high, degree, bits):
    low, high = mpf(low), mpf(high)
    coefficients = [rounded(c, bits) for c in fit(target, weight, low, high, degree)]
    points = [low + (high - low) * i / 997 for i in range(998)]
    worst = max(abs(horner(coefficients, z) - target(z)) * weight(z) for z in points if z)
    print(f"{name}, f{32 if bits == 24 else 64}: [{nstr(low, 6)}, {nstr(high, 6)}], 2^{nstr(log(worst, 2), 4)}")
    print("   ", ", ".join(nstr(c, 9 if bits == 24 else 17) for c in coefficients))


def print_table(name, values):
    print(f"{name}:")
    for i in range(0, len(values), 8):
        print("   ", ", ".join(nstr(rounded(v, 24), 9) for v in values[i : i + 8]))


def print_tanh_table():
    """tanh x = sum of c[i] (x - centre)^i on 32 segments of [0, 9.375]; segment k stands at k + 18 mod 32, see tables.hpp."""
    columns = [[mpf(0)] * 32 for _ in range(6)]
    # Of x + 0.625: each octave is eight segments.
    starts = [mpf(8 + j) / 16 for j in range(2, 8)] + [mpf(8 + j) * 2**e / 8 for e in range(4) for j in range(8)]
    for k in range(32):
        low, high = starts[k] - mpf(5) / 8, starts[k + 1] - mpf(5) / 8
        centre, half = (low + high) / 2, (high - low) / 2
        if k == 0:  # x (c[1] + …), so that values near 0 keep their relative accuracy
            centre = mpf(0)
            c = [mpf(0)] + fit(lambda x: tanh(x) / x, lambda x: x / tanh(x), mpf(0), high, 3)
        else:
            c = fit(lambda r: tanh(centre + r), lambda r: 1 / tanh(centre + r), -half, half, 4)
        for column, value in zip(columns, [centre, *c]):
            column[(k + 18) % 32] = value
    for name, column in zip(["centre", "c[0]", "c[1]", "c[2]", "c[3]", "c[4]"], columns):
        print_table(f"tanh, {name}", column)


def print_fast_tanh():
    """|error| <= 2^-15: a quotient for x <= 5.8, and c[0] + c[1] x + c[2] x^2 on segments of [0, 6), see tables.hpp."""
    print("fast tanh, above and below:")
    for coefficients in fit_odd_rational(tanh, mpf("5.8"), 2, 3):
        print("   ", ", ".join(nstr(rounded(c, 24), 9) for c in coefficients))
    columns = [[mpf(0)] * 32 for _ in range(3)]
    starts = [mpf(j) / 8 for j in range(16)] + [2 + mpf(j) / 4 for j in range(17)]
    for k in range(32):
        low, high = starts[k], starts[k + 1]
        if k == 0:
            c = [mpf(0)] + fit(lambda x: tanh(x) / x, lambda x: x, low, high, 1)
        else:
            c = fit(tanh, lambda x: mpf(1), low, high, 2)
        for column, value in zip(columns, c):
            column[k] = value
    for i, column in enumerate(columns):
        print_table(f"fast tanh, c[{i}]", column)


def of_root(function):
    """function(sqrt z), for functions given as odd or even series."""
    return lambda z: function(mp.sqrt(z)) if z else function(mpf("1e-20"))


half_ln2 = log(mpf(2)) / 2
log_limit = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
exp_tail = lambda r: (expm1(r) - r) / r**2 if abs(r) > mpf("1e-12") else mpf(1) / 2
atanh_tail = of_root(lambda s: (atanh(s) / s - 1) / s**2)
atanh_weight = of_root(lambda s: s**3 / atanh(s))
erf_tail = of_root(lambda x: erf(x) / x - 1)

for bits, exp_degree, log_degree, log1p_degree in ((24, 4, 2, 5), (53, 9, 6, 11)):
    # e^r = 1 + r + r^2 P(r)
    show("exponential", exp_tail, lambda r: r**2 / exp(r), -half_ln2, half_ln2, exp_degree, bits)
    # atanh s = s (1 + z P(z)), z = s^2
    show("logarithm", atanh_tail, atanh_weight, 0, log_limit, log_degree, bits)
    show("log1p", atanh_tail, atanh_weight, 0, mpf(1) / 9, log1p_degree, bits)
# erf x = x (1 + P(z)), z = x^2
show("erf_near_0", erf_tail, lambda z: 1 / (1 + erf_tail(z)), 0, 1, 6, 24)
# erf x = 1 - e^P(x)
show("erf_beyond_1", lambda x: log(erfc(x)), lambda x: erfc(x) / erf(x), 1, 3.95, 6, 24)

# AVX-512 (tables.hpp): e^r = 1 + r (c0 + c1 r) about multiples of (ln 2) / 32, and 1 / d.
near = half_ln2 / 32
show("exponential of tables", lambda r: expm1(r) / r if r else mpf(1), lambda r: abs(r) / exp(r), -near, near, 1, 24)
show("reciprocal of 1 + e", lambda e: 1 / (1 + e), lambda e: 1 + e, 0, 1, 3, 24)
print_table("roots_of_2", [mpf(2) ** (mpf(j) / 32) for j in range(32)])
print_tanh_table()
print_fast_tanh()
