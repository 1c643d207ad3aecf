"""A write that fails half-way must cost nothing that was there before."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scalebench.atomic import write_atomic


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond ``size`` bytes: the kernel writes that much, then refuses."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_write_that_fails_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    write_atomic(file, "old")
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)), disk_full_after(1000):
        write_atomic(file, b"n" * 100_000)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_new_content_takes_the_old_ones_place_readable_for_all(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "a.txt"
    write_atomic(file, "a longer old content")
    write_atomic(file, "new, \u00e4\ud800")
    assert file.read_bytes() == "new, \u00e4?".encode()
    assert file.stat().st_mode & 0o777 == 0o644
    assert list(file.parent.iterdir()) == [file]
