"""Kinds of parts and of operators that a model is made of: the words of records, and how people read them."""

from __future__ import annotations

BETWEEN = "between"
"""What happens outside the modules: residual additions, functional operators, Python itself."""

KINDS = {
    "stem": "stem",
    "expand_1x1": "1x1 expand",
    "depthwise_3x3": "depthwise 3x3",
    "depthwise_5x5": "depthwise 5x5",
    "depthwise_7x7": "depthwise 7x7",
    "depthwise_other": "depthwise, other size",
    "conv_3x3": "full 3x3 convolution",
    "grouped_conv": "grouped convolution",
    "conv_other": "other convolution",
    "se": "squeeze-and-excitation",
    "project_1x1": "1x1 project",
    "other_1x1": "1x1 other and linear",
    "norm": "normalisation",
    "activation": "activation",
    "head": "head",
    "other": "other modules",
    BETWEEN: "between modules",
}
"""Label of each kind, in the order of tables. A 1x1 convolution that widens is an expand, a narrowing one a project."""

DEPTHWISE = tuple(kind for kind in KINDS if kind.startswith("depthwise"))

OPERATORS = {
    "dense": "convolution, larger than 1x1",
    "pointwise": "1x1 convolution",
    "depthwise": "depthwise convolution",
    "grouped": "grouped convolution",
    "linear": "linear layer",
    "attention": "product of two activations",
    "norm": "normalisation",
    "activation": "activation",
    "pooling": "pooling and means",
    "other": "element by element, copies, the rest",
}
"""Label of each kind of operator, by what it does and not by the module that asks for it."""
