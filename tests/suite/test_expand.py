from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml.comments import CommentedMap

from scalebench.errors import ScalebenchError, SuiteError, UnknownNameError
from scalebench.suite.case import Case
from scalebench.suite.expand import expand
from scalebench.suite.load import SuiteFile
from scalebench.suite.located import Located
from scalebench.suite.model_facts import Known, MatchRequest, Spec
from scalebench.suite.protocol import PROTOCOLS
from scalebench.suite.scaling import RULES
from scalebench.suite.select_models import Selection, check_size, matching_variants, native, select
from scalebench.suite.suite_plan import Member
from scalebench.suite.suite_schema import FamilyModels, ModelEntry, PublishedModels, ScaledModels, Suite, TimmModels
from scalebench.suite.variant import Variant, parse_variant

Catalogue = Mapping[str, Known]
LoadText = Callable[[str], SuiteFile]
DEVICES = {"auto": "cpu", "cpu": "cpu", "cuda": "cuda:0", "cuda:0": "cuda:0", "cuda:1": "cuda:1"}


def _expand(file: SuiteFile, catalogue: Catalogue) -> tuple[tuple[Case, ...], int]:
    selections = [select(entry, catalogue) for entry in file.suite.models]
    return expand(file, selections, {}, DEVICES, cores=8)


def _written(selection: Selection) -> list[tuple[str, int]]:
    return [(spec.variant.name, spec.resolution) for spec in selection.specs]


# --- names ---------------------------------------------------------------------------------------------------------


def test_a_glob_stands_for_all_that_fit_in_the_catalogues_order(catalogue: Catalogue) -> None:
    """Globs give names in timm's order, and only those that fit."""
    assert [v.name for v in matching_variants("resnet1*", catalogue)] == ["resnet18", "resnet101", "resnet152"]
    assert [v.name for v in matching_variants("*efficientnet_b4", catalogue)] == [
        "efficientnet_b4", "tf_efficientnet_b4",
    ]  # fmt: skip
    assert [v.name for v in matching_variants("resnet?4", catalogue)] == ["resnet34"]


def test_a_variant_may_be_named(catalogue: Catalogue) -> None:
    """A name with multipliers stands for itself, its base being known."""
    assert matching_variants("resnet50[d=2,w=1.5]", catalogue) == [Variant("resnet50", 2.0, 1.5)]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("resnet5", "unknown model 'resnet5'", "'resnet50'"),
        ("efficientnet-b0", "unknown model 'efficientnet-b0'", "'efficientnet_b0'"),
        ("efficientnetb0[d=2]", "unknown model 'efficientnetb0'", "'efficientnet_b0'"),
        ("zzz", "unknown model 'zzz'", "scalebench models lists"),
        ("convnext*", "no model fits 'convnext*'", "scalebench models lists"),
        ("resnet50[q=2]", "not a multiplier", "write a variant as"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known(catalogue: Catalogue, name: str, message: str, hint: str) -> None:
    """Whatever is not known is refused at its place in the list, with what it may have meant."""
    with pytest.raises(UnknownNameError) as caught:
        select(TimmModels(timm=["resnet18", name]), catalogue)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.location == ("timm", 1)


# --- published tables ----------------------------------------------------------------------------------------------


def test_a_published_table_gives_its_models_at_their_printed_sizes(catalogue: Catalogue) -> None:
    """Each once, variants too; what this timm cannot build is left out."""
    found = _written(select(PublishedModels(published=["efficientnet-t7", "resnet-t1"]), catalogue))
    assert ("efficientnet_b0[d=4]", 224) in found
    assert ("efficientnet_b0", 448) in found
    assert {("resnet18", 224), ("resnet152", 224)} <= set(found)
    assert len(set(found)) == len(found)
    known = {name: fact for name, fact in catalogue.items() if name != "resnet18"}
    fewer = _written(select(PublishedModels(published=["resnet-*"]), known))
    assert ("resnet18", 224) not in fewer
    assert ("resnet34", 224) in fewer


def test_an_unknown_table_gets_the_nearest(catalogue: Catalogue) -> None:
    """Refused at its place in the list."""
    with pytest.raises(UnknownNameError, match="unknown table 'efficientnet-t9'") as caught:
        select(PublishedModels(published=["resnet-t1", "efficientnet-t9"]), catalogue)
    assert "'efficientnet-t7'" in caught.value.hint
    assert caught.value.location == ("published", 1)


def test_counting_only_makes_cases_on_no_device(catalogue: Catalogue, load: LoadText) -> None:
    """Mode count has one case per model, whatever the other axes say; beside inference it adds its own."""
    text = "schema: 1\nname: a\nmodels: [{timm: [resnet18], resolution: [64]}]\ngrid: {mode: [count]}\n"
    assert _expand(load(text), catalogue)[0] == (Case("resnet18", 64).counted(),)
    both = _expand(load(text.replace("[count]", "[inference, count]")), catalogue)[0]
    assert [case.mode for case in both] == ["inference", "count"]


# --- sizes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "pixels"),
    [
        ("efficientnet_b0", 224), ("efficientnet_b1", 240), ("efficientnet_b2", 260), ("efficientnet_b3", 300),
        ("efficientnet_b4", 380), ("efficientnet_b5", 456), ("efficientnet_b6", 528), ("efficientnet_b7", 600),
        ("tf_efficientnet_b4", 380), ("resnet50", 224), ("vit_tiny_patch16_224", 224),
    ],
)  # fmt: skip
def test_native_is_the_papers_size(catalogue: Catalogue, model: str, pixels: int) -> None:
    """The paper's input size where there is one, timm's default elsewhere."""
    assert native(Variant(model), catalogue) == pixels


