"""The hardware catalogue: shipped rows are consistent, and errors of public tables are refused with file, line, key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import CatalogueError, UnknownNameError
from scalebench.procure.catalogue import catalogue, catalogue_version, select_chips
from scalebench.procure.chip import MOST_GB_S, NUMBERS, RULES, Chip, row_problems
from scalebench.procure.formulas import share_of_peak
from scalebench.store.published_tables import read_timm
from scalebench.suite.case import COUNT

SHIPPED = catalogue()

TABLES = sorted((Path(__file__).parents[3] / "shared" / "data" / "timm").glob("benchmark-infer-amp-*-pt240-*.csv"))

ROW = """\
schema: 1
chips:
  - id: mine
    kind: gpu
    memory: GDDR6
    memory_gb: 24
    bandwidth_gb_s: 300
    fp32_tflops: 30
    fp16_bf16_tflops: 120
    int8_tops: 240
    watts: 75
    mark: U
"""


def user_file(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def changed(**changes: object) -> Chip:
    return Chip.model_validate({**SHIPPED["nvidia-l4"].model_dump(), **changes})


@pytest.mark.parametrize("chip", SHIPPED.values(), ids=lambda chip: chip.id)
def test_shipped_rows_keep_the_rules(chip: Chip) -> None:
    """The same rules that a user's rows are held to; a verified number has an address, a conflict no number."""
    assert row_problems(chip, {}) == []
    for name in NUMBERS:
        value, mark = getattr(chip, name), chip.mark_of(name)
        assert mark != "X" or value is None
        assert mark != "V" or value is None or any(source.url for source in chip.sources)
        assert value is None or value > 0
    assert chip.kind != "cpu" or "base clock" in chip.remarks


def test_the_rows_are_there() -> None:
    """Every id once, and the two numbers that tables get wrong are the dense ones."""
    assert len(SHIPPED) == 40
    assert SHIPPED["nvidia-l4"].fp16_bf16_tflops == 121
    assert SHIPPED["nvidia-rtx-4090"].fp16_bf16_tflops == 165.2
    assert SHIPPED["nvidia-h200-sxm"].fp16_bf16_tflops == 989
    assert catalogue_version()


@pytest.mark.parametrize(
    ("id_", "cores", "ghz", "fp32", "bf16", "int8"),
    [
        ("intel-xeon-8380", 40, 2.3, 64, None, 256),
        ("intel-xeon-8480+", 56, 2.0, 64, 1024, 2048),
        ("intel-xeon-8592+", 64, 1.9, 64, 1024, 2048),
        ("intel-xeon-6980p", 128, 2.0, 64, 1024, 2048),
        ("amd-epyc-7763", 64, 2.45, 32, None, None),
        ("amd-epyc-9654", 96, 2.4, 32, 64, 128),
    ],
)
def test_processors_by_arithmetic(
    id_: str, cores: int, ghz: float, fp32: float, bf16: float | None, int8: float | None
) -> None:
    """Cores x base clock x operations per clock: two FMA units of 16 or 8 floats, and AMX of 1024 or 2048."""
    chip = SHIPPED[id_]
    assert (chip.cores, chip.base_ghz) == (cores, ghz)
    for name, per_clock in (("fp32_tflops", fp32), ("fp16_bf16_tflops", bf16), ("int8_tops", int8)):
        peak = getattr(chip, name)
        if per_clock is None:
            assert peak is None
        else:
            assert peak == pytest.approx(cores * ghz * per_clock / 1000, abs=0.051)


def test_the_l4_by_arithmetic() -> None:
    """58 SMs x 2.04 GHz x 512 multiply-adds; a table with 60 SMs comes to 125."""
    assert SHIPPED["nvidia-l4"].fp16_bf16_tflops == pytest.approx(58 * 2.04 * 512 * 2 / 1000, rel=0.002)


