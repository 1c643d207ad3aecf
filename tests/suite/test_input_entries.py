"""Entries on the input pipeline: what they come to, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from scalebench.errors import ScalebenchError, SuiteError
from scalebench.suite.case import INPUT, Case
from scalebench.suite.decoder_table import camera_size
from scalebench.suite.expand import expand
from scalebench.suite.load import SuiteFile
from scalebench.suite.model_facts import Known
from scalebench.suite.select_models import select

Suites = Callable[[str], SuiteFile]
Catalogue = Mapping[str, Known]
ENTRY = "models:\n  - input: [pillow, opencv]\n    camera: [4000x3000, 1280x960]\n    resolution: [224]\n"


def cases(file: SuiteFile, catalogue: Catalogue, cores: int = 8) -> tuple[Case, ...]:
    chosen = [select(entry, catalogue) for entry in file.suite.models]
    return expand(file, chosen, {}, {"auto": "cuda:0", "cuda": "cuda:0"}, cores)[0]


def test_an_entry_is_every_camera_decoder_and_size_alone_and_on_all_cores(suite: Suites, catalogue: Catalogue) -> None:
    found = cases(suite(ENTRY), catalogue)
    assert {(c.model, c.camera, c.instances) for c in found} == {
        (decoder, camera, number)
        for decoder in ("pillow", "opencv") for camera in ("4000x3000", "1280x960") for number in (1, 8)
    }  # fmt: skip
    assert len(found) == 8
    assert {(c.mode, c.device, c.threads, c.batch, c.resolution) for c in found} == {(INPUT, "cpu", 1, 1, 224)}


def test_the_grid_says_nothing_about_it(suite: Suites, catalogue: Catalogue) -> None:
    """Axes of the models' grid multiply the models only."""
    grid = "grid: {batch: [1, 8], threads: [1, 2], device: [cuda], precision: [fp32, fp16]}\n"
    found = cases(suite(ENTRY + "  - timm: [resnet18]\n    resolution: [224]\n" + grid), catalogue)
    assert len([case for case in found if case.mode == INPUT]) == 8
    assert len([case for case in found if case.mode == "inference"]) == 8


def test_workers_are_as_listed_and_one_core_is_one_case(suite: Suites, catalogue: Catalogue) -> None:
    assert {case.instances for case in cases(suite(ENTRY + "    workers: [2, 3]\n"), catalogue)} == {2, 3}
    assert len(cases(suite(ENTRY), catalogue, cores=1)) == 4


def test_labels_and_keys_tell_the_cases_apart(suite: Suites, catalogue: Catalogue) -> None:
    found = cases(suite(ENTRY), catalogue)
    assert len({case.label for case in found}) == len({case.key for case in found}) == len(found)


def test_cases_can_be_excluded_by_decoder(suite: Suites, catalogue: Catalogue) -> None:
    found = cases(suite(ENTRY + "exclude:\n  - {model: pillow}\n"), catalogue)
    assert {case.model for case in found} == {"opencv"}


REFUSED = {
    "misspelt decoder": (
        "[pillow, opencv]",
        "[pillow, opnecv]",
        4,
        "models[0].input[1]",
        "Input should be",
        "'opencv'",
    ),
    "camera without a height": ("1280x960", "'1280'", 5, "models[0].camera[1]", "WIDTHxHEIGHT", ""),
    "camera of no pixels": ("1280x960", "'0x960'", 5, "models[0].camera[1]", "WIDTHxHEIGHT", ""),
    "camera beyond memory": ("1280x960", "40000x30000", 5, "models[0].camera[1]", "megapixels", ""),
    "misspelt key": ("camera:", "kamera:", 5, "models[0].kamera", "unknown key", "'camera'"),
    "no workers": ("[224]\n", "[224]\n    workers: [0]\n", 7, "models[0].workers[0]", "greater than 0", ""),
}


@pytest.mark.parametrize(("old", "new", "line", "key", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_a_bad_entry_is_refused_with_line_and_key(
    suite: Suites, old: str, new: str, line: int, key: str, message: str, hint: str
) -> None:
    with pytest.raises(SuiteError) as raised:
        suite(ENTRY.replace(old, new))
    assert f"suite.yaml:{line}: {key}: " in raised.value.message
    assert message in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize("side", [960, 1000])
def test_a_picture_is_never_enlarged(suite: Suites, catalogue: Catalogue, side: int) -> None:
    """The side has to be below the short side of the smallest camera; the place is named for the planner."""
    file = suite(ENTRY.replace("[224]", f"[224, {side}]"))
    with pytest.raises(ScalebenchError, match=f"resolution {side} is not below the short side of camera 1280x960") as e:
        cases(file, catalogue)
    assert e.value.location == ("resolution", 1)


def test_a_case_named_twice_is_refused(suite: Suites, catalogue: Catalogue) -> None:
    with pytest.raises(SuiteError, match=r"duplicate case: pillow 4000x3000 to 224"):
        cases(suite(ENTRY.replace("[pillow, opencv]", "[pillow, pillow]")), catalogue)


def test_camera_sizes_are_width_and_height() -> None:
    assert camera_size("4000x3000") == (4000, 3000)