def test_native_is_the_default_and_listed_sizes_replace_it(catalogue: Catalogue) -> None:
    """Without sizes a model runs at its native one; with sizes it runs at each of them."""
    assert _written(select(TimmModels(timm=["efficientnet_b1"]), catalogue)) == [("efficientnet_b1", 240)]
    assert _written(select(TimmModels(timm=["efficientnet_b1"], at="native"), catalogue)) == [("efficientnet_b1", 240)]
    assert _written(select(TimmModels(timm=["resnet18", "resnet50"], resolution=[128, 96]), catalogue)) == [
        ("resnet18", 128), ("resnet18", 96), ("resnet50", 128), ("resnet50", 96),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "entry",
    [
        TimmModels(timm=["resnet18"], resolution=[224, 31]),
        FamilyModels(family="efficientnet", resolution=[31]),
        ScaledModels(scale="resnet18", by=["depth"], factor=[2.0], resolution=31),
        ScaledModels(scale="resnet18", by=["resolution"], factor=[0.01]),
    ],
)
def test_an_input_smaller_than_the_stride_is_refused(catalogue: Catalogue, entry: ModelEntry) -> None:
    """An input that would leave less than one pixel is refused before anything is built."""
    with pytest.raises(UnknownNameError, match="too small") as caught:
        select(entry, catalogue)
    assert caught.value.hint == "give at least 32"
    assert caught.value.location == ("resolution",)


def test_an_input_of_the_stride_is_enough(catalogue: Catalogue) -> None:
    """One last pixel is allowed: the bound itself is not refused."""
    check_size(Spec(Variant("resnet18"), 32), catalogue)


# --- families and scaled models ------------------------------------------------------------------------------------


def test_a_family_is_all_its_members(catalogue: Catalogue) -> None:
    """A family gives every member at the paper's size."""
    assert _written(select(FamilyModels(family="efficientnet"), catalogue)) == [
        ("efficientnet_b0", 224), ("efficientnet_b1", 240), ("efficientnet_b2", 260), ("efficientnet_b3", 300),
        ("efficientnet_b4", 380), ("efficientnet_b5", 456), ("efficientnet_b6", 528), ("efficientnet_b7", 600),
    ]  # fmt: skip


def test_an_unknown_family_gets_the_nearest(catalogue: Catalogue) -> None:
    """A misspelt family is refused at its key."""
    with pytest.raises(UnknownNameError, match="unknown family 'efficentnet'") as caught:
        select(FamilyModels(family="efficentnet"), catalogue)
    assert caught.value.hint.startswith("did you mean 'efficientnet'")
    assert caught.value.location == ("family",)


