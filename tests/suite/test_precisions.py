"""The table of precisions."""

from scalebench.suite.precisions import PRECISIONS


def test_fewer_bits_may_differ_more() -> None:
    bounds = [PRECISIONS[name].bound for name in ("fp32", "tf32", "fp16", "bf16", "int8")]
    assert bounds[0] < bounds[1] <= bounds[2] < bounds[3] <= bounds[4]
