"""The table: ratios to the floor beside the bars, CPU of each process, and what the figures are good for."""

from collections.abc import Mapping, Sequence

from benchmarks.gateway.measure import DATABASE, Bench, Series
from benchmarks.gateway.queries import ORDINARY_SHARE, Question
from benchmarks.gateway.stack import STACKS

Found = Mapping[tuple[str, str], Series]


def ratios(asked: Sequence[Question], found: Found) -> list[str]:
    """One line a question: the product's CPU over the floor's beside its bars, and the share of the ordinary's."""
    lines = [
        "      CPU over the floor: product  must   aim   verdict     product over ordinary   req/s over the floor's"
    ]
    for question in asked:
        product, floor, ordinary = (found[question.name, name] for name in ("product", "floor", "ordinary"))
        ratio = product.median("total") / floor.median("total")
        share = product.median("total") / ordinary.median("total")
        rate = product.median("rate") / floor.median("rate")
        verdict = "aim met" if ratio <= question.bar.aim else "must met" if ratio <= question.bar.must else "MISSED"
        lines.append(
            f"  {question.name}  {ratio:26.2f}  {question.bar.must:4.1f}  {question.bar.aim:4.1f}   {verdict:<9}"
            f"  1 : {1 / share:<6.1f}{_share_verdict(question, share):<14} {rate:8.3f}"
        )
    return lines


def _share_verdict(question: Question, share: float) -> str:
    if question.name != "Q2":
        return ""
    return "(bar 1 : 8)" if share <= ORDINARY_SHARE else "MISSED 1 : 8"


def figures(asked: Sequence[Question], found: Found) -> list[str]:
    """One line a question and stack: requests a second, times, CPU of 1,000 requests by process."""
    lines = ["      stack       req/s   p50 ms   p99 ms     kB   CPU s/1,000   of which"]
    for question in asked:
        for name in STACKS:
            series = found[question.name, name]
            cpu, size = series.median("total"), series.median("bytes") / 1000
            parts = "  ".join(f"{process} {series.part(process):.3f}" for process in (*STACKS[name], DATABASE))
            refused = sum(one.refused for one in series.rounds)
            parts += f"  REFUSED {refused}: the round does not count" if refused else ""
            lines.append(
                f"  {question.name}  {name:<9}{series.median('rate'):8.0f} {series.median('p50_ms'):8.2f} "
                f"{series.median('p99_ms'):8.2f} {size:6.1f}   {cpu:11.3f}   {parts}"
            )
    return lines


def spread(asked: Sequence[Question], found: Found) -> list[str]:
    """How far the rounds lie apart: the product's ratio of each round, lowest and highest."""
    told = []
    for question in asked:
        pairs = zip(found[question.name, "product"].rounds, found[question.name, "floor"].rounds, strict=True)
        each = [product.total / floor.total for product, floor in pairs]
        told.append(f"{question.name} {min(each):.2f}-{max(each):.2f}")
    return ["  ratio of the single rounds: " + ", ".join(told)]


def unseen(question: Question, found: Found, cpu: float) -> list[str]:
    """What a document costs that was never seen, beside its bar: one ordinary execution more than a known one."""
    seen, ordinary = (found[question.name, name].median("total") for name in ("product", "ordinary"))
    verdict = "met" if cpu <= seen + ordinary else "MISSED"
    told = f"CPU {cpu:.2f} s/1,000; known {seen:.2f}, ordinary {ordinary:.2f}; bar known + ordinary: {verdict}"
    return [f"  {question.name} with a document never seen before: {told}"]


def memory(bench: Bench) -> list[str]:
    """Resident memory by stack."""
    told = ", ".join(f"{name} {bench.memory(name):.0f}" for name in STACKS)
    return [f"  resident MiB after the rounds, PostgreSQL apart: {told}"]
