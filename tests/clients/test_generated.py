"""Typed clients generate from the schema under strict settings: from the file, and from the running gateway."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from gateway.errors import Code
from gateway.scalars import SCALARS
from tests.clients.conftest import run
from tests.clients.system import Processes
from tools.clients import PROJECT

STRICT = ("strict", "noUncheckedIndexedAccess", "exactOptionalPropertyTypes", "noPropertyAccessFromIndexSignature")


def test_generated_code_and_the_programs_pass_the_strict_compiler(generated: Path) -> None:
    options = json.loads((PROJECT / "tsconfig.json").read_text(encoding="utf-8"))
    assert {name: options["compilerOptions"][name] for name in STRICT} == dict.fromkeys(STRICT, True)
    assert options["include"] == ["src", "generated", "codegen.ts"]
    run("npm", "run", "check")


def test_the_strict_compiler_does_look_at_them(generated: Path) -> None:
    wrong = generated / "wrong.ts"
    wrong.write_text(
        'import type { Payslip } from "./schema";\nexport const net = (slip: Payslip): number => slip.net;\n'
    )
    try:
        done = subprocess.run(["npm", "run", "check"], cwd=PROJECT, capture_output=True, text=True, check=False)
    finally:
        wrong.unlink()
    assert done.returncode != 0
    assert "generated/wrong.ts" in done.stdout
    assert "TS2322" in done.stdout


def without_comments(file: Path) -> str:
    """Generated code without the descriptions, of which the generator loses the scalars' when it reads over HTTP."""
    return re.sub(r"^ */\*\*.*?\*/\n", "", file.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def test_no_type_of_the_schema_is_any(generated: Path) -> None:
    text = (generated / "schema.ts").read_text(encoding="utf-8")
    assert not re.search(
        r"\bany\b|\bunknown\b", re.sub(r"/\*\*.*?\*/|extends \{ \[key: string\]: unknown \}", "", text, flags=re.DOTALL)
    )
    scalars = re.search(r"export type Scalars = \{(.*?)\n\};", text, re.DOTALL)
    assert scalars is not None
    own = dict(re.findall(r"^  (\w+): \{ input: (\w+); output: \w+; \}$", scalars[1], re.MULTILINE))
    assert {name: own[name] for name in (scalar.name for scalar in SCALARS.values())} == {
        scalar.name: "string" for scalar in SCALARS.values()
    }


def test_each_object_with_an_id_is_known_to_the_caches(generated: Path) -> None:
    text = (generated / "possible-types.ts").read_text(encoding="utf-8")
    schema = (PROJECT.parents[1] / "gateway" / "schema.graphql").read_text(encoding="utf-8")
    nodes = set(re.findall(r"^type (\w+) implements Node", schema, re.MULTILINE))
    assert nodes
    assert set(re.findall(r'"(\w+)"', text)) >= nodes


def test_the_sample_s_error_codes_are_the_published_ones() -> None:
    text = (PROJECT / "src" / "typed" / "errors.ts").read_text(encoding="utf-8")
    listed = text.partition("export type ErrorCode =")[2].partition(";")[0]
    assert re.findall(r'"(\w+)"', listed) == [code.value for code in Code]


@pytest.mark.parametrize("kind", ["system", "production"])
def test_the_generator_reads_the_schema_over_http_as_from_the_file(
    generated: Path, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    at: Processes = request.getfixturevalue(kind)
    given = {"SCHEMA": f"{at.urls['gateway']}/graphql", "TOKEN": at.token, "GENERATED": str(tmp_path)}
    run("node_modules/.bin/graphql-codegen", "--config", "codegen.ts", **given)
    for name in ("schema.ts", "possible-types.ts", "client/graphql.ts"):
        assert without_comments(tmp_path / name) == without_comments(generated / name)


def test_in_production_the_generator_needs_a_token(production: Processes, tmp_path: Path) -> None:
    given = {"SCHEMA": f"{production.urls['gateway']}/graphql", "GENERATED": str(tmp_path)}
    with pytest.raises(AssertionError, match="the schema is shown to callers with a token only"):
        run("node_modules/.bin/graphql-codegen", "--config", "codegen.ts", **given)


def test_the_lock_names_no_address_of_a_package() -> None:
    lock = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert [name for name, one in packages.items() if not one["integrity"].startswith("sha512-")] == []
