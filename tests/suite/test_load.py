"""Bad suites and what is said about them: each refusal names line and key, and the nearest valid word."""

from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.errors import SuiteError
from scalebench.suite.load import SuiteFile, load_suite
from scalebench.suite.protocol import PROTOCOLS, Protocol

Load = Callable[[str], SuiteFile]

GOOD = "models:\n  - timm: [resnet18]\n"  # lines 3 and 4 of a suite
ARCHITECTURE_EXAMPLE = """\
schema: 1
name: compound_vs_single
title: Compound scaling against single-axis scaling
models:
  - timm: [resnet18, resnet50, resnet101, resnet152]
    resolution: [128, 160, 192, 224, 256, 288, 320]
  - family: efficientnet            # b0..b7 at the paper's sizes
    at: native
  - timm: [efficientnet_b0, efficientnet_b3]
    resolution: [128, 160, 192, 224, 260, 300, 380]
  - scale: efficientnet_b0
    by: [depth, width, resolution, compound, fast]
    target: [2, 4, 8]               # times the base's counted MACs, matched within tolerance
    tolerance: 0.02
  - scale: resnet50
    by: [depth, width, resolution, compound]
    target: [2, 4]
grid: {mode: [inference], batch: [1, 16], precision: [fp32], device: [auto]}
exclude:
  - {model: "efficientnet_b[67]*", batch: 16, device: cpu}
protocol: standard                  # quick | standard | rigorous, or a mapping
claims: [all]
"""