def test_sparse_as_dense_is_refused() -> None:
    """The L4 of a public table: 242 and 485, both with sparsity, so that their ratio is right."""
    both = row_problems(changed(fp16_bf16_tflops=242, int8_tops=485), SHIPPED)
    assert any("twice the dense peak of nvidia-l4, 121" in problem.text for problem in both)
    assert any("per watt" in problem.text for problem in both), "caught without a known row too"
    (problem,) = row_problems(changed(id="my-l4", watts=None, int8_tops=None, fp16_bf16_tflops=242), SHIPPED)
    assert problem.key == "fp16_bf16_tflops", "under another id the name tells"
    assert problem.hint.startswith("write 121")


@pytest.mark.parametrize(
    ("id_", "changes", "key"),
    [
        ("nvidia-l4", {"bandwidth_gb_s": 3350}, "bandwidth_gb_s"),
        ("nvidia-l4", {"int8_tops": 485}, "int8_tops"),
        ("nvidia-a100-sxm-80", {"fp16_bf16_tflops": 624, "int8_tops": 1248}, "fp16_bf16_tflops"),
        ("nvidia-h100-sxm", {"fp16_bf16_tflops": 1979, "int8_tops": 3958}, "fp16_bf16_tflops"),
        ("nvidia-rtx-4090", {"fp16_bf16_tflops": 330.3}, "int8_tops"),
        ("nvidia-b200-sxm", {"allow": {}}, "fp16_bf16_tflops"),
        ("amd-mi210", {"int8_over_fp16": 2}, "int8_tops"),
    ],
)
def test_each_rule_finds_its_error(id_: str, changes: dict[str, object], key: str) -> None:
    """Against no known rows: the row alone gives it away."""
    chip = Chip.model_validate({**SHIPPED[id_].model_dump(), **changes})
    assert key in {problem.key for problem in row_problems(chip, {})}


@given(st.sampled_from(sorted(MOST_GB_S)), st.floats(1.001, 50))
def test_no_memory_is_faster_than_its_type(memory: str, factor: float) -> None:
    chip = changed(memory=memory, bandwidth_gb_s=MOST_GB_S[memory] * factor)
    assert [problem.key for problem in row_problems(chip, {})] == ["bandwidth_gb_s"]


@given(st.sampled_from(sorted(SHIPPED)), st.floats(0.96, 1.04))
def test_twice_a_known_peak_is_always_refused(id_: str, wobble: float) -> None:
    """Whatever the chip, its peak with sparsity does not pass for dense."""
    chip = SHIPPED[id_]
    if chip.fp16_bf16_tflops is not None:
        twice = chip.model_copy(update={"fp16_bf16_tflops": 2 * wobble * chip.fp16_bf16_tflops})
        assert "fp16_bf16_tflops" in {problem.key for problem in row_problems(twice, SHIPPED)}


def test_nulls_are_distinguished_and_never_zero() -> None:
    assert SHIPPED["nvidia-gh200-96"].cell("watts") == "not published"
    assert SHIPPED["nvidia-a10g"].cell("int8_tops") == "sources conflict"
    assert SHIPPED["nvidia-l4"].cell("fp16_bf16_tflops") == "121 A"
    assert SHIPPED["nvidia-gh200-96"].watts is None


def test_peaks_by_precision() -> None:
    """Operations per second; what a chip does not have, or nobody publishes, is None."""
    assert SHIPPED["nvidia-l4"].peak("amp_fp16") == 121e12
    assert SHIPPED["nvidia-l4"].peak("int8") == 242e12
    assert SHIPPED["nvidia-l4"].peak("tf32") is None
    assert SHIPPED["nvidia-t4"].peak("fp16") == 65e12
    assert SHIPPED["nvidia-t4"].peak("bf16") is None, "it has none"
    assert SHIPPED["intel-xeon-8480+"].peak("bf16") == pytest.approx(114.7e12)
    assert SHIPPED["intel-xeon-8480+"].peak("fp16") is None
    assert SHIPPED["nvidia-l4"].bandwidth == 300e9


