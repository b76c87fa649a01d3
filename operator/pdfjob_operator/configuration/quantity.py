"""Kubernetes quantities such as `500m` or `4Gi`.

Format: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/.
"""

from __future__ import annotations

from lightkube.utils.quantity import parse_quantity


class QuantityError(ValueError):
    """The value is not a quantity."""


def parse_number(quantity: object) -> int:
    """Return the whole part of a quantity: for memory, its bytes. JSON and YAML may hold it as a number.

    Raises:
        QuantityError: It is not a quantity.
    """
    if isinstance(quantity, bool) or not isinstance(quantity, str | int | float):
        raise QuantityError(f"{quantity!r} is not a quantity")
    try:
        return int(parse_quantity(str(quantity)) or 0)
    except ValueError as error:
        raise QuantityError(f"{quantity!r} is not a quantity") from error


def format_mebibytes(number: int) -> str:
    """Format a number of bytes as whole mebibytes, rounded down."""
    return f"{number // 2**20}Mi"