# text below schema and name, line, key, words of the message, words of the hint
REFUSED = {
    "misspelt top key": (GOOD + "gird: {batch: [1]}\n", 5, "gird", "unknown key", "'grid'"),
    "misspelt key in grid": (
        GOOD + "grid:\n  batch: [1]\n  presision: [fp32]\n", 7, "grid.presision", "unknown key", "'precision'"),
    "misspelt key of a timm entry": (
        GOOD + "    resolutoin: [224]\n", 5, "models[0].resolutoin", "unknown key", "'resolution'"),
    "misspelt key of a family entry": (
        "models:\n  - family: resnet\n    resolutoin: [224]\n",
        5, "models[0].resolutoin", "unknown key", "'resolution'"),
    "misspelt key of a scale entry": (
        "models:\n  - scale: resnet50\n    by: [depth]\n    factor: [2]\n    tolerence: 0.1\n",
        7, "models[0].tolerence", "unknown key", "'tolerance'"),
    "misspelt key in exclude": (
        GOOD + "exclude:\n  - batch: 8\n    modle: x\n", 7, "exclude[0].modle", "unknown key", "'model'"),
    "misspelt key in protocol": (
        GOOD + "protocol:\n  warmup_s: 1\n  rouds: 3\n", 7, "protocol.rouds", "unknown key", "'rounds'"),
    "misspelt protocol": (GOOD + "protocol: quikc\n", 5, "protocol", "'quick'", "'quick'"),
    "misspelt only key of an entry": (
        "models:\n  - timm: [a]\n  - famly: resnet\n",
        5, "models[1]", "exactly one of timm, family, scale", "'family'"),
    "entry of two kinds": (
        "models:\n  - timm: [a]\n    family: resnet\n", 4, "models[0]", "exactly one of timm, family, scale", ""),
    "entry that is a text": ("models:\n  - resnet18\n", 4, "models[0]", "exactly one of timm, family, scale", ""),
    "misspelt method": (
        "models:\n  - scale: resnet50\n    by: [depth, compund]\n    factor: [2]\n",
        5, "models[0].by[1]", "'compound'", "did you mean 'compound'?"),
    "misspelt method with a comma behind it": (
        "models:\n  - scale: resnet50\n    by: [widht]\n    factor: [2]\n",
        5, "models[0].by[0]", "'width'", "did you mean 'width'?"),
    "empty axis": (GOOD + "grid:\n  batch: []\n", 6, "grid.batch", "at least 1 item", ""),
    "value twice on an axis": (GOOD + "grid:\n  batch: [1, 2, 1]\n", 6, "grid.batch", "1 is listed twice", ""),
    "misspelt precision": (
        GOOD + "grid:\n  precision: [fp32, bf61]\n", 6, "grid.precision[1]", "Input should be", "'bf16'"),
    "misspelt runtime": (
        GOOD + "grid: {runtime: [onnxruntim]}\n", 5, "grid.runtime[0]", "Input should be", "onnxruntime"),
    "no copies": (GOOD + "grid: {instances: [0]}\n", 5, "grid.instances[0]", "greater than 0", ""),
    "precision unheard of": (
        GOOD + "grid:\n  precision: [pf16]\n", 6, "grid.precision[0]", "'fp16'", "'fp16'"),
    "device unheard of": (GOOD + "grid:\n  device: [gpu]\n", 6, "grid.device[0]", "cuda", ""),
    "batch below one": (GOOD + "grid: {batch: [0]}\n", 5, "grid.batch[0]", "greater than 0", ""),
    "factor and target": (
        "models:\n  - scale: resnet50\n    by: [width]\n    factor: [2]\n    target: [2]\n",
        4, "models[0]", "factor (nominal) or target (counted), one of the two", ""),
    "neither factor nor target": (
        "models:\n  - scale: resnet50\n    by: [width]\n", 4, "models[0]", "factor (nominal) or target (counted)", ""),
    "target of one": (
        "models:\n  - scale: resnet50\n    by: [width]\n    target: [2, 1]\n",
        6, "models[0].target[1]", "greater than 1", ""),
    "target that is no number": (
        "models:\n  - scale: resnet50\n    by: [width]\n    target: [.nan]\n", 6, "models[0].target[0]", "Input", ""),
    "resolution and at": (
        "models:\n  - timm: [resnet50]\n    at: native\n    resolution: [224]\n",
        4, "models[0]", "resolution or at, not both", ""),
    "no models": ("title: nothing\n", 1, "models", "required", ""),
    "empty models": ("models: []\n", 3, "models", "at least 1 item", ""),
    "exclude without a key": (GOOD + "exclude:\n  - {}\n", 6, "exclude[0]", "would drop every case", ""),
    "exclude with an empty value": (GOOD + "exclude:\n  - model:\n", 6, "exclude[0].model", "", ""),
    "no rounds": (GOOD + "protocol:\n  rounds: 0\n", 5, "protocol", "rounds must be greater than 0", ""),
    "maximum below minimum": (
        GOOD + "protocol: {warmup_s: 3, warmup_max_s: 1}\n", 5, "protocol", "maximum must not be below", ""),
    "key twice": (GOOD + "name: again\n", 5, "", 'duplicate key "name"', ""),
    "tabs": (GOOD + "grid:\n\tbatch: [1]\n", 6, "", "not valid YAML", ""),
    "open bracket": ("models: [1\n", 4, "", "not valid YAML", ""),
    "undefined alias": (GOOD + "claims: *nothing\n", 5, "", "not valid YAML: found undefined alias", ""),
    "second document": (GOOD + "---\nschema: 1\n", 5, "", "not valid YAML", ""),
    "alias containing itself": (GOOD + "claims: &loop [*loop]\n", 5, "", "", ""),
    "mapping containing itself": (GOOD + "grid: &loop\n  batch: *loop\n", 6, "", "", ""),
    "misspelt key beside merged ones": (
        GOOD + "exclude:\n  - &usual {batch: 1}\n  - <<: *usual\n    modle: x\n", 8, "exclude[1].modle", "unknown", ""),
    "wrong value that was merged in": (
        GOOD + "grid: &usual {batch: [1]}\nexclude:\n  - <<: *usual\n", None, "exclude[0].batch", "", ""),
    "misspelt key of data": (
        GOOD + "data: {folder: photos, gruop: x}\ngrid: {mode: [accuracy]}\n",
        5, "data.gruop", "unknown key", "'group'"),
    "misspelt mode": (GOOD + "data: photos\ngrid: {mode: [acuracy]}\n", 6, "grid.mode[0]", "'accuracy'", "'accuracy'"),
    "accuracy without images": (
        GOOD + "grid:\n  mode: [accuracy]\n", 6, "grid.mode", "accuracy needs labelled images", "data: FOLDER"),
    "a probe on one device without images": (
        GOOD + "grid_on:\n  cuda:\n    mode: [probe]\n", 7, "grid_on.cuda.mode", "probe needs labelled images", ""),
    "fewer images than kinds of damage": (
        GOOD + "grid: {mode: [training_study]}\nstudy: {images: 2}\n", 6, "study.images", "or equal to 4", ""),
    "images that nothing uses": (GOOD + "data: photos\n", 5, "data", "nothing in the grid uses", "[accuracy]"),
    "share of all images": (
        GOOD + "data: {folder: a, test_share: 1}\ngrid: {mode: [accuracy]}\n", 5, "data.test_share", "less than 1", ""),
    "name with spaces": (GOOD + "title: 3\n", 5, "title", "valid string", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_suite_is_refused_where_it_is_wrong(suite: Load, case: str) -> None:
    """The message starts with file, line and key, says what is wrong, and the hint names the nearest word."""
    text, line, key, message, hint = REFUSED[case]
    with pytest.raises(SuiteError) as caught:
        suite(text)
    first = caught.value.message.splitlines()[0]
    place, _, _ = first.partition(": ")
    assert Path(place.rpartition(":")[0]).name == "suite.yaml"
    if line is not None:
        assert place.endswith(f"suite.yaml:{line}")
    assert f": {key}: " in first if key else True
    assert message in first
    assert hint in caught.value.hint


def test_one_mistake_is_said_once(suite: Load) -> None:
    """A union of forms in the format does not turn one misspelt key into several complaints."""
    for text in (GOOD + "protocol: quikc\n", GOOD + "protocol: {rouds: 3}\n", GOOD + "protocol: {rounds: 0}\n"):
        with pytest.raises(SuiteError) as caught:
            suite(text)
        assert len(caught.value.message.splitlines()) == 1
        assert "literal[" not in caught.value.message
        assert "instance of" not in caught.value.message


def test_all_mistakes_are_said_at_once(suite: Load) -> None:
    """Two mistakes give two lines, so that one look mends both."""
    with pytest.raises(SuiteError) as caught:
        suite(GOOD + "gird: {}\ngrid: {batch: [0]}\n")
    first, second = sorted(line.partition("suite.yaml:")[2] for line in caught.value.message.splitlines())
    assert first.startswith("5: gird: ")
    assert second.startswith("6: grid.batch[0]: ")


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "nothing"), ("# a comment\n", "nothing"), ("- a\n- b\n", "a "), ("just words\n", "a ")],
)
def test_a_file_that_is_no_mapping(load: Load, text: str, found: str) -> None:
    """An empty file, a list and a text are named as such, with how to begin."""
    with pytest.raises(SuiteError, match=rf"suite\.yaml:1: this file must be a mapping of keys, not {found}") as caught:
        load(text)
    assert caught.value.hint == "start with: schema: 1"


