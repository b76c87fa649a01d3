"""The chart's resources for Prometheus and Grafana."""

import pytest
import yaml

from chart.helm import CHART, MONITORING, OPERATOR, Helm, Manifest, one, pods, values


@pytest.mark.parametrize(
    ("path", "kind"),
    [("serviceMonitor", "ServiceMonitor"), ("podMonitor", "PodMonitor"), ("prometheusRule", "PrometheusRule")],
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


def test_rules_and_dashboard_are_rendered_unchanged(everything: list[Manifest]) -> None:
    dashboard = one(everything, "ConfigMap", "pdfs-dashboard")

    assert one(everything, "PrometheusRule")["spec"] == yaml.safe_load((CHART / "files" / "rules.yaml").read_text())
    assert dashboard["data"]["pdfjob.json"].strip() == (CHART / "files" / "dashboard.json").read_text().strip()
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
