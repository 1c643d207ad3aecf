"""Every number of a plan by its path, so that one formula serves the plan, a range of it, and thousands of draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from scalebench.procure.purchase_plan import PurchasePlan
from scalebench.procure.quantity import Quantity

Number = float | np.ndarray
Inputs = Mapping[str, Number]
"""Values by path, ``site.pue`` or ``offers.buy-a.capex``: numbers, or arrays of equal length, one entry per draw."""


def quantities(plan: PurchasePlan) -> dict[str, Quantity]:
    """Every quantity of the plan by its path; entries of lists go by their id."""
    return dict(_walk("", plan))


def point(plan: PurchasePlan) -> dict[str, Number]:
    """The plan's own values."""
    return {path: leaf.value for path, leaf in quantities(plan).items()}


def draws(plan: PurchasePlan, count: int, seed: int) -> dict[str, Number]:
    """Independent triangular draws of every quantity that has a range; the others keep their value.

    Args:
        plan: the plan.
        count: draws of each.
        seed: of the generator.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, Number] = {}
    for path, leaf in sorted(quantities(plan).items()):
        ranged = leaf.least < leaf.most
        found[path] = rng.triangular(leaf.least, leaf.value, leaf.most, count) if ranged else leaf.value
    return found


def with_value(plan: PurchasePlan, path: str, value: float) -> PurchasePlan:
    """The plan with another value at one path, which has no range any more; nothing else is checked again."""
    changed: PurchasePlan = _replaced("", plan, path, value)
    return changed


def _replaced(path: str, node: Any, at: str, value: float) -> Any:
    if isinstance(node, Quantity):
        return node.model_copy(update={"value": value, "low": None, "high": None}) if path == at else node
    if isinstance(node, BaseModel):
        inner = {
            name: _replaced(f"{path}.{name}" if path else name, getattr(node, name), at, value)
            for name in type(node).model_fields
        }
        return node.model_copy(update=inner)
    if isinstance(node, Mapping):
        return {name: _replaced(f"{path}.{name}", child, at, value) for name, child in node.items()}
    if isinstance(node, list):
        return [_replaced(f"{path}.{getattr(child, 'id', '')}", child, at, value) for child in node]
    return node


def _walk(path: str, node: object) -> Iterator[tuple[str, Quantity]]:
    if isinstance(node, Quantity):
        yield path, node
    elif isinstance(node, BaseModel):
        for name in type(node).model_fields:
            yield from _walk(f"{path}.{name}" if path else name, getattr(node, name))
    elif isinstance(node, Mapping):
        for name, child in node.items():
            yield from _walk(f"{path}.{name}", child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(f"{path}.{getattr(child, 'id', '')}", child)
