"""The network policies and the admission policy of the chart, interpreted as a cluster does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from builders import SETTINGS, make_gemini, make_pdfjob
from chart.helm import NAMESPACE, RELEASE, Helm, Manifest, one, pods
from pdfjob_operator.configuration.pod_policy import is_reserved_label
from pdfjob_operator.garbage_collection.sweep_job import Claim, sweep_job
from pdfjob_operator.objects.manifests.jobs import chunks_job, merge_job, prepare_job


CRD = Path(__file__).parents[2] / "crds" / "pdfjobs.pdfjob.dev.yaml"
ON = "--set=networkPolicy.enabled=true"
OPERATOR = f"{RELEASE}-pdfjob-operator"
REFERENCES, PODS = f"{OPERATOR}-{NAMESPACE}", f"{OPERATOR}-{NAMESPACE}-pods"
NOWHERE: set[str] = set()
DNS = {"53/UDP anywhere", "53/TCP anywhere"}
OUTSIDE = {"443/TCP outside"}


def worker_labels(processor: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the labels of the pods of a PdfJob, and of a sweep, by stage."""
    job = make_pdfjob(processor=processor)
    jobs = {
        "prepare": prepare_job(job, SETTINGS, seconds=60),
        "chunks": chunks_job(job, SETTINGS, total=4, pages=120, seconds=60),
        "merge": merge_job(job, SETTINGS, unfinished=None, seconds=60),
        "sweep": sweep_job(Claim("books", "c"), SETTINGS, 1),
    }
    return {stage: job["spec"]["template"]["metadata"]["labels"] for stage, job in jobs.items()}


TEXT, GEMINI = worker_labels({"text": {}}), worker_labels(make_gemini())


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    def holds(term: dict[str, Any]) -> bool:
        if term["operator"] == "Exists":
            return term["key"] in labels
        assert term["operator"] == "In"
        return labels.get(term["key"]) in term["values"]

    wanted = selector.get("matchLabels", {}).items()
    return wanted <= labels.items() and all(holds(term) for term in selector.get("matchExpressions", ()))


def policies(manifests: list[Manifest], labels: dict[str, str], namespace: str = "books") -> list[dict[str, Any]]:
    """Return the specs of all network policies that select a pod; there must be at least one for each direction."""
    found = [
        manifest["spec"]
        for manifest in manifests
        if manifest["kind"] == "NetworkPolicy"
        and manifest["metadata"]["namespace"] == namespace
        and selects(manifest["spec"]["podSelector"], labels)
    ]
    assert {"Ingress", "Egress"} <= {direction for spec in found for direction in spec["policyTypes"]}
    return found


def reach(manifests: list[Manifest], labels: dict[str, str], namespace: str = "books") -> set[str]:
    """Return the destinations that a pod may reach, in words."""
    return {
        f"{port['port']}/{port['protocol']} {_whither(rule)}"
        for spec in policies(manifests, labels, namespace)
        for rule in spec.get("egress", ())
        for port in rule["ports"]
    }


