"""
Reference values for the tests of the comparison, at 60 decimal digits and from the definitions, sharing nothing with the product:
sums over start times instead of a recursion, a max-min formula instead of pooled violators, edges as numbers instead of positions,
rising factorials instead of Stirling's series, bisection of a series instead of a rational approximation.

    python3 reference.py > cases.json
"""
import json
import random
from decimal import Decimal as D, getcontext
from fractions import Fraction

getcontext().prec = 60
getcontext().Emax = 10**15
getcontext().Emin = -(10**15)
BETS = [D("1.25"), D("1.5"), D(2), D(3), D(5), D(8), D(15), D(40)]
SLOWDOWNS = [D("1.1"), D("1.2"), D("1.35"), D("1.5"), D(2), D(3), D(5)]


def epoch_weight(index, planned):
    if index == 1:
        return Fraction(3, 4) if planned == 1 else Fraction(1, 2)
    if index <= planned:
        return Fraction(1, 4) / (planned - 1)
    j = index - planned
    return Fraction(1, 4) / (j * (j + 1))


def dec(fraction):
    return D(fraction.numerator) / D(fraction.denominator)


def start_weight(k, horizon):
    if k == 1:
        return D(1) / 2
    return D(1) / (2 * (horizon - 1)) if k <= horizon else D(0)


def evidence(steps, horizon):
    """mean over bets of the sum over start times s of w_s times the likelihood ratio of windows s to now, plus what has not started."""
    count = len(steps)
    bets = len(steps[0])
    mean = D(0)
    for j in range(bets):
        product = D(1)
        total = D(0)
        for s in range(count, 0, -1):
            ratio = steps[s - 1][j]
            product *= ratio
            total += start_weight(s, horizon) * product
        mean += total
    rest = D(1) - sum(start_weight(s, horizon) for s in range(1, count + 1))
    return mean / bets + rest


def coin(on, total, share, odds, tolerated):
    if total == 0:
        return D(1)
    base = 1 - share + share * odds
    base0 = 1 - share + share * tolerated
    return (odds / tolerated) ** on * (base0 / base) ** total


def failures_case(name, share, windows, tolerated="1", alpha="0.004", planned=24, changes=(), marks=None):
    """windows: [on, off, seenOn, seenOff]; changes: {window index (from 0): new share}, a new epoch before that window."""
    rho, psi0 = dec(share), D(tolerated)
    epoch, steps, failed, seen, failed_on = 1, [], 0, 0, 0
    expected = []
    changes = dict(changes)
    for index, (on, off, seen_on, seen_off) in enumerate(windows):
        over = len(steps) >= 3600 or (len(steps) >= 60 and seen >= 100 and failed * 10 > 3 * seen)
        if index in changes:
            rho, over = dec(changes[index]), True
        if over:
            epoch, steps, failed, seen, failed_on = epoch + 1, [], 0, 0, 0
        steps.append([coin(on, on + off, rho, bet * psi0, psi0) for bet in BETS])
        failed += on + off
        failed_on += on
        seen += seen_on + seen_off
        if marks is None or index in marks:
            e = evidence(steps, 3600)
            needed = 1 / (D(alpha) * dec(epoch_weight(epoch, planned)))
            expected.append(
                {
                    "after": index + 1,
                    "epoch": epoch,
                    "window": len(steps),
                    "logEvidence": float(e.ln()),
                    "logNeeded": float(needed.ln()),
                    "alarm": e >= needed and failed_on >= 5,
                }
            )
    return {
        "name": name,
        "share": float(rho_of(share)),
        "settings": {"alpha": float(alpha), "tolerated": float(tolerated), "plannedEpochs": planned},
        "windows": windows,
        "changes": [[index, float(rho_of(to))] for index, to in changes.items()],
        "expected": expected,
    }


def rho_of(fraction):
    return fraction.numerator / fraction.denominator