def test_another_format_number_is_refused(load: Load) -> None:
    """A file of a later format is not read as if it were this one's."""
    with pytest.raises(SuiteError, match=r"suite\.yaml:1: schema: "):
        load("schema: 2\nname: a\n" + GOOD)


def test_aliases_cannot_blow_up(suite: Load) -> None:
    """Ten lines that would expand to 10^11 nodes are refused before they are expanded."""
    bomb = "x0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 11)
    )
    with pytest.raises(SuiteError, match="aliases expand to more than"):
        suite(GOOD + bomb)


@pytest.mark.parametrize(("depth", "closed"), [(100, True), (300, True), (600, True), (20_000, False)])
def test_deep_nesting_is_refused(suite: Load, depth: int, closed: bool) -> None:
    """Brackets in brackets end in a message, at every depth where one or another reader gives up."""
    with pytest.raises(SuiteError):
        suite(GOOD + "claims: " + "[" * depth + "]" * (depth * closed) + "\n")


@pytest.mark.parametrize("text", ["title: !!python/object:os.system x\n", "1: 2\n", "? [a, b]\n: 3\n"])
def test_unusual_yaml_ends_in_a_message(suite: Load, text: str) -> None:
    """Tags, numbers as keys and lists as keys are refused like any other mistake."""
    with pytest.raises(SuiteError, match=r"suite\.yaml:\d+: "):
        suite(GOOD + text)


