"""Hunt for documents that plans and the executor answer differently: `python -m tests.gateway.plan.hunt --help`.

Each difference is printed with the seed that draws it again: `--seed N --cases 1`.
"""

import argparse
import faulthandler
import os
import subprocess
import sys
import time
from itertools import count
from random import Random

import pytest

from tests.gateway.plan.documents import Writer
from tests.gateway.plan.hunting import Difference, Hunter

ORDER = "GONGZHI_HUNT"
HANGS_S = 120


async def test_hunt(hunter: Hunter, capsys: pytest.CaptureFixture[str]) -> None:
    """Draw, ask and compare until the time is over; fails when anything differed."""
    seed, seconds, most, keep = (int(part) for part in os.environ[ORDER].split())
    end, differences, asked = time.monotonic() + seconds, 0, 0
    query = hunter.both.schema.core.query_type
    assert query is not None
    hunter.silence = True
    writer = Writer(hunter.both.schema.core, query)
    with capsys.disabled():
        for at in count(seed):
            if time.monotonic() > end or at >= seed + most or differences >= keep:
                break
            faulthandler.dump_traceback_later(HANGS_S, exit=True)
            questions = hunter.questions(writer.case(at), at)
            asked += len(questions)
            try:
                await hunter.ask_all(questions)
            except Difference as difference:
                differences += 1
                sys.stdout.write(f"\n--- {questions[0]}\n{difference}\n")
        faulthandler.cancel_dump_traceback_later()
        unseen = [one for one in writer.coordinates if not hunter.planned[one]]
        sys.stdout.write(
            f"\nseeds {seed} to {at - 1}: {asked} questions, {differences} differences, {dict(hunter.tally)}\n"
            f"never planned: {unseen}\n"
        )
    assert not differences


def main() -> int:
    """Run the hunt as pytest runs a test, for its fixtures."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway.plan.hunt", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=None, help="of the first document; by chance when left out")
    parser.add_argument("--cases", type=int, default=10**9, help="documents at most")
    parser.add_argument("--keep", type=int, default=20, help="stop after so many differences")
    given = parser.parse_args()
    seed = Random().randrange(10**9) if given.seed is None else given.seed
    sys.stdout.write(f"--seed {seed}\n")
    os.environ[ORDER] = f"{seed} {given.seconds} {given.cases} {given.keep}"
    command = [sys.executable, "-m", "pytest", __file__, "-n", "0", "-p", "no:cacheprovider"]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