def _whither(rule: dict[str, Any]) -> str:
    if "to" not in rule:
        return "anywhere"
    if all("ipBlock" in peer for peer in rule["to"]):
        assert {peer["ipBlock"]["cidr"] for peer in rule["to"]} == {"0.0.0.0/0", "::/0"}
        return "outside"
    (peer,) = rule["to"]
    return str(peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"])


def test_pods_reach_only_what_they_need(helm: Helm) -> None:
    rendered = helm.render(ON, "--set=redis.enabled=true")
    redis = {"6379/TCP pdfjob-operator-redis"}

    assert {stage: reach(rendered, labels) for stage, labels in TEXT.items()} == {
        "prepare": NOWHERE,
        "chunks": NOWHERE,
        "merge": NOWHERE,
        "sweep": NOWHERE,
    }
    assert {stage: reach(rendered, labels) for stage, labels in GEMINI.items()} == {
        "prepare": DNS | OUTSIDE | redis,
        "chunks": DNS | OUTSIDE | redis,
        "merge": NOWHERE,
        "sweep": NOWHERE,
    }


def test_pods_of_pdfjobs_have_no_ingress(helm: Helm) -> None:
    rendered = helm.render(ON)

    for labels in (*TEXT.values(), *GEMINI.values()):
        assert not any(spec.get("ingress") for spec in policies(rendered, labels))


def test_the_operator_reaches_the_api_server_and_redis_and_has_one_open_port(helm: Helm) -> None:
    rendered = helm.render(ON, "--set=redis.url=redis://cache.example.com:6380/0")
    labels = pods(rendered)[OPERATOR]["metadata"]["labels"]
    (policy,) = policies(rendered, labels)

    assert reach(rendered, labels) == DNS | {"443/TCP anywhere", "6443/TCP anywhere", "6380/TCP anywhere"}
    assert policy["ingress"] == [{"ports": [{"port": "health", "protocol": "TCP"}]}]


@pytest.mark.parametrize(
    ("given", "redis"),
    [
        ("redis.enabled=true", {"6379/TCP pdfjob-operator-redis"}),
        ("redis.url=redis://cache.example.com:6380/0", {"6380/TCP anywhere"}),
        ("redis.urlSecretRef.name=redis", NOWHERE),
    ],
)
def test_pods_also_reach_the_redis_that_a_secret_names(helm: Helm, given: str, redis: set[str]) -> None:
    rendered = helm.render(ON, f"--set=redis.urlSecretRef.name=redis,{given}")
    operator = pods(rendered)[OPERATOR]["metadata"]["labels"]

    assert reach(rendered, GEMINI["chunks"]) == DNS | OUTSIDE | redis | {"6379/TCP anywhere"}
    assert reach(rendered, TEXT["chunks"]) == NOWHERE
    assert reach(rendered, operator) == DNS | {"443/TCP anywhere", "6443/TCP anywhere"} | redis


def test_private_networks_do_not_count_as_outside(helm: Helm) -> None:
    blocks = [
        peer["ipBlock"]
        for policy in policies(helm.render(ON), GEMINI["prepare"])
        for rule in policy.get("egress", ())
        for peer in rule.get("to", ())
    ]
    private = {network for block in blocks for network in block["except"]}

    assert private >= {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"}
    assert all((":" in network) == (":" in block["cidr"]) for block in blocks for network in block["except"])


def test_extra_egress_applies_to_gemini_pods(everything: list[Manifest]) -> None:
    proxy = "3128/TCP anywhere"

    assert proxy in reach(everything, GEMINI["chunks"]) & reach(everything, GEMINI["prepare"])
    assert not any(proxy in reach(everything, labels) for labels in (*TEXT.values(), GEMINI["merge"]))


@pytest.mark.parametrize("namespace", ["books", "scans", "archive"])
def test_every_namespace_with_pdfjobs_has_network_policies(everything: list[Manifest], namespace: str) -> None:
    assert reach(everything, GEMINI["chunks"], namespace) > DNS


def redis_admits(rendered: list[Manifest], labels: dict[str, str], namespace: str) -> bool:
    """Return whether Redis admits a pod with these labels in this namespace."""
    (policy,) = policies(rendered, pods(rendered)[f"{OPERATOR}-redis"]["metadata"]["labels"])
    (rule,) = policy["ingress"]
    assert rule["ports"] == [{"port": "redis"}]
    where = {"kubernetes.io/metadata.name": namespace}
    return any(
        selects(peer["podSelector"], labels)
        and (selects(peer["namespaceSelector"], where) if "namespaceSelector" in peer else namespace == "books")
        for peer in rule["from"]
    )


def test_redis_admits_only_pods_that_need_it_and_has_no_egress(helm: Helm) -> None:
    rendered = helm.render("--set=redis.enabled=true")  # it has no password, so it is never without
    pods_of = {name: pod["metadata"]["labels"] for name, pod in pods(rendered).items()}
    (policy,) = policies(rendered, pods_of[f"{OPERATOR}-redis"])
    admitted = {stage for stage, labels in GEMINI.items() if redis_admits(rendered, labels, "scans")}

    assert policy["egress"] == []
    assert admitted == {"prepare", "chunks"}
    assert not any(redis_admits(rendered, labels, "scans") for labels in TEXT.values())
    assert redis_admits(rendered, pods_of[OPERATOR], "books")
    assert not redis_admits(rendered, pods_of[OPERATOR], "scans")
    assert not redis_admits(rendered, pods_of[f"{OPERATOR}-test"], "books")


def test_redis_admits_pods_of_watched_namespaces_only(helm: Helm) -> None:
    rendered = helm.render("--set=redis.enabled=true", "--set=watchNamespaces={scans,archive}")
    chunks = GEMINI["chunks"]

    assert [name for name in ("scans", "archive", "other") if redis_admits(rendered, chunks, name)] == [
        "scans",
        "archive",
    ]


def references(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each field of a spec that names a Secret or a claim."""
    for name, inner in schema.get("properties", {}).items():
        here = (*path, name)
        if name.endswith(("SecretName", "claimName", "ClaimName", "PullSecrets")):
            yield here
        elif name.endswith("SecretRef"):
            yield (*here, "name")
        else:
            yield from references(inner, here)


def test_the_admission_policy_checks_every_field_that_names_a_secret_or_claim(helm: Helm) -> None:
    spec = one(helm.render(), "ValidatingAdmissionPolicy", REFERENCES)["spec"]
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    named = {*references(version["schema"]["openAPIV3Schema"]["properties"]["spec"], ("spec",))}
    seen = set()

    # Those that follow are about claims that a PdfJob gets.
    for variable, rule in zip(spec["variables"][: len(named)], spec["validations"][: len(named)], strict=True):
        places = re.findall(r"\b(object|oldObject)\.(spec[.?\w]+)\.orValue", variable["expression"])
        ((path, *others),) = [{place for _, place in places}]
        assert ({owner for owner, _ in places}, others) == ({"object", "oldObject"}, [])
        assert f"variables.{variable['name']} ==" in rule["expression"]
        assert path.replace(".?", ".") in rule["messageExpression"]
        seen.add(tuple(path.split(".?")))

    assert len(named) >= 4
    assert seen == named


def test_the_admission_policy_fails_closed_and_says_what_to_do(helm: Helm) -> None:
    rendered = helm.render()
    policy = one(rendered, "ValidatingAdmissionPolicy", REFERENCES)
    binding = one(rendered, "ValidatingAdmissionPolicyBinding", REFERENCES)["spec"]
    (rule,) = policy["spec"]["matchConstraints"]["resourceRules"]

    assert policy["spec"]["failurePolicy"] == "Fail"
    assert (rule["operations"], rule["resources"]) == (["CREATE", "UPDATE"], ["pdfjobs"])
    assert (binding["policyName"], binding["validationActions"]) == (policy["metadata"]["name"], ["Deny"])
    assert all(
        "ask an administrator for the permission" in validation["messageExpression"]
        for validation in policy["spec"]["validations"]
    )


@pytest.mark.parametrize("policy", [REFERENCES, PODS])
def test_the_admission_policies_apply_to_namespaces_that_are_not_watched(helm: Helm, policy: str) -> None:
    rendered = helm.render("--set=watchNamespaces={a,b}")
    constraints = one(rendered, "ValidatingAdmissionPolicy", policy)["spec"]["matchConstraints"]

    assert constraints.keys() == {"resourceRules"}
    assert "matchResources" not in one(rendered, "ValidatingAdmissionPolicyBinding", policy)["spec"]


def test_the_admission_policy_of_pods_judges_every_field_of_spec_pod(helm: Helm) -> None:
    policy = one(helm.render(), "ValidatingAdmissionPolicy", PODS)["spec"]
    binding = one(helm.render(), "ValidatingAdmissionPolicyBinding", PODS)["spec"]
    (version,) = yaml.safe_load(CRD.read_text())["spec"]["versions"]
    fields = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["pod"]["properties"]

    judged = {re.match(r"spec\.pod\.(\w+)", validation["message"])[1] for validation in policy["validations"]}  # type: ignore[index]
    assert judged == fields.keys()
    assert (policy["failurePolicy"], binding["validationActions"]) == ("Fail", ["Deny"])


def test_the_admission_policy_of_pods_has_the_lists_of_the_pod_policy(everything: list[Manifest]) -> None:
    policy = one(everything, "ValidatingAdmissionPolicy", f"pdfs-{NAMESPACE}-pods")["spec"]
    variables = {variable["name"]: variable["expression"] for variable in policy["variables"]}
    expressions = " ".join(validation["expression"] for validation in policy["validations"])

    assert json.loads(variables["maxResources"]) == {"cpu": "1", "memory": "4Gi", "nvidia.com/gpu": "1"}
    assert json.loads(variables["nodeLabels"]) == ["pool"]
    for allowed in ('["spot"]', '["night",""]', '["pdfjob-runner",""]', '["team"]', '["example.com/cost"]'):
        assert f" in {allowed}" in expressions


def test_the_admission_policy_reserves_the_same_labels_as_the_operator(helm: Helm) -> None:
    policy = one(helm.render(), "ValidatingAdmissionPolicy", PODS)["spec"]
    (literal,) = re.findall(r'matches\("([^"]*)"\)', " ".join(it["expression"] for it in policy["validations"]))
    pattern = literal.replace(r"\\", "\\")  # a CEL string doubles each backslash

    labels = [
        "team",
        "pdfjob.dev/uid",
        "app.kubernetes.io/name",
        "k8s.io/x",
        "kueue.x-k8s.io/q",
        "job-name",
        "ak8s.io/x",
    ]
    labels += ["controller-uid", "kubernetes.io", "x/kubernetes.io", "notpdfjob.dev/x", "pdfjobxdev/x", "my-job-name"]
    assert [re.search(pattern, label) is not None for label in labels] == [is_reserved_label(it) for it in labels]
    assert [label for label in labels if is_reserved_label(label)] == [*labels[1:6], "controller-uid"]
