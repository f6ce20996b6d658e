"""Make sure that a Chromium and a Chinese font are there for the browser tests: `python -m tools.browser`.

On a Debian machine as root they are installed; anywhere else the words say what to install. A machine that has a
Chromium or Chrome already needs nothing; CHROMIUM names one that lies elsewhere.
"""

import os
import shutil
import subprocess
import sys

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk")


def chromium() -> str | None:
    """The path of the browser: the one that CHROMIUM names, else the first on the PATH; None when there is none."""
    given = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [given] if given else PROGRAMS)), None)


def install() -> bool:
    """Install the browser with the system's packages; whether that could be done, the reason printed when not."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        print(
            "浏览器测试需要 Chromium 和中文字体，请先安装，例如：sudo apt-get install -y chromium fonts-noto-cjk\n"
            "The browser tests need Chromium and a Chinese font; install them first, for example with:\n"
            "  sudo apt-get install -y chromium fonts-noto-cjk\n"
            "已装在别处时，用 CHROMIUM=路径 指明。 / If it lies elsewhere, say CHROMIUM=/path/to/chromium.",
            file=sys.stderr,
        )
        return False
    print("正在安装 Chromium 和中文字体 / installing Chromium and a Chinese font", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    quiet = [apt, "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in ([*quiet, "update"], [*quiet, "install", "-y", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{' '.join(command)}: {done.stdout}{done.stderr}", file=sys.stderr)
            return False
    return True


def main() -> int:
    """0 when there is a browser, after installing one if need be; 1 with the reason on standard error."""
    if chromium() is None and not (install() and chromium()):
        return 1
    print(chromium())
    return 0


if __name__ == "__main__":
    sys.exit(main())
