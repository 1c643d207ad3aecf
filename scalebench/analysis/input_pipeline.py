"""The input pipeline against the models: images per second and core, and how many cores feed one device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scalebench.analysis.stats import Estimate, of_rounds, ratio
from scalebench.record import Environment
from scalebench.store.frame import PREPARING
from scalebench.suite.case import INPUT

ENDS = ("", "_low", "_high")
INPUTS = [
    "machine", "decoder", "camera", "resolution", "processes", *(f"per_core_ips{end}" for end in ENDS), "n",
    "throughput_ips", "latency_s", *PREPARING, "case",
]  # fmt: skip
FEEDING = [
    "machine", "model", "resolution", "batch", "mode", "precision", "layout", "runtime", "threads", "setting",
    "device", "protocol", "model_ips", "prepared_on", "decoder", "camera", "processes", "per_core_ips",
    *(f"cores{end}" for end in ENDS), "n", "cores_there", "bottleneck",
]  # fmt: skip


def inputs(rounds: pd.DataFrame) -> pd.DataFrame:
    """What each decoder prepares.

    Args:
        rounds: ``rounds.with_standing``; its rows of mode ``input`` are used.

    Returns: columns ``INPUTS``, one row per machine and input case. ``per_core_ips`` are images per second of one
        process of one thread, with ``processes`` of them at work at once, and its 95 % interval; the steps are
        geometric means of the rounds' medians, seconds per image, in one process alone.
    """
    rows = []
    for _, group in _used(rounds, rounds["mode"] == INPUT).groupby(["machine", "case"], sort=False):
        first = group.iloc[0]
        many = int(first["instances"])
        means = {name: of_rounds(group[name].tolist()).value for name in ("throughput_ips", "latency_s", *PREPARING)}
        each = of_rounds((group["throughput_ips"] / many).tolist())
        rows.append(
            {
                **{name: first[name] for name in ("machine", "camera", "resolution", "case")},
                "decoder": first["model"],
                "processes": many,
                **_named("per_core_ips", each),
                **means,
            }
        )
    return pd.DataFrame(rows, columns=pd.Index(INPUTS))


def feeding(
    found: pd.DataFrame, cases: pd.DataFrame, rounds: pd.DataFrame, machines: Mapping[str, Environment]
) -> pd.DataFrame:
    """Cores that keep one model busy, for every measured model case and every decoder at its resolution.

    The rate per core is the one with most processes at work, because cores that are all busy are slower than one.
    On a GPU the input is the bottleneck where it takes more cores than the machine has; on the CPU, whose cores the
    model needs itself, where it takes more of them than the model holds. Where the interval has both, nothing is
    decided.

    Args:
        found: ``inputs``.
        cases: ``summary.summarise`` of whole models.
        rounds: ``rounds.with_standing``.
        machines: environments by label; a GPU and the CPU of one host are two.

    Returns: columns ``FEEDING``; ``cores`` is the model's images per second over those of one core, and
        ``prepared_on`` the label under which the images' host stands in ``found``.
    """
    rates = {key: group["throughput_ips"].tolist() for key, group in _used(rounds).groupby(["machine", "case"])}
    most = found[found["processes"] == found.groupby(_WHAT)["processes"].transform("max")].to_dict("records")
    rows = []
    for model in cases.dropna(subset=["throughput_ips"]).to_dict("records"):
        for one in most:
            beside = _Pair(model, one, machines)
            if beside.fits:
                under = [rate / one["processes"] for rate in rates[one["machine"], one["case"]]]
                rows.append(beside.row(ratio(rates[model["machine"], model["case"]], under)))
    return pd.DataFrame(rows, columns=pd.Index(FEEDING))


_WHAT = ["machine", "decoder", "camera", "resolution"]


@dataclass(frozen=True)
class _Pair:
    """A model case and an input case, as rows of their frames."""

    model: Mapping[Any, Any]
    images: Mapping[Any, Any]
    machines: Mapping[str, Environment]

    @property
    def fits(self) -> bool:
        """Whether one feeds the other: the same host and resolution."""
        same = self._host(self.model["machine"]) == self._host(self.images["machine"])
        return same and bool(self.model["resolution"] == self.images["resolution"])

    def _host(self, machine: str) -> str:
        return self.machines[machine].host or machine

    def row(self, cores: Estimate) -> dict[str, Any]:
        """Row of ``feeding``."""
        there = self._cores()
        return {
            **{name: self.model[name] for name in FEEDING[: FEEDING.index("model_ips")]},
            **{name: self.images[name] for name in ("decoder", "camera", "processes", "per_core_ips")},
            "model_ips": self.model["throughput_ips"],
            "prepared_on": self.images["machine"],
            **_named("cores", cores),
            "cores_there": there,
            "bottleneck": bottleneck(cores, there),
        }

    def _cores(self) -> int | None:
        if self.model["device"] == "cpu":
            return int(self.model["threads"]) * int(self.model["instances"])
        known = self.machines[self.images["machine"]].hardware.get("cpu", {}).get("usable_cores")
        return None if known is None else int(known)


def bottleneck(cores: Estimate, there: int | None) -> str:
    """``input`` or ``model``, or ``not decided`` where the interval has both or is missing."""
    if there is not None and cores.low > there:
        return "input"
    if there is not None and cores.high < there:
        return "model"
    return "not decided"


def _used(rounds: pd.DataFrame, also: Any = True) -> pd.DataFrame:
    good: pd.DataFrame = rounds[rounds["used"].astype(bool) & also].dropna(subset=["throughput_ips"])
    return good


def _named(name: str, found: Estimate) -> dict[str, float]:
    values: Sequence[float] = (found.value, found.low, found.high)
    return {**{f"{name}{end}": value for end, value in zip(ENDS, values, strict=True)}, "n": found.n}
