"""The parts of a model by kind and stage, with the counted cost of each.

A part is a module without children, a squeeze-and-excitation module as a whole, or a normalisation that holds its
activation as a child (timm's ``BatchNormAct2d``): the child is then a part of its own, and its cost is not its
parent's. Whatever runs outside parts belongs to the row ``between``, so that all rows sum to the model.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from scalebench.model.complexity import tally_forward
from scalebench.model.work import CallEffect, Tally
from scalebench.suite.kinds import BETWEEN

_SE = re.compile(r"^(Effective)?(SE(Module|Layer|Block|WithNorm)|Squeeze(Excite|Excitation))")
_STAGE = re.compile(r"^(?:(blocks|stages|layers|features)\.(\d+)|(?:layer|stage|s|block)_?(\d+))(?:\.|$)")
_SHORTCUT = re.compile(r"downsample|shortcut|proj_conv")
_NAMED_DEPTHWISE = (3, 5, 7)
_BY_ROLE = {"conv_pw": "expand_1x1", "conv_pwl": "project_1x1"}
"""timm's names within an inverted residual block, whose expand may be as wide as its input."""


@dataclass(frozen=True)
class Part:
    """One part, or several together.

    Attributes:
        name: path of the module; empty for several, and for what runs between modules.
        kind: one of ``suite.kinds.KINDS``.
        stage: ``stem``, ``stage 1``..., ``head``, ``body`` where a model has no stages, or ``between``.
        params: elements of its parameters.
        macs, activations: of one image, as in ``Complexity``.
        activation_bytes: moved per image, fp32.
        weight_bytes: moved per forward pass, fp32.
    """

    name: str
    kind: str
    stage: str
    params: int
    macs: int
    activations: int
    activation_bytes: int
    weight_bytes: int


def find_parts(model: nn.Module) -> dict[str, nn.Module]:
    """Modules that are parts, by path, parents before children; each module once, however often it is used."""
    return dict(_walk("", model))


def _walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    children = [(f"{name}.{child}".lstrip("."), inner) for child, inner in module.named_children()]
    whole = not children or _is_se(module) or isinstance(module, nn.MultiheadAttention)
    if whole or _is_norm(module):
        yield name, module
    if not whole:
        for path, inner in children:
            yield from _walk(path, inner)


def enclosing(name: str, parts: Iterable[str]) -> str | None:
    """The innermost part above ``name``, or None."""
    paths = set(parts)
    parent = name.rpartition(".")[0]
    while parent and parent not in paths:
        parent = parent.rpartition(".")[0]
    return parent or None


def classify(model: nn.Module) -> dict[str, tuple[str, str]]:
    """(kind, stage) of every part, by path. Unrecognised modules get a kind by their operator; nothing raises."""
    modules = dict(model.named_modules())
    stage_of = _stage_lookup(model)
    kinds = {}
    for name, module in find_parts(model).items():
        stage = stage_of(name)
        parent = modules.get(name.rpartition(".")[0], model)
        kinds[name] = (_kind(name, module, parent, stage), stage)
    return kinds


def count_parts(model: nn.Module, name: str, resolution: int) -> tuple[Part, ...]:
    """Counted cost of every part of a model on the meta device; what runs between them comes last.

    Parts without cost (Identity, Dropout in eval mode) are left out.

    Returns: parts whose params, macs, activations and bytes sum to those of ``count_model``.

    Raises:
        BuildError: the forward pass fails at this resolution.
    """
    kinds, parts = classify(model), find_parts(model)
    tally = Tally([*model.parameters(), *model.buffers()])
    ledger = _Ledger(tally)
    handles = [handle for path, module in parts.items() for handle in ledger.follow(path, module)]
    try:
        tally_forward(model, tally, name, resolution)
        ledger.settle()
    finally:
        for handle in handles:
            handle.remove()
    params = _params(model, parts)
    rows = [Part(path, *kinds[path], params[path], *ledger.cost(path)) for path in parts]
    between = Part("", BETWEEN, BETWEEN, params[BETWEEN], *ledger.cost(BETWEEN))
    return (*(row for row in rows if row.params or row.activation_bytes or row.weight_bytes), between)