def test_a_users_rows_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    file = user_file(tmp_path, ROW)
    both = catalogue(file)
    assert list(both) == [*SHIPPED, "mine"]
    assert both["mine"].origin == str(file)
    assert both["nvidia-l4"].origin == "scalebench"
    own = user_file(tmp_path, ROW.replace("id: mine", "id: nvidia-l4").replace("watts: 75", "watts: 60"))
    assert catalogue(own)["nvidia-l4"].watts == 60
    assert SHIPPED["nvidia-l4"].watts == 72


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("watts: 75", "wats: 75", 11, "unknown key"),
        ("watts: 75", "watts: 0", 11, "greater than 0"),
        ("    watts: 75\n", "", 3, "Field required"),
        ("bandwidth_gb_s: 300", "bandwidth_gb_s: 3350", 7, "more than GDDR6 gives, 1100"),
        ("int8_tops: 240", "int8_tops: 485", 10, "times fp16_bf16_tflops"),
        ("mark: U", "mark: V", 3, "mark V needs a source with a url"),
        ("mark: U", "mark: X", 3, "mark X says that sources conflict"),
        ("kind: gpu", "kind: cpu", 3, "a processor needs cores and base_ghz"),
        ("schema: 1", "schema: 2", 1, "Input should be 1"),
        ("mark: U", "mark: U\n    marks: {speed: V}", 3, "'speed' is no number of a row"),
    ],
)
def test_bad_rows_are_refused_where_they_stand(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    """File, line and key of a user's mistake."""
    file = user_file(tmp_path, ROW.replace(old, new))
    with pytest.raises(CatalogueError) as refusal:
        catalogue(file)
    assert f"{file}:{line}: " in refusal.value.message
    assert message in refusal.value.message


def test_the_l4_of_a_public_table_is_refused_with_file_line_and_key(tmp_path: Path) -> None:
    text = ROW.replace("id: mine", "id: nvidia-l4").replace(": 120", ": 242").replace(": 240", ": 485")
    text = text.replace("    watts: 75", "    watts: null")
    with pytest.raises(CatalogueError) as refusal:
        catalogue(user_file(tmp_path, text))
    assert "mine.yaml:9: chips[0].fp16_bf16_tflops: 242 is twice the dense peak" in refusal.value.message
    assert refusal.value.hint.startswith("write 121")


def test_a_row_may_be_excused_with_a_reason(tmp_path: Path) -> None:
    fast = ROW.replace("bandwidth_gb_s: 300", "bandwidth_gb_s: 2000")
    excused = fast + "    allow: {bandwidth: two boards on one bracket}\n"
    assert "two boards" in catalogue(user_file(tmp_path, excused))["mine"].remarks
    with pytest.raises(CatalogueError):
        catalogue(user_file(tmp_path, fast))


def test_rows_are_found_by_id_or_glob() -> None:
    assert [chip.id for chip in select_chips(["nvidia-l4"], SHIPPED)] == ["nvidia-l4"]
    assert {chip.id for chip in select_chips(["nvidia-h*"], SHIPPED)} == {
        "nvidia-h100-pcie", "nvidia-h100-sxm", "nvidia-h100-nvl", "nvidia-h200-sxm",
    }  # fmt: skip
    assert len(select_chips([], SHIPPED)) == len(SHIPPED)
    with pytest.raises(UnknownNameError) as refusal:
        select_chips(["nvidia-l5"], SHIPPED)
    assert "nvidia-l4" in refusal.value.hint


@pytest.mark.skipif(not TABLES, reason="timm's own tables were not found beside the repository, which has none")
def test_no_published_throughput_beats_a_dense_peak() -> None:
    """F14 over a thousand models on two cards: the best come near the peak, and none above it."""
    for table in map(read_timm, TABLES):
        peak = SHIPPED[f"nvidia-{table.run.name.replace('rtx', 'rtx-')}"].peak("amp_fp16")
        assert peak is not None
        counts = [record for record in table.records if record.case.mode == COUNT]
        macs = {(r.case.model, r.case.resolution): r.facts.get("macs", 0) for r in counts}
        shares = [
            share_of_peak(macs.get((r.case.model, r.case.resolution), 0), r.facts["throughput_ips"], peak)
            for r in table.timed
        ]
        assert 0.5 < max(shares) <= 1, table.path.name


def test_the_rows_in_the_docs_load(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "hardware.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert catalogue(user_file(tmp_path, example))["my-card"].sources[0].url == "https://example.org"
    assert all(f"`{rule}`" in text for rule in RULES)
