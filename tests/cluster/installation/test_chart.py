"""The chart as it is installed; what Helm renders is looked at in tests/chart."""

from tools.kubectl.client import Kubectl


def test_the_operator_may_not_read_secrets_and_has_no_wildcard(operator: Kubectl) -> None:
    account = f"--as=system:serviceaccount:{operator.namespace}:pdfjob-pdfjob-operator"

    allowed = operator.run("auth", "can-i", "--list", account, "--no-headers")

    ours = [line for line in allowed.splitlines() if line and not line.startswith((" ", "selfsubject"))]
    assert "secrets" not in allowed
    assert not any("*" in line for line in ours)
