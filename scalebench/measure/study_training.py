"""Training runs of a study: a network from scratch, with a checkpoint after every epoch."""

from __future__ import annotations

import hashlib
import io
import math
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from scalebench.measure.study_images import Images, ImageSet, Labels, load_images
from scalebench.model.build import build
from scalebench.suite.case import Case, case_from_json
from scalebench.suite.training_study import TrainingRun, TrainingStudy, study_from_json
from scalebench.userdirs import write_cache

_WARM_SHARE, _FIRST, _LAST = 0.3, 1 / 25, 1e-4
"""Schedule of one cycle: the share of the steps in which the rate rises, and its ends relative to the largest."""
_DECAY = 0.02
_MEAN, _DEVIATION = 110.0, 50.0
_CHUNK = 250
"""Images that are resized at once."""


@dataclass
class _State:
    """A run so far: what its checkpoint holds."""

    network: nn.Module
    optimizer: torch.optim.Optimizer
    losses: list[float] = field(default_factory=list)
    train_s: float = 0.0

    @property
    def diverged(self) -> bool:
        return any(not math.isfinite(loss) for loss in self.losses)


def train_job(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A job of the worker as ``train``; without a run only the images are loaded, before several processes want them.

    Args:
        job: ``study``, ``case``, ``run`` as ``asdict`` gives them, and the path of the ``checkpoint``.
    """
    study = study_from_json(job["study"])
    if "run" not in job:
        load_images(study)
        yield {}
        return
    yield from train(study, case_from_json(job["case"]), TrainingRun(**job["run"]), Path(job["checkpoint"]))


def train(study: TrainingStudy, case: Case, run: TrainingRun, checkpoint: Path) -> Iterator[dict[str, Any]]:
    """Train and test a network; continues after the last epoch that ``checkpoint`` holds.

    Seeds decide the initial weights, and the order and flips of every epoch: on one thread of a CPU an interrupted run
    ends in the same weights.

    Yields: ``{"epoch", "loss"}`` after every epoch, and at last the result, see ``_result``.
    """
    torch.set_num_threads(case.threads)
    data = load_images(study)
    device = torch.device(case.device)
    torch.manual_seed(run.seed)
    network = build(case.variant, case.resolution)
    network.reset_classifier(len(data.classes))  # type: ignore[operator]  # timm's networks have it
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    state = _State(network, torch.optim.AdamW(network.parameters(), run.rate, weight_decay=_DECAY))
    _restore(state, checkpoint)
    images, labels = _resized(data.train.images, case.resolution), torch.from_numpy(data.train.labels)
    for epoch in range(len(state.losses), run.epochs):
        if state.diverged:
            break
        _epoch(state, images, labels, case, run, epoch)
        write_cache(checkpoint, _content(state))
        loss = state.losses[-1]
        yield {"epoch": epoch + 1, "loss": loss if math.isfinite(loss) else None}
    yield _result(state, study, case, data.validation, data.tests) | {"data": dict(data.facts)}


def _resized(images: Images, resolution: int) -> torch.Tensor:
    """Images at a resolution, as whole levels of grey: n x 3 x resolution x resolution."""
    chunks = []
    for start in range(0, len(images), _CHUNK):
        chunk = torch.from_numpy(np.array(images[start : start + _CHUNK])).float()
        if chunk.shape[-1] != resolution:
            size = (resolution, resolution)
            chunk = functional.interpolate(chunk, size=size, mode="bilinear", antialias=True, align_corners=False)
        chunks.append(chunk.round().clamp(0, 255).to(torch.uint8))
    return torch.cat(chunks)


def _normalised(images: torch.Tensor, device: torch.device) -> torch.Tensor:
    return ((images.to(device).float() - _MEAN) / _DEVIATION).contiguous(memory_format=torch.channels_last)


def _epoch(state: _State, images: torch.Tensor, labels: torch.Tensor, case: Case, run: TrainingRun, epoch: int) -> None:
    """One pass over the images in whole batches; each batch is flipped as one."""
    random = torch.Generator().manual_seed(run.seed * 10_000 + epoch)
    device, steps = torch.device(case.device), max(1, len(images) // case.batch)
    batches = torch.randperm(len(images), generator=random)[: steps * case.batch].split(case.batch)
    losses, now = [], _clock(case)
    started = now()
    state.network.train()
    for step, rows in enumerate(batches):
        for group in state.optimizer.param_groups:
            group["lr"] = run.rate * _schedule((epoch * steps + step) / (run.epochs * steps))
        flipped = [axis for axis in (2, 3) if float(torch.rand((), generator=random)) < 0.5]
        batch = _normalised(images[rows].flip(flipped), device)
        loss = functional.cross_entropy(state.network(batch), labels[rows].to(device))
        state.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        state.optimizer.step()
        losses.append(loss.detach())
    state.losses.append(float(torch.stack(losses).mean()))
    state.train_s += now() - started


def _clock(case: Case) -> Callable[[], float]:
    """Processor time on the host, where a run has one core: other programs stretch it less. Else wall time."""
    return time.process_time if case.kind.on_host else time.perf_counter


def _schedule(done: float) -> float:
    """Learning rate relative to the largest, after a share of all steps: two halves of a cosine."""
    first, last, share = (
        (_FIRST, 1.0, done / _WARM_SHARE)
        if done < _WARM_SHARE
        else (1.0, _LAST, (done - _WARM_SHARE) / (1 - _WARM_SHARE))
    )
    return last + (first - last) * (1 + math.cos(math.pi * share)) / 2


def _result(
    state: _State, study: TrainingStudy, case: Case, validation: ImageSet, tests: Mapping[str, ImageSet]
) -> dict[str, Any]:
    """What a finished run comes to.

    Returns: ``losses`` by epoch, None for one that is not finite; ``validation`` share; ``correct`` by test, whether
        each image was classified correctly, packed as hexadecimal digits; ``recall`` by test, a share per class;
        ``groups`` by test where images belong together; seconds per image of ``train_s`` and ``inference_s``; and a
        digest of the ``weights``.
    """
    seconds: list[float] = []
    right, recall, groups = {}, {}, {}
    answers = np.zeros(0, np.int64)
    for name, part in tests.items():
        answers = answers.copy() if len(part.own) < len(part.labels) else np.zeros(len(part.labels), np.int64)
        answers[part.own] = _classes(state, part.images[part.own], case, seconds)
        right[name] = np.packbits(answers == part.labels).tobytes().hex()
        recall[name] = [
            float(np.mean(answers[part.labels == label] == label)) if (part.labels == label).any() else None
            for label in range(int(part.labels.max()) + 1)
        ]
        if len(np.unique(part.groups)) < len(part.groups):
            groups[name] = part.groups.tolist()
    trained = len(state.losses) * max(1, study.images // case.batch) * case.batch
    return {
        "losses": [loss if math.isfinite(loss) else None for loss in state.losses],
        "validation": float(np.mean(_classes(state, validation.images, case, []) == validation.labels)),
        "correct": right, "images": {name: len(part.labels) for name, part in tests.items()}, "recall": recall,
        "groups": groups, "train_s": state.train_s / trained, "inference_s": median(seconds),
        "weights": _digest(state.network),
    }  # fmt: skip


def _classes(state: _State, images: Images, case: Case, seconds: list[float]) -> Labels:
    """Class of each image; the first class of all where the network has diverged. Seconds per image are added."""
    state.network.eval()
    resized, device, classes = _resized(images, case.resolution), torch.device(case.device), []
    now = _clock(case)
    with torch.inference_mode():
        for chunk in resized.split(case.batch):
            batch = _normalised(chunk, device)
            started = now()
            classes.append(state.network(batch).argmax(dim=1).cpu())
            seconds.append((now() - started) / len(chunk))
    answers: Labels = torch.cat(classes).numpy()
    return np.zeros_like(answers) if state.diverged else answers


def _content(state: _State) -> bytes:
    content = io.BytesIO()
    torch.save(
        {"network": state.network.state_dict(), "optimizer": state.optimizer.state_dict(), "losses": state.losses,
         "train_s": state.train_s}, content,
    )  # fmt: skip
    return content.getvalue()


def _restore(state: _State, checkpoint: Path) -> None:
    """Continue from the checkpoint; one that is missing or damaged starts from the beginning."""
    try:
        content = torch.load(checkpoint, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        return
    state.network.load_state_dict(content["network"])
    state.optimizer.load_state_dict(content["optimizer"])
    state.losses, state.train_s = content["losses"], content["train_s"]


def _digest(network: nn.Module) -> str:
    """First 12 hex digits of the sha256 over all weights and buffers."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
