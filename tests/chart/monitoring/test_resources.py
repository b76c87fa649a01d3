"""The chart's resources for Prometheus and Grafana."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chart.helm import CHART, CI, MONITORING, OPERATOR, Helm, Manifest, environment, one, pods, values
from chart.monitoring.expressions import PROJECT
from chart.monitoring.promtool import promtool
from pdfjob_operator.configuration.environment import load_settings
from tools.builds import binaries
from unit.docs.test_examples import closed


KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule")


@pytest.fixture(scope="module")
def prometheus_crds() -> dict[str, dict[str, Any]]:
    """The schemas of the Prometheus Operator's CRDs, by kind."""
    folder = binaries.find_prometheus_crds()
    assert folder, "the CRDs are missing: `make test-cluster` downloads them"
    crds = [yaml.safe_load((folder / f"monitoring.coreos.com_{kind.lower()}s.yaml").read_text()) for kind in KINDS]
    return {crd["spec"]["names"]["kind"]: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for crd in crds}


def test_every_field_is_in_the_crds_of_the_prometheus_operator(
    prometheus_crds: dict[str, dict[str, Any]], rendered: list[Manifest]
) -> None:
    for manifest in rendered:
        if (kind := manifest["kind"]) in KINDS:
            assert manifest["apiVersion"] == "monitoring.coreos.com/v1"
            schema = closed(prometheus_crds[kind]["properties"]["spec"])
            # The schema itself is not checked: it has a pattern of Go that Python does not know.
            jsonschema.Draft7Validator(schema).validate(manifest["spec"])


def test_every_kind_of_the_prometheus_operator_is_in_an_example(helm: Helm) -> None:
    found = {manifest["kind"] for file in CI for manifest in helm.render(*values(file))}

    assert {*KINDS} <= found


@pytest.mark.parametrize(
    ("path", "kind"),
    [(f"{kind[0].lower()}{kind[1:]}", kind) for kind in KINDS],
)
def test_the_render_mode_decides_about_resources_of_a_missing_crd(helm: Helm, path: str, kind: str) -> None:
    def kinds(mode: str, *known: str) -> set[str]:
        settings = f"--set=metrics.{path}.enabled=true,metrics.{path}.renderMode={mode}"
        return {manifest["kind"] for manifest in helm.render(settings, *known)}

    assert kind not in kinds("skipIfMissing")
    assert all(kind in kinds(mode, *MONITORING) for mode in ("skipIfMissing", "failIfMissing"))
    assert kind in kinds("alwaysRender")
    refusal = helm.refusal(f"--set=metrics.{path}.enabled=true,metrics.{path}.renderMode=failIfMissing")
    assert f"the cluster has no {kind} CRD: install the Prometheus Operator first" in refusal