def failures_cases():
    rng = random.Random(1)

    def drawn(count, rate, share, seen=20):
        totals = [min(9, int(rng.expovariate(1 / rate))) for _ in range(count)]
        return [draw(total, share, seen) for total in totals]

    def draw(total, share, seen):
        on = sum(rng.random() < share for _ in range(total))
        return [on, total - on, max(on, round(seen * share)), max(total - on, round(seen * (1 - share)))]

    five, half = Fraction(1, 20), Fraction(1, 2)
    tiny, huge = Fraction(1, 65535), Fraction(65534, 65535)
    yield failures_case("nothing fails", five, [[0, 0, 1, 19]] * 100, marks=[0, 1, 50, 99])
    yield failures_case(
        "seven of twenty failing units in a 5 % canary", five, [[k % 2, 1 if k < 13 else 0, 1, 19] for k in range(14)]
    )
    yield failures_case("harm beyond a tolerated 25 %", Fraction(1, 4), drawn(60, 2, 0.6), tolerated="1.25", planned=1)
    yield failures_case("a share near 0", tiny, [[0, 3, 0, 9], [1, 2, 1, 9], [0, 0, 0, 0], [2, 4, 2, 9], [3, 0, 3, 0]])
    yield failures_case("a share near 1", huge, [[3, 0, 9, 0], [2, 1, 9, 1], [0, 0, 0, 0], [900, 0, 900, 0]])
    yield failures_case("a billion events", half, [[499_990_000, 500_010_000, 5 * 10**8, 5 * 10**8], [6 * 10**8, 4 * 10**8, 0, 0]])
    yield failures_case("a control that fails and a canary that doesn't", half, [[0, 5, 9, 9]] * 50, marks=[0, 9, 49])
    thousands = drawn(3700, 0.05, 0.05, seen=1)
    yield failures_case(
        "thousands of windows and the next hour", five, thousands, marks=[0, 1, 59, 1799, 3598, 3599, 3600, 3699]
    )
    early = [[1, 1, 2, 2]] * 40 + [[0, 1, 1, 1]] * 19 + [[0, 0, 0, 0]] + [[1, 2, 3, 3]] * 5
    yield failures_case("an epoch that ends early", Fraction(1, 4), early, marks=[58, 59, 60, 64])
    yield failures_case(
        "epochs that the plan didn't foresee", half, [[2, 1, 3, 3]] * 62 * 3, planned=2, marks=[59, 60, 119, 120, 121, 180, 185]
    )
    yield failures_case(
        "a change of the stage within an epoch",
        five,
        drawn(30, 1, 0.05) + drawn(30, 1, 0.25),
        changes={30: Fraction(1, 4)},
        marks=[0, 28, 29, 30, 31, 59],
    )


RATIO = D("1.1")


def tilts(reference):
    """Edges e_0 = 0, e_1 = 1, e_b = 1.1^(b-1), e_72 = infinity: tilts depend on ratios only."""
    bins = len(reference)
    total = sum(reference) + D(bins) / 2
    q = [(D(c) + D(1) / 2) / total for c in reference]
    cumulative = [D(0)]
    for share in q:
        cumulative.append(cumulative[-1] + share)
    edges = [D(0)] + [RATIO ** (b - 1) for b in range(1, bins)]

    def cdf(x):
        first, last = edges[1], edges[-1]
        if x <= first:
            return cumulative[1] * (x / first) ** 2
        if x >= last:
            return 1 - (1 - cumulative[bins - 1]) * (x / last) ** -3
        b = max(b for b in range(1, bins) if edges[b] <= x)
        part = (x / edges[b]).ln() / RATIO.ln()
        return cumulative[b] + part * q[b]

    table = []
    for s in SLOWDOWNS:
        at = [cdf(edge / s) for edge in edges] + [D(1)]
        raw = [(at[b + 1] - at[b]) / q[b] for b in range(bins)]
        table.append([min(D(30), max(D("0.001"), g)) for g in isotonic(raw, q)])
    return table


def isotonic(values, weights):
    """max over i <= b of min over j >= b of the weighted average of i..j."""
    n = len(values)
    weight_sums, value_sums = [D(0)], [D(0)]
    for value, weight in zip(values, weights):
        weight_sums.append(weight_sums[-1] + weight)
        value_sums.append(value_sums[-1] + value * weight)
    average = lambda i, j: (value_sums[j + 1] - value_sums[i]) / (weight_sums[j + 1] - weight_sums[i])
    # For each i the running minimum from the right of average(i, j) over j >= b.
    best = [None] * n
    for i in range(n):
        low = None
        for j in range(n - 1, i - 1, -1):
            value = average(i, j)
            low = value if low is None or value < low else low
            if best[j] is None or low > best[j]:
                best[j] = low
    return best


def pool(on, everyone, tilt):
    n, n_on = sum(everyone), sum(on)
    if n_on == 0 or n_on == n:
        return D(1)
    mean = sum(m * psi for m, psi in zip(everyone, tilt)) / n
    product = D(1)
    for x, psi in zip(on, tilt):
        product *= psi**x
    return product / mean**n_on


