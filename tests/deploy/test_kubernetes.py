"""The manifests, rendered by kubectl and held to Kubernetes' own schemas and to the supervisor."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from jobs_runtime.database import Connection
from jobs_supervisor.cli import cli
from jobs_supervisor.settings import DEFAULTS

ROOT = Path(__file__).parents[2] / "deploy" / "kubernetes"
OVERLAYS = ("plain", "production")
VERSIONS = ("1.29", "1.37")
"""The oldest and the newest Kubernetes that the manifests are held to."""

FOREIGN = {"PodMonitor", "ScaledObject", "TriggerAuthentication"}
"""Kinds of operators, of which Kubernetes has no schema."""

Manifest = dict[str, Any]

needs_kubectl = pytest.mark.skipif(
    shutil.which("kubectl") is None, reason="kubectl is not installed"
)


def read(path: str) -> Manifest:
    return yaml.safe_load((ROOT / path).read_text())


def rendered(overlay: str) -> list[Manifest]:
    done = subprocess.run(
        ["kubectl", "kustomize", str(ROOT / "overlays" / overlay)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def only(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def pod_of(manifest: Manifest) -> Manifest:
    return manifest["spec"]["template"]["spec"]


def config() -> dict[str, str]:
    (generated,) = read("base/kustomization.yaml")["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in generated["literals"])


@needs_kubectl
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_manifest_fits_its_schema(overlay: str, version: str) -> None:
    manifests = rendered(overlay)
    for manifest in manifests:
        if manifest["kind"] not in FOREIGN:
            kubernetes_validate.validate(manifest, version, strict=True)
        assert manifest["metadata"]["namespace"] == "shop"
    names = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
    assert len(set(names)) == len(names)


@needs_kubectl
def test_references_lead_to_what_is_rendered() -> None:
    manifests = rendered("production")
    deployment = only(manifests, "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    (container,) = pod_of(deployment)["containers"]
    (source,) = container["envFrom"]
    assert source["configMapRef"]["name"] == only(manifests, "ConfigMap")["metadata"]["name"]
    account = only(manifests, "ServiceAccount")["metadata"]["name"]
    assert pod_of(deployment)["serviceAccountName"] == account
    for kind in ("PodDisruptionBudget", "PodMonitor", "Deployment"):
        assert only(manifests, kind)["spec"]["selector"]["matchLabels"].items() <= labels
    policy = only(manifests, "NetworkPolicy")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["metrics"] == policy["ingress"][0]["ports"][0]["port"]
    assert only(manifests, "PodMonitor")["spec"]["podMetricsEndpoints"][0]["port"] in ports
    scaled = only(manifests, "ScaledObject")["spec"]
    assert scaled["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    authentication = scaled["triggers"][0]["authenticationRef"]["name"]
    assert authentication == only(manifests, "TriggerAuthentication")["metadata"]["name"]
    assert "replicas" not in deployment["spec"]


@needs_kubectl
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_cluster_that_runs_nothing_as_root_takes_the_pods(overlay: str) -> None:
    manifests = rendered(overlay)
    for kind in ("Deployment", "Job"):
        pod = pod_of(only(manifests, kind))
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]
            values = [variable.get("value", "") for variable in container["env"]]
            assert not any("postgres" in value for value in values), "a secret, by reference"


def test_grace_is_the_drain_and_ten_seconds() -> None:
    drain = float(config()["JOBS_DRAIN"])
    assert drain == DEFAULTS["drain"]
    pod = pod_of(read("base/deployment.yaml"))
    assert pod["terminationGracePeriodSeconds"] == drain + 10 == float(config()["JOBS_GRACE"])


def test_the_configuration_is_what_the_supervisor_reads() -> None:
    parameters = [*cli.params, *cli.commands["check"].params]
    known = {f"JOBS_{parameter.name}".upper() for parameter in parameters if parameter.name}
    assert config().keys() <= known | {"JOBS_RUN_DIR"}
    (container,) = pod_of(read("base/deployment.yaml"))["containers"]
    assert {each["name"] for each in container["env"]} <= known | {"DATABASE_URL"}


def test_probes_ask_what_the_exporter_answers() -> None:
    (container,) = pod_of(read("base/deployment.yaml"))["containers"]
    paths = {
        name: container[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    startup = container["startupProbe"]
    allowed = startup["periodSeconds"] * startup["failureThreshold"]
    assert allowed > DEFAULTS["startup_timeout"] + DEFAULTS["boot_timeout"]


def test_pods_are_scaled_on_jobs_by_workers(connection: Connection) -> None:
    (trigger,) = read("components/autoscaling/scaledobject.yaml")["spec"]["triggers"]
    assert trigger["metadata"]["targetQueryValue"] == config()["JOBS_WORKERS"]
    query = trigger["metadata"]["query"].encode()
    row = connection.execute(query).fetchone()
    assert row == (0,)
    connection.execute(
        "INSERT INTO jobs.job (queue, name, ready, claimed_by)"
        " VALUES ('a', 'b', true, NULL), ('a', 'b', true, 7), ('a', 'b', false, NULL)"
    )
    assert connection.execute(query).fetchone() == (2,)
    for kind, name in (("queue", "b"), ("job", "b"), ("queue", "a")):
        connection.execute("INSERT INTO jobs.pause (kind, name) VALUES (%s, %s)", [kind, name])
        paused = kind == "job" or name == "a"
        assert connection.execute(query).fetchone() == (1 if paused else 2,)