def test_nominal_factors_become_variants_at_once(catalogue: Catalogue) -> None:
    """Factors need no counting: the base, then each factor along each axis, rounded as they are written."""
    entry = ScaledModels(scale="efficientnet_b0", by=["depth", "width", "resolution", "compound"], factor=[2.0])
    selection = select(entry, catalogue)
    assert _written(selection) == [
        ("efficientnet_b0", 224),
        ("efficientnet_b0[d=2]", 224),
        ("efficientnet_b0[w=1.4142]", 224),
        ("efficientnet_b0", 317),
        ("efficientnet_b0[d=1.2137,w=1.1066]", 260),
    ]
    assert selection.requests == ()


def test_counted_targets_become_questions(catalogue: Catalogue) -> None:
    """Targets are left to the counter: one question per target and method, at the base's own size."""
    entry = ScaledModels(scale="efficientnet_b1", by=["depth", "fast"], target=[2.0, 4.0], tolerance=0.05)
    selection = select(entry, catalogue)
    assert _written(selection) == [("efficientnet_b1", 240)]
    assert selection.requests == tuple(
        MatchRequest("efficientnet_b1", 240, method, target, 0.05)
        for target in (2.0, 4.0)
        for method in ("depth", "fast")
    )


def test_only_one_model_can_be_scaled(catalogue: Catalogue) -> None:
    """Scaling several models is refused."""
    with pytest.raises(UnknownNameError, match="one model of timm's") as caught:
        select(ScaledModels(scale="resnet*", by=["depth"], factor=[2.0]), catalogue)
    assert caught.value.location == ("scale",)


def test_a_variant_can_be_the_base(catalogue: Catalogue) -> None:
    """Below B0, up and down: its own multipliers times those of the method."""
    entry = ScaledModels(scale="efficientnet_b0[d=0.5,w=0.35]", by=["depth", "width"], factor=[4.0, 0.5], resolution=64)
    assert _written(select(entry, catalogue)) == [
        ("efficientnet_b0[d=0.5,w=0.35]", 64),
        ("efficientnet_b0[d=2,w=0.35]", 64),
        ("efficientnet_b0[d=0.5,w=0.7]", 64),
        ("efficientnet_b0[d=0.25,w=0.35]", 64),
        ("efficientnet_b0[d=0.5,w=0.2475]", 64),
    ]
    member = Member("width", 0.5, 0.7, 64, 16, 0.0)
    assert member.variant("efficientnet_b0[d=0.5,w=0.35]").name == "efficientnet_b0[d=0.5,w=0.7]"


@given(
    method=st.sampled_from(sorted(RULES)),
    factor=st.floats(1e-6, 256, exclude_min=True),
    base=st.sampled_from(["resnet50", "efficientnet_b0"]),
)
def test_every_factor_that_the_format_allows_can_be_written(
    catalogue: Catalogue, method: str, factor: float, base: str
) -> None:
    """The name of each nominal variant that is not refused reads back as that variant, so it can be built."""
    content = {"scale": base, "by": [method], "factor": [factor], "resolution": 448}
    try:
        specs = select(ScaledModels.model_validate(content), catalogue).specs
    except (ValidationError, ScalebenchError):
        return
    for spec in specs:
        assert parse_variant(spec.variant.name) == spec.variant


@pytest.mark.parametrize("factor", [0.00001, 200.0])
def test_a_factor_that_cannot_be_written_is_refused(catalogue: Catalogue, factor: float) -> None:
    """A multiplier that would be written as 0, or is beyond the largest that can be read, never becomes a case."""
    with pytest.raises((ValidationError, ScalebenchError)):
        select(ScaledModels(scale="resnet50", by=["depth"], factor=[factor]), catalogue)


def test_matched_answers_become_cases(suite: LoadText, catalogue: Catalogue) -> None:
    """The counter's answer to each question is measured at its multipliers, trim and resolution."""
    file = suite("models:\n  - {scale: resnet50, by: [depth, resolution], target: [2]}\n")
    selection = select(file.suite.models[0], catalogue)
    depth, resolution = selection.requests
    answers = {
        depth: Member("depth", 2.0, 1.0, 224, 8_170_000_000, -0.001, trim=2),
        resolution: Member("resolution", 1.0, 1.0, 317, 8_180_000_000, 0.001),
    }
    cases, merged = expand(file, [selection], answers, DEVICES, cores=8)
    assert [(c.model, c.resolution) for c in cases] == [
        ("resnet50", 224), ("resnet50[d=2,t=2]", 224), ("resnet50", 317),
    ]  # fmt: skip
    assert merged == 0


