"""House rules that no linter knows: sizes of files and functions, rooms that may not exist, hosts never named."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
MOST_FUNCTION_LINES = 40
FORBIDDEN_ROOMS = {"utils", "common", "helpers", "base", "manager", "misc"}
OUTSIDE_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.org|deb\.debian\.org")


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = (ROOT / line for line in listed.stdout.splitlines())
    return sorted(path for path in paths if path.suffix in suffixes and path.is_file())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_files() -> list[Path]:
    return [path for path in tracked(".py") if "migrations/" not in str(path.relative_to(ROOT))]


def test_there_is_code_to_judge() -> None:
    assert len(code_files()) > 20


def test_no_file_is_longer_than_the_bar() -> None:
    long = {str(path.relative_to(ROOT)): n for path in code_files() if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}, f"split by noun (at most {MOST_LINES} lines): {long}"


def test_no_function_is_longer_than_the_bar() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} {node.end_lineno - node.lineno + 1}"
        for path in code_files()
        if "tests/" not in str(path.relative_to(ROOT))
        for node in functions(path)
        if node.end_lineno is not None and node.end_lineno - node.lineno + 1 > MOST_FUNCTION_LINES
    ]
    assert long == [], f"at most {MOST_FUNCTION_LINES} lines a function"


def test_no_room_where_things_go_to_hide() -> None:
    assert [
        str(path) for path in code_files() if path.stem in FORBIDDEN_ROOMS or path.parent.name in FORBIDDEN_ROOMS
    ] == []


def test_every_init_file_is_empty() -> None:
    assert [str(path) for path in code_files() if path.name == "__init__.py" and path.read_text().strip()] == []


def test_every_module_has_a_docstring() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in code_files()
        if path.name != "__init__.py"
        and "tests/" not in str(path.relative_to(ROOT))
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_imports_stand_at_the_top_of_the_file() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{inner.lineno}"
        for path in code_files()
        if str(path.relative_to(ROOT)).startswith(("services/", "gateway/"))
        for node in functions(path)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert hidden == [], "an import inside a function is a cycle swept under the carpet"


def test_no_registry_host_is_named_anywhere() -> None:
    text = (".py", ".toml", ".lock", ".yaml", ".yml", ".md", ".json", ".txt", ".ini", ".cfg", ".sh", "")
    named = [
        str(path.relative_to(ROOT))
        for path in tracked(*text)
        if path != Path(__file__) and OUTSIDE_HOSTS.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert named == []


@pytest.mark.parametrize("word", ["commit"])
def test_only_the_runtime_commits(word: str) -> None:
    callers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in code_files()
        if str(path.relative_to(ROOT)).startswith(("services/", "gateway/"))
        and "services/runtime/" not in str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == word
    ]
    assert callers == [], "a request is one transaction: the runtime commits it"
