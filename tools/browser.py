"""Make sure that a Chromium and a Chinese font are there for the browser tests: `python -m tools.browser`.

On a Debian machine as root they are installed; anywhere else the words say what to install. A machine that has a
Chromium or Chrome already needs nothing; CHROMIUM names one that lies elsewhere.
"""

import os
import shutil
import sys

from tools.debian import Need, install

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NEED = Need(
    "浏览器测试",
    "The browser tests",
    " Chromium 和中文字体",
    "Chromium and a Chinese font",
    ("chromium", "fonts-noto-cjk"),
    "已装在别处时，用 CHROMIUM=路径 指明。 / If it lies elsewhere, say CHROMIUM=/path/to/chromium.\n",
)


def chromium() -> str | None:
    """The path of the browser: the one that CHROMIUM names, else the first on the PATH; None when there is none."""
    given = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [given] if given else PROGRAMS)), None)


def main() -> int:
    """0 when there is a browser, after installing one if need be; 1 with the reason on standard error."""
    if chromium() is None and not (install(NEED) and chromium()):
        return 1
    print(chromium())
    return 0


if __name__ == "__main__":
    sys.exit(main())
