"""Durations and sizes as people write them."""

from __future__ import annotations

import pytest

from scalebench.cli.arguments import duration_s, size_bytes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("50ms", 0.05), ("90s", 90), ("20m", 1200), ("20 min", 1200), ("1.5h", 5400), ("45", 45), (" 2h ", 7200)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "20 minutes", "-5s", "0", "0m", "1d", "h", "1e3s", "nan"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="90s, 20m or 2h"):
        duration_s(text)


@pytest.mark.parametrize(("text", "size"), [("4GiB", 2**32), ("500MB", 500_000_000), ("1024", 1024), ("2 KiB", 2048)])
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GiB", "0", "4 gibibytes"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"memory|size"):
        size_bytes(text)