def by_kind_and_stage(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts of the same kind and stage summed, in order of first appearance."""
    groups: dict[tuple[str, str], Part] = {}
    for part in parts:
        key = part.kind, part.stage
        groups[key] = _add(groups[key], part) if key in groups else replace(part, name="")
    return tuple(groups.values())


def _add(a: Part, b: Part) -> Part:
    fields = ("params", "macs", "activations", "activation_bytes", "weight_bytes")
    return replace(a, **{field: getattr(a, field) + getattr(b, field) for field in fields})


class _Ledger:
    """Assigns what the tally has added since the last entry or exit of a part to the innermost part."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._inside: list[str] = []
        self._calls: dict[str, Counter[CallEffect]] = {}

    def follow(self, path: str, module: nn.Module) -> list[Any]:
        def enter(*_: Any) -> None:
            self.settle()
            self._inside.append(path)

        def leave(*_: Any) -> None:
            self.settle()
            self._inside.pop()

        return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]

    def settle(self) -> None:
        owner = self._inside[-1] if self._inside else BETWEEN
        self._calls.setdefault(owner, Counter()).update(self._tally.calls)
        self._tally.calls.clear()

    def cost(self, owner: str) -> tuple[int, int, int, int]:
        macs = activations = moved = weights = 0
        for effect, number in self._calls.get(owner, {}).items():
            macs += number * effect.macs
            activations += number * effect.activations
            if effect.group:
                moved += number * effect.group[2]
                weights += number * effect.group[3]
        return macs, activations, moved, weights


def _params(model: nn.Module, parts: dict[str, nn.Module]) -> Counter[str]:
    """Parameter elements by the innermost part that holds them; a shared parameter counts where it comes first."""
    elements: Counter[str] = Counter()
    for path, parameter in model.named_parameters():
        elements[enclosing(path, parts) or BETWEEN] += parameter.numel()
    return elements


def _stage_lookup(model: nn.Module) -> Callable[[str], str]:
    """Path of a module -> its stage. Children before the first stage are the stem, those after the last the head."""
    top = [name for name, _ in model.named_children()]
    numbered = {name: match for name, _ in model.named_modules() if (match := _STAGE.match(name))}
    staged = [index for index, name in enumerate(top) if any(path.partition(".")[0] == name for path in numbered)]
    if not staged:
        classifier = getattr(model, "get_classifier", lambda: None)()
        heads = {name for name, module in model.named_modules() if module is classifier}
        return lambda path: "head" if path in heads else "body"
    # timm counts children of a container from 0, and numbered attributes (layer1, s1) from 1.
    stage = {path: f"stage {int(m[2]) + 1}" if m[1] else f"stage {m[3]}" for path, m in numbered.items()}
    place = {name: "stem" if i < staged[0] else "head" if i > staged[-1] else "body" for i, name in enumerate(top)}
    return lambda path: stage.get(path) or place.get(path.partition(".")[0], "body")


def _kind(name: str, module: nn.Module, parent: nn.Module, stage: str) -> str:
    cls = type(module)
    if _is_se(module):
        return "se"
    if _is_norm(module):
        return "norm"
    if "activation" in cls.__module__ and not isinstance(module, nn.MultiheadAttention):
        return "activation"
    if stage in ("stem", "head"):
        return stage
    if isinstance(module, nn.Conv2d):
        return _convolution(name, module, parent)
    if isinstance(module, nn.Linear):
        in_mlp = type(parent).__name__.endswith("Mlp")
        return _by_width(module.in_features, module.out_features) if in_mlp else "other_1x1"
    return "conv_other" if "Conv" in cls.__name__ else "other"


def _convolution(name: str, module: nn.Conv2d, parent: nn.Module) -> str:
    size, square = module.kernel_size[0], len(set(module.kernel_size)) == 1
    if module.groups > 1 and module.groups == module.in_channels:
        return f"depthwise_{size}x{size}" if square and size in _NAMED_DEPTHWISE else "depthwise_other"
    if module.groups > 1:
        return "grouped_conv"
    if module.kernel_size != (1, 1):
        return "conv_3x3" if module.kernel_size == (3, 3) else "conv_other"
    if _SHORTCUT.search(name):
        return "other_1x1"
    return _pointwise(name, module, type(parent).__name__)


def _pointwise(name: str, module: nn.Conv2d, block: str) -> str:
    if block == "DepthwiseSeparableConv":
        return "project_1x1"
    if block == "ConvBnAct":  # alone in the last stage of MobileNetV3: the convolution that others call conv_head
        return "head"
    role = _BY_ROLE.get(name.rpartition(".")[2]) if "Residual" in block else None
    return role or _by_width(module.in_channels, module.out_channels)


def _by_width(inputs: int, outputs: int) -> str:
    return "expand_1x1" if outputs > inputs else "project_1x1" if outputs < inputs else "other_1x1"


def _is_se(module: nn.Module) -> bool:
    return _SE.match(type(module).__name__) is not None


def _is_norm(module: nn.Module) -> bool:
    """A normalisation, with or without a fused activation; a block that contains one has no parameters of its own."""
    name = type(module).__name__
    own = (*module.parameters(recurse=False), *module.buffers(recurse=False))
    return "Norm" in name and "Conv" not in name and bool(own)
