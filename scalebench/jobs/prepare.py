"""Suite file -> prepared plan with its claims: what ``plan`` and ``run`` start from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scalebench.analysis.probe import check_probe
from scalebench.claims.registry import Claim, Registry, select_claims
from scalebench.errors import StoreError, UnknownNameError
from scalebench.execute.client import Worker
from scalebench.execute.events import Listener, silent
from scalebench.execute.planner import Prepared, prepare
from scalebench.suite.case import PROBE, Case
from scalebench.suite.labelled_images import kept
from scalebench.suite.load import SuiteFile, load_suite
from scalebench.suite.protocol import PROTOCOLS

ENERGY_S = 10.0
"""Shortest window in which a counter that is updated every 100 ms is read to one per cent."""


def prepare_suite(
    path: Path,
    worker: Worker,
    *,
    protocol: str | None = None,
    energy: bool = False,
    keep_host: bool = False,
    registry: Registry | None = None,
    seed: int = 0,
    for_claims: bool = True,
    announce: Listener = silent,
) -> Prepared:
    """Load, check, match and count.

    Args:
        path: suite file.
        worker: answers what needs torch.
        protocol: name of the protocol in place of the suite's own.
        energy: add an energy window to every round, where the suite's protocol has none.
        keep_host: store the host's name instead of its hash.
        registry: claims that can be named; default the shipped ones.
        seed: of the order of the rounds.
        for_claims: also count the models that only claims need, which takes longer than all others.
        announce: hears how far matching and counting are.

    Raises:
        SuiteError: whatever is wrong with the file, with its line.
    """
    file = load_suite(path)
    if protocol is not None:
        file = file.with_protocol(PROTOCOLS[protocol])
    if energy and not file.suite.timing.energy_s:
        file = file.with_protocol(replace(file.suite.timing, energy_s=ENERGY_S))
    claims = claims_of(file, registry)
    ids, counts = [claim.id for claim in claims], counts_for(claims if for_claims else ())
    prepared = prepare(file, worker, ids, counts, announce, keep_host)
    _check_probe(file, prepared)
    return replace(prepared, plan=replace(prepared.plan, seed=seed))


def _check_probe(file: SuiteFile, prepared: Prepared) -> None:
    probed = next((case for case in prepared.plan.cases if case.mode == PROBE), None)
    if probed is None:
        return
    try:
        check_probe(kept(probed.data).train)
    except StoreError as error:
        raise file.error(("data",), error.message, error.hint) from None


def counts_for(claims: Iterable[Claim]) -> dict[Case, tuple[str, ...]]:
    """Models that must be counted to decide the claims, with the modes whose static memory is needed."""
    modes: dict[Case, tuple[str, ...]] = {}
    for claim in claims:
        for case, peaks in claim.counts().items():
            modes[case] = tuple(dict.fromkeys((*modes.get(case, ()), *peaks)))
    return modes


def claims_of(file: SuiteFile, registry: Registry | None = None) -> tuple[Claim, ...]:
    """Claims that the suite names.

    Raises:
        SuiteError: an unknown id, with its line.
    """
    try:
        return select_claims(file.suite.claims, registry)
    except UnknownNameError as error:
        raise file.error(("claims", *error.location), error.message, error.hint) from None