def label(on, everyone, tilt):
    n, n_on = sum(everyone), sum(on)
    if n_on == 0 or n_on == n:
        return D(1)
    r = D(n_on) / D(n)
    product = D(1)
    for x, m, psi in zip(on, everyone, tilt):
        p = max(D(1), psi)
        product *= p**x / (1 - r + r * p) ** m
    return product


def latency_case(name, share, reference, windows, shift, planned, marks):
    """windows: [on bins, off bins], compared bins after which on is lowered by `shift`."""
    table = tilts(reference)
    kernel = pool if share < Fraction(1, 2) else label
    epoch, steps, expected = 1, [], []
    for index, (on_bins, off_bins) in enumerate(windows):
        if len(steps) >= 600:
            epoch, steps = epoch + 1, []
        on, off = [0] * 72, [0] * 72
        for b in on_bins:
            on[max(0, b - shift)] += 1
        for b in off_bins:
            off[b] += 1
        everyone = [x + y for x, y in zip(on, off)]
        steps.append([kernel(on, everyone, tilt) for tilt in table])
        if index in marks:
            needed = 1 / (D("0.004") * dec(epoch_weight(epoch, planned)))
            e = evidence(steps, 600)
            expected.append(
                {
                    "after": index + 1,
                    "epoch": epoch,
                    "logEvidence": float(e.ln()),
                    "logNeeded": float(needed.ln()),
                    "alarm": e >= needed,
                }
            )
    return {
        "name": name,
        "share": rho_of(share),
        "tolerated": 1.2 if shift == 2 else 1,
        "plannedEpochs": planned,
        "reference": reference,
        "windows": windows,
        "expected": expected,
    }


def latency_cases():
    rng = random.Random(2)
    # The median lies in bin 36, as the compared bins are placed.
    reference = [0] * 72
    for _ in range(4001):
        reference[min(71, max(0, 36 + round(rng.gauss(0, 7))))] += 1
    middle = [b for b, c in enumerate(reference) for _ in range(c)][2000]
    reference = reference[middle - 36 :] + [0] * (middle - 36) if middle > 36 else reference
    bin_at = lambda slow: min(71, max(0, round(rng.gauss(36 + slow, 7))))
    draw = lambda n_on, n_off, slow=0: [[bin_at(slow) for _ in range(n_on)], [bin_at(0) for _ in range(n_off)]]
    yield latency_case(
        "half as slow again in a quarter", Fraction(1, 4), reference, [draw(2, 6, 4) for _ in range(40)], 0, 10, [0, 1, 19, 39]
    )
    yield latency_case(
        "twice as slow for most", Fraction(3, 4), reference, [draw(6, 2, 7) for _ in range(40)], 0, 10, [0, 1, 19, 39]
    )
    yield latency_case(
        "a tolerated fifth", Fraction(1, 4), reference, [draw(2, 6, 4) for _ in range(40)], 2, 1, [0, 19, 39]
    )
    yield latency_case(
        "windows without either cohort",
        Fraction(1, 2),
        reference,
        [draw(0, 3), draw(3, 0), draw(0, 0), draw(1, 1, 9), draw(40, 40, 9)],
        0,
        10,
        [0, 1, 2, 3, 4],
    )
    yield latency_case(
        "the next epoch", Fraction(1, 20), reference, [draw(1 if k % 40 == 0 else 0, 1 if k % 5 == 0 else 0) for k in range(620)],
        0, 10, [598, 599, 600, 619],
    )
    yield latency_case("nothing was known before", Fraction(1, 2), [0] * 72, [draw(4, 4, 20) for _ in range(10)], 0, 10, [0, 9])


def rising_log(a, n):
    return sum((a + i).ln() for i in range(n))


def mismatch_cases():
    for on, off, share in [
        (0, 0, Fraction(1, 20)),
        (1, 0, Fraction(1, 20)),
        (50, 950, Fraction(1, 20)),
        (90, 910, Fraction(1, 20)),
        (2600, 2400, Fraction(1, 2)),
        (0, 3000, Fraction(1, 65535)),
        (12, 988, Fraction(1, 65535)),
        (3000, 4, Fraction(65534, 65535)),
    ]:
        rho = dec(share)
        total = D(0)
        for c in [10, 100, 1000, 10000]:
            log = rising_log(c * rho, on) + rising_log(c * (1 - rho), off) - rising_log(D(c), on + off)
            total += (log - on * rho.ln() - off * (1 - rho).ln()).exp()
        yield {"on": on, "off": off, "share": rho_of(share), "logEvidence": float((total / 4).ln())}


