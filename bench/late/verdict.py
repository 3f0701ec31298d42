"""Good or bad: one text, and the exit code."""

from late.run import Report, ratio
from late.truth import Figures
from late.variants import ALLOWED_SECONDS


def verdict(report: Report, *, at_least: int, doubling: bool = False) -> tuple[str, int]:
    """What to print under the table, and 0, 1 (bad news) or 3 (a sealed server was asked for and did not start).

    at_least: rows that plain must lose at its first delay. doubling: duplicates are allowed, as after lost state.
    """
    lines, faults = [*report.notes], 0
    lines.append("transactions: " + ", ".join(f"{count} {name}" for name, count in report.endings.most_common()))
    lines.append(f"the latest row committed {report.latest:.0f} s after its stamp; {ALLOWED_SECONDS:.0f} s are allowed")
    for name, found in report.after.items():
        lines += [f"{name}: {line}" for line in str(found).splitlines()]
        faults += 0 if doubling else found.faults
    plain = [figures for variant, _, figures in report.lines if variant == "plain"]
    sealed = [(variant, said, figures) for variant, said, figures in report.lines if variant.startswith("lift")]
    for variant, said, figures in sealed:
        wrong = figures.lost + figures.outside + figures.decreasing + figures.unknown
        faults += wrong + (0 if doubling else figures.doubled)
        if figures.lost:
            lines.append(f"{variant}, {said} lost {_places(figures)}")
        if wrong:
            lines.append(f"{variant}, {said}, for example: {'; '.join(figures.samples)}")
    if plain:
        lines.append(f"plain lost {plain[0].lost}: {_places(plain[0])}")
    if plain and plain[0].lost < at_least:
        lines.append(f"plain lost only {plain[0].lost} rows: this run proves nothing")
        faults += 1
    if plain and sealed:
        lines.append(f"p99 freshness, lift / plain: {ratio(report, sealed[0][0], 'plain'):.2f}")
    lines.append(_word(report, faults, bool(sealed)))
    if report.left_out:
        return "\n".join(lines), 1 if faults else 3
    return "\n".join(lines), 1 if faults else 0


def _places(figures: Figures) -> str:
    return ", ".join(f"{count} of {name}" for name, count in figures.lost_in.items())


def _word(report: Report, faults: int, has_sealed: bool) -> str:  # noqa: FBT001 - one of two sentences
    if not has_sealed:
        return "no sealed server took part" + (": see what was left out" if report.left_out else "")
    return "sealed windows: nothing lost" if not faults else f"sealed windows: {faults} faults"