def test_monitors_select_the_port_of_the_operator(helm: Helm, everything: list[Manifest]) -> None:
    service = one(everything, "Service", "pdfs-metrics")
    monitor = one(everything, "ServiceMonitor")
    (port,) = service["spec"]["ports"]
    pod = pods(everything)["pdfs"]
    rendered = helm.render(*values(CHART / "ci" / "monitoring-values.yaml"))
    pod_monitor = one(rendered, "PodMonitor")["spec"]

    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == port["name"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert [named["name"] for named in pod["spec"]["containers"][0]["ports"]] == [port["targetPort"]]
    assert pod_monitor["podMetricsEndpoints"][0]["port"] == port["targetPort"]
    assert pod_monitor["selector"]["matchLabels"].items() <= pods(rendered)[OPERATOR]["metadata"]["labels"].items()


def test_two_monitors_at_once_are_refused(helm: Helm) -> None:
    both = "--set=metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true"

    assert "enable only one of them" in helm.refusal(both)


def test_by_default_rules_and_dashboard_are_those_of_the_files(everything: list[Manifest]) -> None:
    dashboard = one(everything, "ConfigMap", "pdfs-dashboard")

    assert one(everything, "PrometheusRule")["spec"] == yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
    assert dashboard["data"]["pdfjob.json"].strip() == (CHART / "files" / "dashboard.json").read_text().strip()
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_the_number_of_named_namespaces_reaches_the_operator(helm: Helm) -> None:
    def limit(*settings: str) -> int:
        return load_settings(environment(helm.render(*settings))).metrics_max_namespaces

    assert (limit(), limit("--set=metrics.maxNamespaces=0"), limit("--set=metrics.maxNamespaces=300")) == (20, 0, 300)


def test_alerts_link_to_the_runbooks_of_an_administrator(helm: Helm) -> None:
    for base in ("https://docs.example.com/runbooks", "https://docs.example.com/runbooks/"):
        for rule in alerts(helm, f"runbookBaseUrl={base}").values():
            page = rule["annotations"]["runbook_url"].removeprefix("https://docs.example.com/runbooks/")
            assert (PROJECT / "docs" / "runbooks" / page).exists()
            assert "runbook" not in rule["annotations"]


THRESHOLDS = [
    (alert, name)
    for alert, settings in yaml.safe_load((CHART / "values.yaml").read_text())["metrics"]["prometheusRule"][
        "alerts"
    ].items()
    for name in settings
]


def test_each_threshold_and_time_can_be_set(helm: Helm) -> None:
    given = {setting: number for number, setting in enumerate(THRESHOLDS, 1000)}
    times = [f"alerts.{alert}.for={number}m" for (alert, name), number in given.items() if name == "for"]
    thresholds = [f"alerts.{alert}.{name}={number}.5" for (alert, name), number in given.items() if name != "for"]

    found = alerts(helm, *times, *thresholds)

    for (alert, name), number in given.items():
        if name == "for":
            assert found[alert]["for"] == f"{number}m"
        else:
            assert re.search(rf"[<>] {number}\.5,?  # {name}$", found[alert]["expr"], re.MULTILINE)


def test_every_alert_has_values(helm: Helm) -> None:
    found = alerts(helm)

    assert {alert for alert, _ in THRESHOLDS} == set(found)
    for alert, rule in found.items():
        assert set(re.findall(r"  # (\w+)$", rule["expr"], re.MULTILINE)) | {"for"} == {
            name for of, name in THRESHOLDS if of == alert
        }


@pytest.mark.parametrize(
    "given", ["PdfJobStalled.for=soon", "PdfJobStalled.stalledSeconds=long", "PdfJobStaled.for=5m"]
)
def test_a_value_that_is_no_threshold_or_time_of_an_alert_is_refused(helm: Helm, given: str) -> None:
    refusal = helm.refusal(f"--set=metrics.prometheusRule.alerts.{given}")

    assert "alerts" in refusal


@pytest.mark.needs("promtool")
def test_prometheus_accepts_rules_with_other_thresholds_and_applies_them(helm: Helm, tmp_path: Path) -> None:
    given = [f"alerts.{alert}.{name}={'7m' if name == 'for' else '1000000'}" for alert, name in THRESHOLDS]
    changed = one(render(helm, *given), "PrometheusRule")["spec"]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump(changed))
    promtool("check", "rules", "--lint=all", "--lint-fatal", tmp_path / "all.yaml")

    sooner = one(render(helm, "alerts.PdfJobStalled.stalledSeconds=600"), "PrometheusRule")["spec"]
    (tmp_path / "sooner.yaml").write_text(yaml.safe_dump(sooner))
    series = [{"series": 'pdfjob_longest_stall_seconds{pdfjob_namespace="books"}', "values": "0+60x60"}]
    test = {
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": 'count(ALERTS{alertname="PdfJobStalled",alertstate="firing",namespace="books"})',
                "eval_time": "17m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump({"rule_files": ["sooner.yaml"], "tests": [test]}))
    promtool("test", "rules", tmp_path / "test.yaml")


def render(helm: Helm, *given: str) -> list[Manifest]:
    """Render the chart with the alerts, and values of them."""
    settings = ["enabled=true", "renderMode=alwaysRender", *given]
    return helm.render(*(f"--set=metrics.prometheusRule.{setting}" for setting in settings))


def alerts(helm: Helm, *given: str) -> dict[str, Manifest]:
    """Return the rendered alerts by name."""
    groups = one(render(helm, *given), "PrometheusRule")["spec"]["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}
