"""Building many variants of one base: layers and blocks of the same arguments are made once, and shared.

Such models serve for shapes alone: they have fewer distinct parameters than they should.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from timm.layers.norm_act import BatchNormAct2d
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, EdgeResidual, InvertedResidual
from timm.models.resnet import BasicBlock, Bottleneck
from torch import nn

Memory = dict[Any, dict[str, Any]]
"""Attributes of modules by class and arguments."""
_SHARED = (
    nn.Conv2d, nn.Linear, nn.BatchNorm2d, BatchNormAct2d,
    BasicBlock, Bottleneck, DepthwiseSeparableConv, EdgeResidual, InvertedResidual,
)  # fmt: skip


@contextmanager
def shared_layers(memory: Memory) -> Iterator[None]:
    """While it lasts, constructors of convolutions, norms and known blocks copy what ``memory`` has of them."""
    originals = {cls: cls.__init__ for cls in _SHARED}
    for cls, constructor in originals.items():
        cls.__init__ = _recalling(constructor, memory)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for cls, constructor in originals.items():
            cls.__init__ = constructor  # type: ignore[method-assign]


def _recalling(constructor: Callable[..., None], memory: Memory) -> Callable[..., None]:
    def construct(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        key = (constructor, type(self), *map(_named, args), *((name, _named(value)) for name, value in kwargs.items()))
        try:
            attributes = memory.get(key)
        except TypeError:  # an argument that is no key, such as a list
            constructor(self, *args, **kwargs)
            return
        if attributes is None:
            constructor(self, *args, **kwargs)
            attributes = memory[key] = _copied(self.__dict__)
        self.__dict__.update(_copied(attributes))

    return construct


def _named(argument: Any) -> Any:
    """An argument as part of a key: partial functions are equal where their parts are."""
    if isinstance(argument, partial):
        return (argument.func, *map(_named, argument.args), *((k, _named(v)) for k, v in argument.keywords.items()))
    return type(argument), argument


def _copied(attributes: dict[str, Any]) -> dict[str, Any]:
    """Own dictionaries of parameters and children, whose values stay shared."""
    return {name: value.copy() if isinstance(value, dict) else value for name, value in attributes.items()}