def pi():
    """Machin."""
    arctan = lambda x: sum((-1) ** k * (D(1) / x) ** (2 * k + 1) / (2 * k + 1) for k in range(60))
    return 4 * (4 * arctan(5) - arctan(239))


PI = pi()


def upper_tail(z):
    """By the series of the distribution for small z, by Laplace's continued fraction beyond."""
    density = (-(z * z) / 2).exp() / (2 * PI).sqrt()
    if z < 4:
        term, total, k = z, z, 1
        while abs(term) > D("1e-55"):
            term *= z * z / (2 * k + 1)
            total += term
            k += 1
        return D(1) / 2 - density * total
    fraction = D(0)
    for k in range(2000, 0, -1):
        fraction = k / (z + fraction)
    return density / (z + fraction)


def quantile(tail):
    if tail > D(1) / 2:
        return -quantile(1 - tail)
    low, high = D(0), D(40)
    for _ in range(150):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle) > tail else (low, middle)
    return low


def look_quantile(alpha, look):
    return quantile(D(alpha) * 6 / (PI**2 * look**2))


def slow_cases():
    rng = random.Random(3)

    def arm(units, rate, missing=0):
        requests, failures = [], []
        for index in range(units + missing):
            count = 0 if index < missing else 1 + int(rng.expovariate(1 / 8))
            requests.append(count)
            failures.append(sum(rng.random() < rate for _ in range(count)))
        return {"requests": requests, "failures": failures}

    for name, on, off, alpha, look in [
        ("nothing changed", arm(120, 0.02), arm(300, 0.02), "0.001", 1),
        ("three times as many failures", arm(140, 0.09, missing=5), arm(300, 0.03, missing=7), "0.001", 2),
        ("fewer failures", arm(100, 0.01), arm(100, 0.06), "0.05", 5),
        ("ten times as many", arm(200, 0.2), arm(300, 0.02), "0.001", 9),
    ]:
        yield {
            "name": name, "on": on, "off": off, "alpha": float(alpha), "look": look, "needed": float(look_quantile(alpha, look)),
            **slow_values(on, off, look_quantile(alpha, look)),
        }


def slow_values(on, off, needed):
    arms = []
    for one in (on, off):
        arms.append([(f, r) for f, r in zip(one["failures"], one["requests"]) if r > 0])
    pooled = Fraction(sum(f for arm in arms for f, _ in arm), sum(r for arm in arms for _, r in arm))
    means, errors, ratios, variances = [], Fraction(0), [], []
    for units in arms:
        d = [f - pooled * r for f, r in units]
        mean = sum(d) / len(d)
        means.append(mean)
        errors += sum((value - mean) ** 2 for value in d) / (len(d) - 1) / len(d)
        failures, requests = sum(f for f, _ in units), sum(r for _, r in units)
        ratio = Fraction(failures, requests)
        ratios.append(ratio)
        variances.append(sum((f - ratio * r) ** 2 for f, r in units) / Fraction(requests) ** 2)
    z = dec(means[0] - means[1]) / dec(errors).sqrt()
    spread = (dec(variances[0] / ratios[0] ** 2) + dec(variances[1] / ratios[1] ** 2)).sqrt()
    upper = ((dec(ratios[0]) / dec(ratios[1])).ln() + needed * spread).exp()
    return {"z": float(z), "ratio": float(ratios[0] / ratios[1]), "upper": float(upper)}


def main():
    quantiles = ["0.5", "0.4", "0.075", "0.05", "0.025", "0.01", "0.001", "6.079e-4", "1e-6", "1e-9", "1e-12", "1e-20", "1e-60", "0.9", "0.999"]
    reference = next(iter(latency_cases()))["reference"]
    cases = {
        "epochWeights": [
            [index, planned, rho_of(epoch_weight(index, planned))]
            for planned in (1, 2, 24)
            for index in (1, 2, 3, 24, 25, 26, 100)
        ],
        "failures": list(failures_cases()),
        "tilts": {"reference": reference, "psi": [[float(psi) for psi in tilt] for tilt in tilts(reference)]},
        "latency": list(latency_cases()),
        "mismatch": list(mismatch_cases()),
        "quantiles": [[float(tail), float(quantile(D(tail)))] for tail in quantiles],
        "slow": list(slow_cases()),
    }
    print(json.dumps(cases, separators=(",", ":")))


main()
