"""The smallest suite that decides given claims, under their source's conditions where a suite can state them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from ruamel.yaml import YAML

from scalebench.claims.base_part import GroupNeed
from scalebench.claims.registry import Claim
from scalebench.errors import ClaimError
from scalebench.suite.case import COUNT
from scalebench.suite.suite_schema import Suite
from scalebench.suite.variant import parse_at


def suite_for(claims: Sequence[Claim], name: str) -> dict[str, Any]:
    """Content of a suite file that measures, or counts, just what the claims need.

    Batch and threads are those of the sources; where claims differ in the batch, what no claim needs is excluded.

    Raises:
        ClaimError: none of the claims can be decided by a suite.
    """
    decidable = [claim for claim in claims if claim.parts]
    if not decidable:
        reasons = "; ".join(f"{claim.id}: {claim.cannot}" for claim in claims)
        raise ClaimError(f"no suite decides these claims: {reasons}", "scalebench claims says which can be decided")
    runs = [run for claim in decidable for run in _runs(claim)]
    content: dict[str, Any] = {
        "schema": 1,
        "name": name,
        "title": f"What decides {', '.join(claim.id for claim in decidable)}"[:200],
        "models": _model_entries(runs, [group for claim in decidable for group in _groups(claim)]),
        "grid": _grid(decidable, runs),
        "exclude": _excluded(runs),
        "protocol": "standard",
        "claims": [claim.id for claim in decidable],
    }
    if not any(claim.measured for claim in decidable):
        # A claim of pure arithmetic needs nothing, but a suite needs at least one model.
        counts = [text for claim in decidable for need in claim.needs() for text in need.counts] or ["resnet18@224"]
        content |= {"models": _model_entries([(text, 1, "auto") for text in counts], []), "grid": {"mode": [COUNT]}}
    suite = {key: value for key, value in content.items() if value != []}
    Suite.model_validate(suite)
    return suite


def as_yaml(suite: dict[str, Any], command: str) -> str:
    """The suite as a YAML file that starts with the command that wrote it."""
    yaml = YAML(typ="rt")
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.default_flow_style = None
    text = io.StringIO()
    yaml.dump(suite, text)
    return f"# Written by: {command}\n{text.getvalue()}"


Run = tuple[str, int, Any]
"""``MODEL@PIXELS``, batch, threads."""


def _runs(claim: Claim) -> list[Run]:
    threads = claim.under.threads or "auto"
    return [
        (text, batch, threads)
        for need in claim.needs()
        for text, batch in product(need.cases, need.batches or (claim.under.batch or 1,))
    ]


def _groups(claim: Claim) -> list[GroupNeed]:
    return [group for need in claim.needs() for group in need.groups]


def _model_entries(runs: Iterable[Run], groups: Iterable[GroupNeed]) -> list[dict[str, Any]]:
    """Entries that name every case once: models with the same resolutions share an entry."""
    by_model: dict[str, set[int]] = {}
    for text, _, _ in runs:
        variant, resolution = parse_at(text)
        by_model.setdefault(variant.name, set()).add(resolution or 0)
    by_resolutions: dict[tuple[int, ...], list[str]] = {}
    for model, resolutions in by_model.items():
        by_resolutions.setdefault(tuple(sorted(resolutions)), []).append(model)
    entries: list[dict[str, Any]] = [
        {"timm": models, "resolution": list(sizes)} for sizes, models in by_resolutions.items()
    ]
    by_target: dict[tuple[str, tuple[float, ...]], dict[str, None]] = {}
    for group in groups:
        by_target.setdefault((group.base, group.targets), {}).update(dict.fromkeys(group.methods))
    return entries + [
        {"scale": base, "by": list(methods), "target": list(targets)} for (base, targets), methods in by_target.items()
    ]


def _grid(claims: Sequence[Claim], runs: Sequence[Run]) -> dict[str, list[Any]]:
    by_group = [(claim.under.batch or 1, claim.under.threads or "auto") for claim in claims if _groups(claim)]
    return {
        "batch": sorted({batch for _, batch, _ in runs} | {batch for batch, _ in by_group}),
        "threads": sorted({number for _, _, number in runs} | {number for _, number in by_group}, key=str),
        "device": sorted({claim.only or "auto" for claim in claims if claim.measured}),
    }


def _excluded(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Pairs of case and batch of the grid that no claim needs.

    Threads are not excluded: only the machine knows the number behind ``auto``.
    """
    needed = {(text, batch) for text, batch, _ in runs}
    rules = []
    for text, batch in product(dict.fromkeys(run[0] for run in runs), dict.fromkeys(run[1] for run in runs)):
        if (text, batch) not in needed:
            variant, resolution = parse_at(text)
            rules.append({"model": variant.name, "resolution": resolution, "batch": batch})
    return rules
