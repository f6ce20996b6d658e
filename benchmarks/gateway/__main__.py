"""The gateway's speed against the floor: `python -m benchmarks.gateway [--keep FOLDER] [--profile SERVICE]`.

Starts PostgreSQL, the three services, the gateway, a second gateway that never plans, and the floor; loads the data
(minutes, once with --keep); holds the three stacks to equal answers; measures Q1 to Q4 in interleaved rounds.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import httpx

from benchmarks.gateway import data, measure, profiling, report
from benchmarks.gateway.client import packed
from benchmarks.gateway.measure import Bench, Unequal
from benchmarks.gateway.queries import Question, questions
from benchmarks.gateway.stack import FACTORIES, Stack
from services.runtime.settings import ServiceSettings, plain_dsn, read_settings
from services.runtime.tokens import issue_token, sign
from tools.children import StartError
from tools.postgres_binaries import PostgresError
from tools.talk import TIMEOUT, Talk

NATION = "000000000000"
NOTE = (
    "  every process counted, PostgreSQL included, the load client apart; concurrency 16, keep-alive, loopback;\n"
    "  {callers}, row-level security, limits and cost budget on; development issuer; the floor has none"
)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--keep", type=Path, help="data folder to keep, and to use again when it is already filled")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each every question against every stack")
    parser.add_argument("--seconds", type=float, default=1.5, help="seconds of a question's turn in a round")
    parser.add_argument("--communities", type=int, default=data.COMMUNITIES, help="a smaller set, to try things out")
    parser.add_argument("--questions", default="Q1,Q2,Q3,Q4", help="which of them, separated by commas")
    parser.add_argument("--callers", type=int, default=1, help="callers, each with a token, whose requests take turns")
    parser.add_argument("--unlike", action="store_true", help="callers of different rights, who see the same")
    parser.add_argument("--profile", choices=sorted(FACTORIES), help="run this process under cProfile; no table then")
    return parser.parse_args()


def say(line: str) -> None:
    """A line at once."""
    print(line, flush=True)


def load(stack: Stack, units: list[data.Place]) -> None:
    """Bring the data if it is not there; then let the data base count it, and write it out."""
    settings = read_settings(ServiceSettings).model_copy(update={"home": stack.home})
    maker, checker = (issue_token(settings, "administrator", NATION, subject=name) for name in ("maker", "checker"))
    with httpx.Client(timeout=TIMEOUT, trust_env=False) as client:
        talk = Talk(stack.urls, maker, client)
        if not data.is_there(talk, units):
            start = time.monotonic()
            data.bring(talk, Talk(stack.urls, checker, client), units)
            say(f"  loaded through the imports and {len(data.MONTHS)} payroll runs in {time.monotonic() - start:.0f} s")
    asyncio.run(settle(stack.postgres.url()))


async def settle(url: str) -> None:
    """Statistics, visibility and a checkpoint, so that none of it happens during a round."""
    connection = await asyncpg.connect(plain_dsn(url))
    try:
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            await connection.execute(statement)
    finally:
        await connection.close()


def token_of(settings: ServiceSettings, number: int, *, unlike: bool) -> str:
    """An auditor of the nation; `unlike` the others by one more role, each in a division of its own."""
    grants = [{"role": "auditor", "region": NATION}]
    if unlike:
        grants.append({"role": "resident", "region": f"{110101001001 + number}"})
    return sign(settings, f"benchmark {number}", {"grants": grants}, timedelta(hours=1))


def compare(bench: Bench, asked: list[Question], rounds: int, seconds: float) -> None:
    """Equal answers, then the rounds, then the tables. Unequal in words."""
    for question in asked:
        bench.check_equal(question, samples=5)
    say(f"  equal answers of the three stacks: {', '.join(question.name for question in asked)}")
    start = time.monotonic()
    found = measure.measure(bench, asked, rounds, seconds)
    done = len(found[asked[0].name, "product"].rounds)
    say(f"  {done} rounds of {seconds:.1f} s in {time.monotonic() - start:.0f} s; medians")
    for lines in (report.ratios(asked, found), report.spread(asked, found), report.figures(asked, found)):
        say("\n".join(lines))
    fresh = bench.driven("product", seconds, packed(bench.unseen(asked[0])))
    say("\n".join([*report.unseen(asked[0], found, fresh.total), *report.memory(bench)]))
    callers = len(bench.tokens)
    say(NOTE.format(callers="an auditor's token" if callers == 1 else f"the tokens of {callers} auditors"))


def profile(bench: Bench, asked: list[Question], name: str, seconds: float) -> None:
    """Put the questions to the product while the process `name` is profiled; print what it did when it has ended."""
    stack = "floor" if name == "floor" else "ordinary" if name == "ordinary" else "product"
    for question in asked:
        bench.round(question, stack, seconds)
        server = bench.stack.servers[name]
        httpx.post(f"{server.url}{profiling.STARTED}", trust_env=False)
        bench.round(question, stack, seconds)
    bench.stack.stop()
    say(profiling.summary(bench.stack.home / f"{name}.prof"))


def run(options: argparse.Namespace, home: Path) -> None:
    """Start, load, compare or profile, stop."""
    units = data.chosen(options.communities)
    asked = [one for one in questions(units) if one.name in options.questions.split(",")]
    stack = Stack(home, frozenset({options.profile} if options.profile else ()))
    try:
        stack.start()
        load(stack, units)
        settings = read_settings(ServiceSettings).model_copy(update={"home": home})
        bench = Bench(stack, [token_of(settings, at, unlike=options.unlike) for at in range(options.callers)])
        if options.profile:
            profile(bench, asked, options.profile, options.seconds)
        else:
            compare(bench, asked, options.rounds, options.seconds)
    finally:
        stack.stop()


def main() -> int:
    """0, or 1 with the reason on standard error."""
    options = arguments()
    home = (options.keep or Path(tempfile.mkdtemp(prefix="gongzhi-bench-"))).absolute()
    say(f"gateway: {options.communities:,} real communities, drawn people, pay and issues; data in {home}")
    try:
        run(options, home)
    except (StartError, PostgresError, Unequal) as reason:
        print(reason, file=sys.stderr, flush=True)
        return 1
    finally:
        if options.keep is None:
            shutil.rmtree(home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
