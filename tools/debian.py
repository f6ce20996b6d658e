"""Programs that tests need, installed with Debian's packages when root; anywhere else words say what to install."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Need:
    """What a kind of test needs: its name and the programs' in two languages, and Debian's packages."""

    tests_zh: str
    tests_en: str
    programs_zh: str
    programs_en: str
    packages: tuple[str, ...]
    hint: str = ""  # where programs that lie elsewhere are named


def install(need: Need) -> bool:
    """Install what is needed with the system's packages; whether that could be done, the reason printed when not."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        by_hand = f"sudo apt-get install -y {' '.join(need.packages)}"
        print(
            f"{need.tests_zh}需要{need.programs_zh}，请先安装，例如：{by_hand}\n"
            f"{need.tests_en} need {need.programs_en}; install them first, for example with:\n  {by_hand}\n{need.hint}",
            file=sys.stderr,
        )
        return False
    print(f"正在安装{need.programs_zh} / installing {need.programs_en}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = [apt, "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in ([*quiet, "update"], [*quiet, "install", "-y", "--no-install-recommends", *need.packages]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{' '.join(command)}: {done.stdout}{done.stderr}", file=sys.stderr)
            return False
    return True