# --- the grid ------------------------------------------------------------------------------------------------------


def test_the_grid_is_a_product(suite: LoadText, catalogue: Catalogue) -> None:
    """Every model runs at every combination of the axes; words such as auto are settled."""
    file = suite(
        "models:\n  - {timm: [resnet18, resnet50], resolution: [64]}\n"
        "grid: {batch: [1, 8], threads: [1, auto], device: [cpu, 'cuda:1']}\nprotocol: quick\n"
    )
    cases, merged = _expand(file, catalogue)
    assert merged == 0
    assert len(cases) == len(set(cases)) == 2 * 2 * 2 * 2
    assert cases[0] == Case("resnet18", 64, 1, threads=1, device="cpu", protocol=PROTOCOLS["quick"])
    assert {(c.batch, c.threads, c.device) for c in cases} == {
        (b, t, d) for b in (1, 8) for t in (1, 8) for d in ("cpu", "cuda:1")
    }


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("model: resnet18", {"resnet50", "efficientnet_b0", "efficientnet_b1", "efficientnet_b0[d=2]"}),
        ("model: 'resnet*'", {"efficientnet_b0", "efficientnet_b1", "efficientnet_b0[d=2]"}),
        ("model: 'efficientnet_b[1-7]'", {"resnet18", "resnet50", "efficientnet_b0", "efficientnet_b0[d=2]"}),
        ("model: 'efficientnet_b0[d=2]'", {"resnet18", "resnet50", "efficientnet_b0", "efficientnet_b1"}),
        ("model: 'efficientnet_b0[d=*]'", {"resnet18", "resnet50", "efficientnet_b0", "efficientnet_b1"}),
        ("model: 'efficientnet_b0[*'", {"resnet18", "resnet50", "efficientnet_b0", "efficientnet_b1"}),
        ("model: '*\\[*'", None),
        ("model: efficientnet_b0", {"resnet18", "resnet50", "efficientnet_b1", "efficientnet_b0[d=2]"}),
        ("model: RESNET18", None),
    ],
)  # fmt: skip
def test_exclude_by_model(suite: LoadText, catalogue: Catalogue, rule: str, left: set[str] | None) -> None:
    """A model rule is a glob over written names; a bracket that opens a variant's multipliers is meant as such."""
    names = ["resnet18", "resnet50", "efficientnet_b0", "efficientnet_b1", "efficientnet_b0[d=2]"]
    file = suite(f"models:\n  - timm: {names}\nexclude:\n  - {{{rule}}}\n")
    cases, _ = _expand(file, catalogue)
    assert {case.model for case in cases} == (set(names) if left is None else left)


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("device: cpu", {"cuda:0", "cuda:1"}),
        ("device: cuda", {"cpu"}),
        ("device: 'cuda:0'", {"cpu", "cuda:1"}),
        ("device: 'cuda:3'", {"cpu", "cuda:0", "cuda:1"}),
    ],
)
def test_exclude_by_device(suite: LoadText, catalogue: Catalogue, rule: str, left: set[str]) -> None:
    """``cuda`` means every GPU, ``cuda:0`` one of them, ``cpu`` neither."""
    file = suite(f"models:\n  - timm: [resnet18]\ngrid: {{device: [cpu, cuda, 'cuda:1']}}\nexclude:\n  - {{{rule}}}\n")
    cases, _ = _expand(file, catalogue)
    assert {case.device for case in cases} == left


ON_DEVICES = """models: [{timm: [resnet18], resolution: [64]}]
grid: {batch: [1, 8], device: [cpu, "cuda:1"]}
grid_on:
  accelerator: {batch: [1, best]}
  cuda: {batch: [1, best, largest], runtime: [eager, cuda_graph]}
exclude:
  - {batch: best, runtime: cuda_graph, device: cuda}
  - {batch: largest, runtime: cuda_graph}
  - {batch: 1, runtime: eager, device: cuda}
"""


