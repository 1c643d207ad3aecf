"""The input pipeline: images per second and core, and how many cores keep a model busy."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

import pandas as pd

from scalebench.analysis.pooling import Pooled, pooled, sample
from scalebench.analysis.stats import Estimate, of_rounds, ratio
from scalebench.record import Environment
from scalebench.store.frame import PREPARING
from scalebench.suite.case import INPUT
from scalebench.suite.device_kinds import kind_of

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


def inputs(rounds: pd.DataFrame, shared: Pooled | None = None) -> pd.DataFrame:
    """Rates of each decoder.

    Args:
        rounds: ``rounds.with_standing``; its rows of mode ``input`` are used.
        shared: what its cases have in common, where it is known already.

    Returns: columns ``INPUTS``, one row per machine and input case. ``per_core_ips`` are images per second of one
        single-threaded process while ``processes`` of them run, with its 95 % interval; the steps are geometric means
        of the rounds' medians, seconds per image, in one process alone.
    """
    own = _used(rounds, rounds["mode"] == INPUT)
    if own.empty:
        return pd.DataFrame(columns=pd.Index(INPUTS))
    rows, shared = [], shared or pooled(rounds, ["throughput_ips"])
    for _, group in own.groupby(["machine", "case"], sort=False):
        first = group.iloc[0]
        processes = int(first["instances"])
        rates = group.assign(throughput_ips=group["throughput_ips"] / processes)
        per_core = of_rounds(sample(rates, "throughput_ips", shared))
        rows.append({
            **{name: first[name] for name in ("machine", "camera", "resolution", "case")},
            "decoder": first["model"], "processes": processes, **per_core.columns("per_core_ips"), "n": per_core.n,
            **{name: of_rounds(group[name].tolist()).value for name in ("throughput_ips", "latency_s", *PREPARING)},
        })  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(INPUTS))


def feeding(
    decoders: pd.DataFrame, cases: pd.DataFrame, rounds: pd.DataFrame, machines: Mapping[str, Environment],
    shared: Pooled,
) -> pd.DataFrame:  # fmt: skip
    """Cores that keep one model busy, for every measured model case and every decoder at its resolution.

    The rate per core is the one with most processes running, because cores that are all busy are slower than one.
    On a GPU the input is the bottleneck where it needs more cores than the machine has; on the CPU, which the model
    needs too, where it needs more cores than the model uses. It is undecided where the interval contains that number.

    Args:
        decoders: ``inputs``.
        cases: ``summary.summarise`` of whole models.
        rounds: ``rounds.with_standing``.
        machines: environments by label; a GPU and the CPU of one host are two.
        shared: ``pooling.pooled`` of the rounds.

    Returns: columns ``FEEDING``; ``cores`` is the model's images per second over those of one core, and
        ``prepared_on`` the label of the images' host in ``decoders``.
    """
    if decoders.empty:
        return pd.DataFrame(columns=pd.Index(FEEDING))
    by_case = dict(list(_used(rounds).groupby(["machine", "case"])))
    most = decoders.groupby(["machine", "decoder", "camera", "resolution"])["processes"].transform("max")
    hosts = {machine: environment.host or machine for machine, environment in machines.items()}
    rows = []
    for model, images in product(
        cases.dropna(subset=["throughput_ips"]).to_dict("records"),
        decoders[decoders["processes"] == most].to_dict("records"),
    ):
        same_host = hosts[model["machine"]] == hosts[images["machine"]]
        if same_host and model["resolution"] == images["resolution"]:
            both = (by_case[row["machine"], row["case"]] for row in (model, images))
            cores = ratio(*(sample(own, "throughput_ips", shared) for own in both)).times(images["processes"])
            available = _available_cores(model, machines[images["machine"]])
            rows.append({
                **{name: model[name] for name in FEEDING[: FEEDING.index("model_ips")]},
                **{name: images[name] for name in ("decoder", "camera", "processes", "per_core_ips")},
                "model_ips": model["throughput_ips"], "prepared_on": images["machine"], **cores.columns("cores"),
                "n": cores.n, "cores_there": available, "bottleneck": bottleneck(cores, available),
            })  # fmt: skip
    return pd.DataFrame(rows, columns=pd.Index(FEEDING))


def _available_cores(model: Mapping[Any, Any], environment: Environment) -> int | None:
    """Cores of the model itself on a CPU, of the host on a GPU; None where unknown."""
    if kind_of(str(model["device"])).on_host:
        return int(model["threads"]) * int(model["instances"])
    cores = environment.hardware.get("cpu", {}).get("usable_cores")
    return None if cores is None else int(cores)


def bottleneck(cores: Estimate, available: int | None) -> str:
    """``input`` or ``model``, or ``not decided`` where the interval contains ``available`` or is missing."""
    if available is not None and cores.low > available:
        return "input"
    if available is not None and cores.high < available:
        return "model"
    return "not decided"


def _used(rounds: pd.DataFrame, also: Any = True) -> pd.DataFrame:
    good: pd.DataFrame = rounds[rounds["used"].astype(bool) & also].dropna(subset=["throughput_ips"])
    return good
