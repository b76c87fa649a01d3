"""The alerts: each fires when it should, stays silent when it should, and has a runbook."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.monitoring.expressions import PROJECT, RULES
from chart.monitoring.promtool import promtool


CASES = Path(__file__).parent / "alerts"
RUNBOOKS = PROJECT / "docs" / "runbooks"
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]
}


@pytest.mark.needs("promtool")
def test_promtool_accepts_the_rules() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_and_only_then(alert: str) -> None:
    case = CASES / f"{alert}.yaml"

    promtool("test", "rules", case)

    checks = [
        check
        for test in yaml.safe_load(case.read_text())["tests"]
        for check in test["alert_rule_test"]
        if check["alertname"] == alert
    ]
    assert any(check["exp_alerts"] for check in checks)
    assert any(not check["exp_alerts"] for check in checks)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_describes_the_problem_and_links_its_runbook(alert: str) -> None:
    rule = ALERTS[alert]

    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbooks/{alert}.md"
    page = (RUNBOOKS / f"{alert}.md").read_text()
    assert page.startswith(f"# {alert}\n")
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Meaning",
        "## Impact",
        "## Diagnosis",
        "## Mitigation",
        "## Resolution",
    ]


def test_each_runbook_and_each_case_belongs_to_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.iterdir()} == set(ALERTS)
    assert {path.stem for path in CASES.iterdir()} == set(ALERTS)
    listed = (PROJECT / "docs" / "monitoring.md").read_text()
    assert [alert for alert in ALERTS if f"(runbooks/{alert}.md)" not in listed] == []