def test_kinds_of_devices_have_axes_of_their_own(suite: LoadText, catalogue: Catalogue) -> None:
    """What is searched has a guess for the plan, and is excluded by its word."""
    cases, _ = _expand(suite(ON_DEVICES), catalogue)
    assert [(case.device, case.requested_batch, case.runtime) for case in cases] == [
        ("cpu", 1, "eager"), ("cpu", 8, "eager"),
        ("cuda:1", 1, "cuda_graph"), ("cuda:1", "best", "eager"), ("cuda:1", "largest", "eager"),
    ]  # fmt: skip
    assert {type(case.batch) for case in cases} == {int}
    assert cases[3].label == "resnet18@64 best batch fp32 eager cuda:1"
    assert len({case.key for case in cases}) == 5


@pytest.mark.parametrize(("device", "batches"), [("cpu", [1, 8]), ("cuda", [1, "best"]), ("xpu", [1, 4])])
def test_accelerator_means_every_kind_without_an_entry_of_its_own(
    suite: LoadText, catalogue: Catalogue, device: str, batches: list[object]
) -> None:
    file = suite(f"""models: [{{timm: [resnet18], resolution: [64]}}]
grid: {{batch: [1, 8], device: [{device}]}}
grid_on: {{accelerator: {{batch: [1, best]}}, xpu: {{batch: [1, 4]}}}}
""")
    selections = [select(entry, catalogue) for entry in file.suite.models]
    cases, _ = expand(file, selections, {}, {device: "cpu" if device == "cpu" else f"{device}:0"}, cores=8)
    assert [case.requested_batch for case in cases] == batches


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("grid_on: {gpu: {batch: [1]}}", "write accelerator or cpu, cuda, rocm, xpu, mps"),
        ("grid_on: {cuda: {batch: [1, 1]}}", "1 is listed twice"),
        ("grid_on: {cuda: {batches: [1]}}", "batch"),
        ("grid_on: {cuda: {device: [cpu]}}", "device"),
        ("grid: {batch: [bset]}", "best"),
    ],
)
def test_axes_of_kinds_are_checked(suite: LoadText, rest: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        suite(f"models: [{{timm: [resnet18]}}]\n{rest}\n")
    assert message in str(caught.value) + caught.value.hint


def test_every_key_of_a_rule_must_fit(suite: LoadText, catalogue: Catalogue) -> None:
    """A rule drops what fits all its keys; two rules drop what fits either."""
    rest = "models:\n  - {timm: [resnet18], resolution: [64, 128]}\ngrid: {batch: [1, 8]}\n"
    both, _ = _expand(suite(rest + "exclude:\n  - {resolution: 64, batch: 8}\n"), catalogue)
    assert {(c.resolution, c.batch) for c in both} == {(64, 1), (128, 1), (128, 8)}
    either, _ = _expand(suite(rest + "exclude:\n  - {resolution: 64}\n  - {batch: 8}\n"), catalogue)
    assert {(c.resolution, c.batch) for c in either} == {(128, 1)}


def test_nothing_left_is_refused(suite: LoadText, catalogue: Catalogue) -> None:
    """A suite whose every case is excluded is a mistake, found at ``exclude``."""
    file = suite("models:\n  - timm: [resnet18]\nexclude:\n  - {model: '*'}\n")
    with pytest.raises(SuiteError, match=r"suite\.yaml:5: exclude: every case is excluded"):
        _expand(file, catalogue)


@pytest.mark.parametrize(
    "rest",
    [
        "models:\n  - timm: [resnet50]\n  - timm: ['resnet5*']\n",
        "models:\n  - timm: [efficientnet_b1]\n  - {timm: [efficientnet_b1], resolution: [240]}\n",
        "models:\n  - timm: [efficientnet_b1]\n  - timm: ['efficientnet_b1[d=1]']\n",
        "models:\n  - family: resnet\n  - {family: resnet, at: native}\n",
    ],
)
def test_a_case_named_twice_by_one_kind_of_entry_is_refused(suite: LoadText, catalogue: Catalogue, rest: str) -> None:
    """Naming a case twice is a mistake however it is written, found at the second entry."""
    with pytest.raises(SuiteError, match=r"suite\.yaml:5: models\[1\]: duplicate case: ") as caught:
        _expand(suite(rest), catalogue)
    assert caught.value.hint == "name each case once"


def test_a_size_listed_twice_is_refused(suite: LoadText, catalogue: Catalogue) -> None:
    """The same resolution twice in one entry is the same mistake."""
    file = suite("models:\n  - {timm: [resnet18], resolution: [64, 64]}\n")
    with pytest.raises(SuiteError, match="duplicate case: resnet18@64"):
        _expand(file, catalogue)


def test_two_words_for_one_device_are_refused(suite: LoadText, catalogue: Catalogue) -> None:
    """``auto`` and ``cpu`` may come to the same here, which would measure everything twice."""
    file = suite("models:\n  - timm: [resnet18]\ngrid: {device: [auto, cpu]}\n")
    with pytest.raises(SuiteError, match="duplicate case"):
        _expand(file, catalogue)


def test_a_case_reached_by_two_kinds_of_entry_is_measured_once(suite: LoadText, catalogue: Catalogue) -> None:
    """A listed model may also be a family's member and a scaled base; it is merged, and that is counted."""
    file = suite(
        "models:\n  - timm: [resnet50]\n  - family: resnet\n"
        "  - {scale: resnet50, by: [depth], factor: [2]}\n  - {scale: resnet50, by: [depth], factor: [3]}\n"
    )
    cases, merged = _expand(file, catalogue)
    assert [c.model for c in cases] == [
        "resnet50", "resnet18", "resnet34", "resnet101", "resnet152", "resnet50[d=2]", "resnet50[d=3]",
    ]  # fmt: skip
    assert merged == 3


# --- invariants ----------------------------------------------------------------------------------------------------

_NAMES = st.lists(st.sampled_from(["resnet18", "resnet50", "efficientnet_b0"]), min_size=1, unique=True)
_SIZES = st.lists(st.sampled_from([32, 64, 224]), min_size=1, unique=True)
_GRIDS = st.fixed_dictionaries(
    {
        "batch": st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
        "threads": st.lists(st.integers(1, 4), min_size=1, max_size=2, unique=True),
    }
)


@settings(max_examples=60)
@given(names=_NAMES, sizes=_SIZES, grid=_GRIDS, dropped=st.integers(1, 9))
def test_expansion_is_deterministic_and_bounded(
    catalogue: Catalogue, names: list[str], sizes: list[int], grid: dict[str, list[int]], dropped: int
) -> None:
    """Twice the same, no case twice, never more than models times grid, and exactly that without a rule."""
    content = {"schema": 1, "name": "a", "models": [{"timm": names, "resolution": sizes}], "grid": grid}
    bound = len(names) * len(sizes) * len(grid["batch"]) * len(grid["threads"])

    def cases(**more: object) -> tuple[Case, ...]:
        file = SuiteFile(
            Suite.model_validate({**content, **more}), Located("suite.yaml", "", CommentedMap(), SuiteError)
        )
        return _expand(file, catalogue)[0]

    whole = cases()
    assert whole == cases()
    assert len(whole) == len(set(whole)) == len({case.key for case in whole}) == bound
    if set(grid["batch"]) != {dropped}:
        part = cases(exclude=[{"batch": dropped}])
        assert part == tuple(case for case in whole if case.batch != dropped)


def test_what_classifies_is_compared_with_the_plain_model(load: LoadText, catalogue: Catalogue) -> None:
    """int8 alone is asked for; fp32 in eager stands before it, and only int8 of the timed cases knows the images."""
    text = (
        "schema: 1\nname: a\nmodels:\n  - {timm: [resnet18], resolution: [64]}\ndata: photos\n"
        "grid: {mode: [accuracy, inference], runtime: [onnxruntime], precision: [fp32, int8], threads: [1]}\n"
        "exclude: [{mode: accuracy, precision: fp32}]\n"
    )
    file = load(text)
    selections = [select(entry, catalogue) for entry in file.suite.models]
    cases, _ = expand(file, selections, {}, DEVICES, 8, "photos-1a2b3c4d")
    assert [(case.mode, case.runtime, case.precision, case.data) for case in cases] == [
        ("accuracy", "eager", "fp32", "photos-1a2b3c4d"),
        ("accuracy", "onnxruntime", "int8", "photos-1a2b3c4d"),
        ("inference", "onnxruntime", "fp32", ""),
        ("inference", "onnxruntime", "int8", "photos-1a2b3c4d"),
    ]
