"""Make sure that Node and the clients' packages are there for the client tests: `python -m tools.clients`.

On a Debian machine as root Node and npm are installed; anywhere else the words say what to install. The packages are
those of tests/clients/package-lock.json, held to its sums, from the registry that npm is set to; they are fetched anew
only when that file has changed.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tools.debian import Need, install

PROJECT = Path(__file__).parents[1] / "tests" / "clients"
OLDEST_NODE = 20
NEED = Need(
    "客户端测试", "The client tests", " Node.js 20 以上和 npm", "Node.js 20 or newer and npm", ("nodejs", "npm")
)


def node_version() -> int | None:
    """The major version of Node; None without Node or npm on the PATH."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.strip().removeprefix("v").partition(".")[0])


def new_enough() -> bool:
    """Whether Node and npm are there in a version that serves."""
    version = node_version()
    return version is not None and version >= OLDEST_NODE


def packages(project: Path) -> bool:
    """Bring the packages to the state of the lock; whether that could be done, npm's words printed when not."""
    lock = hashlib.sha256((project / "package-lock.json").read_bytes()).hexdigest()
    stamp = project / "node_modules" / ".gongzhi-lock"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return True
    print("正在安装前端客户端 / installing the clients", flush=True)
    done = subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"npm ci: {done.stdout}{done.stderr}", file=sys.stderr)
        return False
    stamp.write_text(lock, encoding="ascii")
    return True


def main(project: Path = PROJECT) -> int:
    """0 when the clients can run, after installing what is missing; 1 with the reason on standard error."""
    if not new_enough() and not (install(NEED) and new_enough()):
        return 1
    return 0 if packages(project) else 1


if __name__ == "__main__":
    sys.exit(main())