def test_a_file_of_two_megabytes(tmp_path: Path) -> None:
    """A file that cannot be a suite is refused by its size, unread."""
    path = tmp_path / "large.yaml"
    path.write_bytes(b"# " + b"x" * 2_000_000)
    with pytest.raises(SuiteError, match=r"large\.yaml: 2000002 bytes; .* at most 1000000"):
        load_suite(path)


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    """The first byte that is not UTF-8 is named."""
    path = tmp_path / "latin.yaml"
    path.write_bytes("title: é".encode("latin-1"))
    with pytest.raises(SuiteError, match=r"latin\.yaml: not UTF-8 text \(byte 7\)"):
        load_suite(path)


def test_a_missing_file_with_a_near_name(tmp_path: Path) -> None:
    """A misspelt file name is answered with the file that is there."""
    (tmp_path / "quickstart.yaml").write_text("")
    with pytest.raises(SuiteError, match=r"quikstart\.yaml: no such file") as caught:
        load_suite(tmp_path / "quikstart.yaml")
    assert caught.value.hint == "did you mean 'quickstart.yaml'?"


def test_a_missing_file_in_a_missing_folder(tmp_path: Path) -> None:
    """Without a folder there is nothing near; where suites lie is said instead."""
    with pytest.raises(SuiteError, match="no such file") as caught:
        load_suite(tmp_path / "nowhere" / "suite.yaml")
    assert caught.value.hint == "scalebench suites lists the shipped ones"


def test_a_folder_is_no_suite(tmp_path: Path) -> None:
    """A folder given as the suite is refused in words."""
    with pytest.raises(SuiteError, match="cannot be read: Is a directory"):
        load_suite(tmp_path)


def test_the_example_of_the_architecture_loads(load: Load) -> None:
    """The suite that docs promise is understood, entry by entry."""
    suite = load(ARCHITECTURE_EXAMPLE).suite
    assert suite.name == "compound_vs_single"
    assert [type(entry).__name__ for entry in suite.models] == [
        "TimmModels", "FamilyModels", "TimmModels", "ScaledModels", "ScaledModels",
    ]  # fmt: skip
    assert suite.grid.batch == [1, 16]
    assert suite.exclude[0].model == "efficientnet_b[67]*"
    assert suite.timing == PROTOCOLS["standard"]
    assert suite.claims == ["all"]


def test_what_is_not_written_has_one_default(suite: Load) -> None:
    """The smallest suite runs every model once in the plainest way."""
    grid = suite(GOOD).suite.grid
    assert grid.model_dump() == {
        "mode": ["inference"], "batch": [1], "precision": ["fp32"], "layout": ["contiguous"], "runtime": ["eager"],
        "threads": ["auto"], "device": ["auto"], "instances": [1], "affinity": ["free"], "optimizer": ["sgd"],
        "checkpointing": [False], "cudnn_benchmark": [False], "cache": ["warm"],
    }  # fmt: skip


def test_a_protocol_can_be_spelled_out(suite: Load) -> None:
    """A mapping replaces single phases of the standard protocol, whole numbers becoming floats."""
    timing = suite(GOOD + "protocol: {rounds: 2, warmup_s: 2}\n").suite.timing
    assert timing == Protocol(rounds=2, warmup_s=2.0)
    assert isinstance(timing.warmup_s, float)


def test_aliases_and_merges_are_ordinary_yaml(suite: Load) -> None:
    """Anchors that save typing work, in lists and as merged keys."""
    text = "models:\n  - &sizes {timm: [resnet18], resolution: [128, 160]}\n  - {<<: *sizes, timm: [resnet50]}\n"
    assert suite(text).suite.models[1].resolution == [128, 160]


def test_a_later_refusal_still_names_the_line(suite: Load) -> None:
    """Whoever finds a mistake after loading can point at its key."""
    file = suite("models:\n  - timm: [resnet18]\n  - timm:\n      - resnet50\n      - nonsense\n")
    error = file.error(("models", 1, "timm", 1), "unknown model", "a hint")
    assert error.message.endswith("suite.yaml:7: models[1].timm[1]: unknown model")
    assert error.hint == "a hint"
