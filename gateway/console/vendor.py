"""Fetch the explorers' pinned packages, take their remote parts out, and write assets/ with its lock of sums.

Run as `python -m gateway.console.vendor`; needs npm. Nothing in the product runs it: the result is committed, because
the networks this product lives in are closed.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
LOCK = ASSETS / "assets.lock.json"

SOURCE_MAPS = re.compile(rb"(?://|/\*)# sourceMappingURL=[\w.]+\.map(?:\*/)?")
REMOTE_LOADS = (
    # ReDoc shows its maker's logo from that maker's site; an empty picture hides itself
    (b"https://cdn.redoc.ly/redoc/logo-mini.svg", b"data:,"),
    # Swagger UI sends the description to its maker's validator unless told "none"
    (b"https://validator.swagger.io/validator", b"none"),
)


@dataclass(frozen=True)
class Package:
    """One npm package at one version, and the files taken from it: path in the package -> name in assets/."""

    name: str
    version: str
    licence: str
    files: tuple[tuple[str, str], ...]


PACKAGES = (
    Package("react", "18.2.0", "MIT", (("umd/react.production.min.js", "react.production.min.js"),)),
    Package("react-dom", "18.2.0", "MIT", (("umd/react-dom.production.min.js", "react-dom.production.min.js"),)),
    Package("js-cookie", "3.0.5", "MIT", (("dist/js.cookie.min.js", "js.cookie.min.js"),)),
    Package(
        "graphiql",
        "3.8.3",
        "MIT",
        (("graphiql.min.js", "graphiql.min.js"), ("graphiql.min.css", "graphiql.min.css")),
    ),
    Package(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "MIT",
        (("dist/index.umd.js", "graphiql-explorer.umd.js"), ("dist/style.css", "graphiql-explorer.css")),
    ),
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "Apache-2.0",
        (("swagger-ui-bundle.js", "swagger-ui-bundle.js"), ("swagger-ui.css", "swagger-ui.css")),
    ),
    Package("redoc", "2.5.4", "MIT", (("bundles/redoc.standalone.js", "redoc.standalone.js"),)),
)


def integrity(content: bytes) -> str:
    """The sub-resource integrity text of some bytes: `sha512-` and the sum in base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def cleaned(content: bytes) -> bytes:
    """The file without source-map comments and without the addresses a page would load from elsewhere."""
    content = SOURCE_MAPS.sub(b"", content)
    for remote, local in REMOTE_LOADS:
        content = content.replace(remote, local)
    return content


def fetch(package: Package, folder: Path) -> Path:
    """Ask npm for the package's archive in `folder`; the archive's path. Raises when npm fails or is absent."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed to vendor the explorers / 需要 npm 才能更新浏览器资源")
    command = [npm, "pack", "--silent", f"{package.name}@{package.version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603  fixed arguments
    return folder / done.stdout.strip().splitlines()[-1]


def vendor(package: Package, folder: Path) -> dict[str, object]:
    """Write the package's files to assets/; its entry in the lock."""
    archive = fetch(package, folder)
    written = {}
    with tarfile.open(archive) as packed:
        for inside, name in package.files:
            member = packed.extractfile(f"package/{inside}")
            if member is None:
                raise SystemExit(f"{package.name} {package.version} has no file {inside}")
            content = cleaned(member.read())
            (ASSETS / name).write_bytes(content)
            written[name] = integrity(content)
    return {
        "version": package.version,
        "licence": package.licence,
        "package": integrity(archive.read_bytes()),
        "files": written,
    }


def main() -> int:
    """Fetch everything and write the lock; 0 when done."""
    ASSETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        lock = {package.name: vendor(package, Path(folder)) for package in PACKAGES}
    LOCK.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
