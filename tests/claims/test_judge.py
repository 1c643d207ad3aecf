import math
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from scalebench.analysis.analyse import Analysis
from scalebench.analysis.stats import Estimate
from scalebench.claims.judge import Verdict, judge
from scalebench.claims.judged_parts import combine, decide
from scalebench.claims.registry import Claim, Part, registry, select_claims
from scalebench.report.rounds_to_decide import rounds_to_decide
from scalebench.suite.suite_plan import Group, Member

MakeAnalysis = Callable[..., Analysis]
Counts = Mapping[tuple[str, int], Mapping[str, float]]
NAN, INF = math.nan, math.inf


# --- deciding one part ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "low", "high", "word"),
    [
        (1.0, 0.95, 1.05, "supported"),
        (1.0, 0.9, 1.1, "supported"),
        (1.0, 1.0, 1.0, "supported"),
        (1.1, 1.1, 1.1, "supported"),
        (1.0, 0.89, 1.05, "inconclusive"),
        (1.0, 0.95, 1.11, "inconclusive"),
        (1.0, 0.5, 2.0, "inconclusive"),
        (1.2, 1.1, 1.3, "inconclusive"),
        (1.2, 1.11, 1.3, "refuted"),
        (0.8, 0.7, 0.89, "refuted"),
        (1.2, 1.2, 1.2, "refuted"),
        (1.0, NAN, NAN, "inconclusive"),
        (5.0, NAN, NAN, "inconclusive"),
        (1.0, 0.95, NAN, "inconclusive"),
        (NAN, NAN, NAN, "not measured"),
    ],
)
def test_deciding_against_09_to_11(value: float, low: float, high: float, word: str) -> None:
    """The whole interval inside supports, the whole outside refutes, anything else decides nothing."""
    assert decide(Estimate(value, low, high, 3), 0.9, 1.1) == word


@pytest.mark.parametrize(
    ("estimate", "low", "high", "word"),
    [
        ((2.0, 1.9, 2.1), 1.8, INF, "supported"), ((2.0, 1.7, 2.1), 1.8, INF, "inconclusive"),
        ((1.0, 0.9, 1.1), 1.8, INF, "refuted"), ((1.0, 0.9, 1.1), -INF, 1.2, "supported"),
        ((2.0, 1.9, 2.1), -INF, 1.2, "refuted"), ((2.0, 0.0, INF), 1.0, INF, "inconclusive"),
    ],
)  # fmt: skip
def test_deciding_against_an_open_side(
    estimate: tuple[float, float, float], low: float, high: float, word: str
) -> None:
    """At least, and at most, have one threshold only."""
    assert decide(Estimate(*estimate, 3), low, high) == word


@given(value=st.floats(-10, 10), width=st.floats(0, 5), low=st.floats(-10, 10), size=st.floats(0, 5))
def test_a_narrower_interval_never_overturns_a_verdict(value: float, width: float, low: float, size: float) -> None:
    """What a wide interval decides, a narrower one inside it decides alike; and all is symmetric about zero."""
    wide, narrow = (Estimate(value, value - half, value + half, 3) for half in (width, width / 2))
    word = decide(wide, low, low + size)
    assert word != "not measured"
    assert word == decide(Estimate(-value, -wide.high, -wide.low, 3), -low - size, -low)
    if word != "inconclusive":
        assert decide(narrow, low, low + size) == word


@pytest.mark.parametrize(
    ("content", "low", "high"),
    [
        ({"near": 2, "margin": 0.05}, 1.9, 2.1), ({"near": 1}, 1, 1), ({"at_least": 5.7, "margin": 0.15}, 4.845, INF),
        ({"at_least": 1}, 1, INF), ({"at_most": 1.0, "margin": 0.05}, -INF, 1.05), ({"at_most": 1.05}, -INF, 1.05),
    ],
)  # fmt: skip
def test_margins_are_relative(content: dict[str, float], low: float, high: float) -> None:
    """A margin of a ratio is a share of it, on the sides that the expectation has."""
    part = TypeAdapter(Part).validate_python(
        {"kind": "constant", "label": "x", "quantity": "compound_constant", **content}
    )
    assert part.bounds == pytest.approx((low, high))


def test_margins_of_exponents_are_absolute() -> None:
    """An exponent of 2 with margin 0.15 allows 1.85 to 2.15."""
    part = TypeAdapter(Part).validate_python(
        {"kind": "count_exponent", "label": "x", "metric": "macs", "against": "width", "near": 2, "margin": 0.15,
         "models": ["a@1", "b@1", "c@1"]}
    )  # fmt: skip
    assert part.bounds == pytest.approx((1.85, 2.15))


S, R, OPEN, N = "supported", "refuted", "inconclusive", "not measured"
ELSEWHERE = "not reproduced here"


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ([S], S), ([S, S], S), ([R], R), ([OPEN], OPEN), ([N], N), ([N, N], N), ([S, R], R), ([OPEN, R, N], R),
        ([S, OPEN], OPEN), ([R, N], R), ([ELSEWHERE, R], R), ([ELSEWHERE, OPEN, N, S], ELSEWHERE),
    ],
)  # fmt: skip
def test_combining(words: list[Any], word: str) -> None:
    """One refuted part refutes; only when all are supported is the claim; order does not matter."""
    assert combine(words) == word
    assert combine(words[::-1]) == word


@given(words=st.lists(st.sampled_from([S, OPEN, N]), min_size=1))
def test_an_open_part_never_supports(words: list[Any]) -> None:
    """While a part is inconclusive or not measured, the claim is not supported, and without evidence not refuted."""
    assert (combine(words) == S) == (set(words) == {S})
    assert combine(words) != R


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ([S], S), ([R], R), ([S, R], S), ([S, N], S), ([S, OPEN], S), ([R, R], R), ([R, OPEN], OPEN), ([R, N], N),
        ([R, OPEN, N], N), ([R, ELSEWHERE], ELSEWHERE), ([S, ELSEWHERE], S),
    ],
)  # fmt: skip
def test_combining_alternatives(words: list[Any], word: str) -> None:
    """Where any part suffices, one that holds supports, and only when all are refuted is the claim."""
    assert combine(words, "any_of") == word
    assert combine(words[::-1], "any_of") == word


@pytest.mark.parametrize(
    ("latency_s", "file_bytes", "word", "effect"),
    [
        (0.0225, 25.85e6, S, 25.85e6), (0.07, 20e6, S, 0.07), (0.07, 102e6, S, 0.07), (0.0225, 20e6, R, 20e6),
        (0.07, NAN, S, 0.07), (0.0225, NAN, N, NAN),
    ],
)  # fmt: skip
def test_failing_one_limit_is_not_suiting(
    analysis_of: MakeAnalysis, latency_s: float, file_bytes: float, word: str, effect: float
) -> None:
    """ResNet-50 does not suit where it takes over 33.3 ms or more than 25 MB; the limit nearest to failing is shown."""
    row = {"model": "resnet50", "resolution": 224, "latency_s": latency_s, "file_bytes": file_bytes}
    verdict = _judge("EG-05", analysis_of(rounds=[row] * 3))
    assert verdict.verdict == word
    assert verdict.effect == pytest.approx(effect, nan_ok=True)


# --- golden verdicts on counted numbers ----------------------------------------------------------------------------


def _judge(name: str, analysis: Analysis) -> Verdict:
    (verdict,) = judge(select_claims([name]), analysis)
    return verdict


@pytest.mark.parametrize(
    ("name", "word", "effect"),
    [
        ("EN-02", S, 1.92027),  # about 2
        ("EN-03", R, 0.687 / 0.386 / 1.41421356),  # B1 has 1.78 times B0's MACs, not 1.41: the first to fail decides
        ("EN-06", S, None),  # every released depth is at least the printed one
        ("EN-13", S, None),  # 7.72 times the parameters, 16.76 times the MACs
        ("EN-19", R, None),  # the four of Table 7 differ by 26 %
        ("EN-23", R, None),  # depth and width of Table 3 look interchanged
    ],
)
def test_verdicts_on_the_counted_numbers(
    analysis_of: MakeAnalysis, published: Counts, name: str, word: str, effect: float | None
) -> None:
    """On the exact counts of the published models each count-only claim has the verdict computed by hand."""
    verdict = _judge(name, analysis_of(published))
    assert verdict.verdict == word
    assert verdict.machine == "on paper"
    assert verdict.way == ""
    assert verdict.low == verdict.effect == verdict.high
    if effect is not None:
        assert verdict.effect == pytest.approx(effect)


def test_the_parts_behind_the_verdicts(analysis_of: MakeAnalysis, published: Counts) -> None:
    """The numbers of the hand calculation, part by part."""
    found = {
        name: [round(part.estimate.value, 2) for part in _judge(name, analysis_of(published)).parts]
        for name in ("EN-03", "EN-06", "EN-13", "EN-19", "EN-23")
    }
    assert found["EN-03"] == [1.26, 1.29, 1.18, 1.42, 1.66, 1.54, 1.53]
    assert found["EN-06"] == [1.31, 1.2, 1.16, 1.11, 1.11, 1.08, 1.11]
    assert found["EN-13"] == [7.72, 16.76]
    assert found["EN-19"] == [1.26, 0.88, 0.81, 0.81, 1.01]  # 1.827 / 1.450; 1.575 / 1.8, 1.450 / 1.8, 1.538 / 1.9, ...
    assert found["EN-23"] == [0.9, 1.1, 1.0]


def test_efficientnets_activations_do_not_grow_linearly(analysis_of: MakeAnalysis, published: Counts) -> None:
    """B0 to B7 give activations as MACs^0.82, which is below what the claim of proportionality allows."""
    verdict = _judge("RG-02", analysis_of(published))
    efficientnet = verdict.parts[0]
    assert efficientnet.estimate.value == pytest.approx(0.82, abs=0.01)
    assert efficientnet.word == R
    assert [part.word for part in verdict.parts[1:]] == [N, N]
    assert verdict.verdict == R
    absent = verdict.why.partition("Not measured: ")[2]
    assert "RegNetX 200MF to 32GF; " in absent
    assert "RegNetY 200MF to 32GF. Uniform scaling" in absent


def test_interchanged_figures_are_remarked(analysis_of: MakeAnalysis, published: Counts) -> None:
    """Two printed numbers that would both be right in each other's place are pointed out, and only those."""
    why = _judge("EN-23", analysis_of(published)).why
    assert "The printed figures of resnet50[d=4]@224 and resnet50[w=2]@224 would fit if interchanged." in why
    assert why.count("interchanged") == 1
    for name in ("EN-03", "EN-19"):
        assert "interchanged" not in _judge(name, analysis_of(published)).why


@pytest.mark.parametrize(
    "counts",
    [
        {("resnet50[d=4]", 224): 14.57, ("resnet50[w=2]", 224): 14.57, ("resnet50", 448): 16.35},
        {("resnet50[d=4]", 224): 10.0, ("resnet50[w=2]", 224): 20.0, ("resnet50", 448): 16.35},
        {("resnet50[d=4]", 224): 14.57, ("resnet50", 448): 16.35},
        {("resnet50[d=4]", 224): 15.5, ("resnet50[w=2]", 224): 15.4, ("resnet50", 448): 16.35},
    ],
)
def test_other_misprints_are_not_called_interchanged(
    analysis_of: MakeAnalysis, counts: dict[tuple[str, int], float]
) -> None:
    """One wrong number, two that fit nowhere, a missing one, and two that hold as printed get no such remark."""
    analysis = analysis_of({key: {"macs": value * 1e9} for key, value in counts.items()})
    assert "interchanged" not in _judge("EN-23", analysis).why


@pytest.mark.parametrize("claim", registry().values(), ids=lambda claim: claim.id)
def test_every_claim_is_judged_on_nothing(analysis_of: MakeAnalysis, claim: Claim) -> None:
    """Without any count and any round only arithmetic on printed figures and on the constants decides anything."""
    (verdict,) = judge([claim], analysis_of())
    arithmetic = any(part.kind in ("constant", "printed") for part in claim.parts)
    assert verdict.claim is claim
    assert verdict.why.endswith(".")
    assert verdict.machine == "on paper"
    if not arithmetic:
        assert verdict.verdict == N
        assert math.isnan(verdict.effect)
    if claim.cannot:
        assert verdict.why == claim.cannot
    elif not arithmetic:
        assert "Nothing was measured" in verdict.why


# --- measured claims -----------------------------------------------------------------------------------------------


def _rounds(model: str, resolution: int, *latencies: float, **way: object) -> list[dict[str, object]]:
    return [{"model": model, "resolution": resolution, "latency_s": value, **way} for value in latencies]


def _speed(factor: float, **way: object) -> list[dict[str, object]]:
    """EfficientNet-B1 faster than ResNet-152 by a factor, three rounds each, 1 % apart."""
    small = (0.099, 0.1, 0.101)
    return [
        *_rounds("efficientnet_b1", 240, *small, **way),
        *_rounds("resnet152", 224, *(value * factor for value in small), **way),
    ]


@pytest.mark.parametrize(("factor", "word"), [(5.7, S), (6.5, S), (4.85, OPEN), (2.3, R)])
def test_a_measured_claim(analysis_of: MakeAnalysis, factor: float, word: str) -> None:
    """5.7 times faster, with its margin of 15 %: more supports, near the threshold is open, far less refutes."""
    verdict = _judge("EN-12", analysis_of(rounds=_speed(factor)))
    assert (verdict.verdict, verdict.n, verdict.machine) == (word, 3, "xeon")
    assert verdict.effect == pytest.approx(factor)
    assert verdict.low < factor < verdict.high
    assert verdict.way == "batch 1, fp32 eager, cpu, 1 thread"
    assert "95 % interval" in verdict.why
    assert "n = 3" in verdict.why


LAUNCHES = ("launch_bound: issuing takes 97% of a pass", "power_capped")


@pytest.mark.parametrize(("factor", "word"), [(6.5, S), (4.85, OPEN), (2.3, R)])
def test_times_of_launches_decide_nothing_about_arithmetic(analysis_of: MakeAnalysis, factor: float, word: str) -> None:
    """Neither for a claim nor against it, if one of its two models waits for launches in two of three rounds."""
    rounds = _speed(factor)
    bound = [{**row, "notes": LAUNCHES if at in (0, 1) else ()} for at, row in enumerate(rounds)]
    verdict = _judge("EN-12", analysis_of(rounds=bound))
    assert verdict.verdict == OPEN
    assert verdict.effect == pytest.approx(factor)
    if word != OPEN:
        assert "Launch-bound here: efficientnet_b1@240. Their times are those of launches" in verdict.why
        assert math.isnan(rounds_to_decide(verdict))
    once = [{**row, "notes": LAUNCHES if at == 0 else ()} for at, row in enumerate(rounds)]
    assert _judge("EN-12", analysis_of(rounds=once)).verdict == word


def test_launches_decide_claims_about_launches_and_sizes(analysis_of: MakeAnalysis) -> None:
    """IS-02 says that B0 is slower than ResNet-50 at batch 1, whatever its passes wait for."""
    rounds = [
        *_rounds("efficientnet_b0", 224, 0.0098, 0.0099, 0.01, device="cuda:0", notes=LAUNCHES),
        *_rounds("resnet50", 224, 0.0058, 0.0059, 0.006, device="cuda:0", notes=LAUNCHES),
    ]
    assert _judge("IS-02", analysis_of(rounds=rounds)).verdict == S
    sizes = [{**row, "memory_bytes": 1e8} for row in rounds]
    assert analysis_of(rounds=sizes).used
    content = {
        "id": "X-1", "claim": "As large.", "stance": "baseline", "source": "s", "published": "p", "conditions": "c",
        "parts": [{"kind": "measured_ratio", "label": "memory", "metric": "memory_bytes", "over": "resnet50@224",
                   "under": "efficientnet_b0@224", "near": 1, "margin": 0.1}],
    }  # fmt: skip
    assert [v.verdict for v in judge([Claim.model_validate(content)], analysis_of(rounds=sizes))] == [S]


def test_a_matched_claim_is_not_decided_by_launches(analysis_of: MakeAnalysis) -> None:
    """Only the ratios to methods whose members wait for launches are open."""
    rounds = _b0_rounds(compound=1.0, depth=1.5, width=1.2, resolution=2.0)
    bound = [{**row, "notes": LAUNCHES if row["resolution"] == 317 else ()} for row in rounds]
    verdict = _judge("SB-02", analysis_of(rounds=bound, groups=[_b0_group()]))
    assert verdict.verdict == OPEN
    assert "Launch-bound here: efficientnet_b0@317." in verdict.why


def test_one_round_decides_nothing(analysis_of: MakeAnalysis) -> None:
    """Without an interval there is an effect and no decision."""
    rounds = [*_rounds("efficientnet_b1", 240, 0.1), *_rounds("resnet152", 224, 0.1)]
    verdict = _judge("EN-12", analysis_of(rounds=rounds))
    assert (verdict.verdict, verdict.effect) == (OPEN, pytest.approx(1))


def test_each_machine_and_configuration_has_its_verdict(analysis_of: MakeAnalysis) -> None:
    """What holds on one machine, or with one thread, need not hold on another: verdicts are apart."""
    rounds = [*_speed(6.5), *_speed(2.3, machine="epyc"), *_speed(3.0, threads=4)]
    verdicts = judge(select_claims(["EN-12"]), analysis_of(rounds=rounds))
    found = {(v.machine, v.way): (v.verdict, round(v.effect, 3)) for v in verdicts}
    assert found == {
        ("xeon", "batch 1, fp32 eager, cpu, 1 thread"): (S, 6.5),
        ("epyc", "batch 1, fp32 eager, cpu, 1 thread"): (ELSEWHERE, 2.3),
        ("xeon", "batch 1, fp32 eager, cpu, 4 threads"): (ELSEWHERE, 3.0),
    }


def test_differences_from_the_sources_conditions_are_reported(analysis_of: MakeAnalysis) -> None:
    """The paper used one core and one image; where four threads or batch 8 were used, the verdict says so."""
    (four,) = judge(select_claims(["EN-12"]), analysis_of(rounds=_speed(3.0, threads=4, batch=8)))
    assert "Conditions differ from the source's: 4 threads instead of 1 thread, batch 8 instead of" in four.why
    assert "Conditions differ" not in _judge("EN-12", analysis_of(rounds=_speed(3.0))).why


@pytest.mark.parametrize(
    ("name", "way", "factor", "word", "difference"),
    [
        ("RG-01", {"batch": 64, "device": "cuda:0"}, 2.5, R, ""),
        (
            "RG-01",
            {"batch": 64, "device": "cuda:0", "machine": "epyc"},
            2.5,
            ELSEWHERE,
            "unknown hardware instead of V100",
        ),
        ("RG-01", {"batch": 1, "device": "cuda:0"}, 2.5, ELSEWHERE, "batch 1 instead of batch 64."),
        ("RG-01", {"batch": 64}, 2.5, ELSEWHERE, "cpu instead of cuda, Intel Xeon E5-2690 v4 instead of V100."),
        ("RG-01", {"batch": 1}, 5.5, S, "batch 1 instead of batch 64"),
        ("RG-01", {"batch": 1}, 4.6, OPEN, "batch 1 instead of batch 64"),
    ],
)
def test_outside_the_sources_conditions_nothing_is_refuted(
    analysis_of: MakeAnalysis, name: str, way: dict[str, Any], factor: float, word: str, difference: str
) -> None:
    """RegNets 2.5 times as fast as B5 refute 5.4 on a V100 at batch 64 only; elsewhere it is not reproduced."""
    rounds = [
        {"model": model, "resolution": size, "throughput_ips": value * wobble, **way}
        for model, size, value in (
            ("regnetx_080", 224, factor),
            ("regnety_080", 224, factor),
            ("efficientnet_b5", 456, 1),
        )
        for wobble in (0.99, 1.0, 1.01)
    ]
    verdict = _judge(name, analysis_of(rounds=rounds))
    assert verdict.verdict == word
    assert difference in verdict.why
    assert ("Conditions differ" in verdict.why) == bool(difference)


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("EN-12", False),
        ("RG-01", False),
        ("EN-19", True),
        ("RT-01", True),
        ("EG-05", True),
        ("SB-01", True),
        ("EN-16", False),
    ],
)
def test_sentences_of_our_own_are_known(name: str, ours: bool) -> None:
    """Traps and the questions of our suites are no paper's claims."""
    assert registry()[name].ours == ours


def test_training_is_another_condition(analysis_of: MakeAnalysis, published: Counts) -> None:
    """A claim about training is judged on training steps only, and says what device it was made for."""
    rounds = [*_rounds("efficientnet_b4", 380, 2.0, 2.0), *_rounds("resnet152", 224, 1.0, 1.0)]
    assert _judge("FS-05", analysis_of(published, rounds)).verdict == N
    verdict = _judge("FS-05", analysis_of(published, [{**row, "mode": "training"} for row in rounds]))
    assert verdict.verdict == S
    assert "cpu instead of cuda" in verdict.why


def test_a_claim_about_gpus_is_not_judged_on_a_cpu(analysis_of: MakeAnalysis) -> None:
    """``only`` keeps a claim from being refuted where it says nothing."""
    rounds = [*_rounds("efficientnet_b0", 224, 1.0, 1.0), *_rounds("resnet50", 224, 3.0, 3.0)]
    assert _judge("IS-02", analysis_of(rounds=rounds)).verdict == N
    on_gpu = [{**row, "device": "cuda:0"} for row in rounds]
    assert _judge("IS-02", analysis_of(rounds=on_gpu)).verdict == R


def test_a_reason_is_given_with_a_refutation_only(analysis_of: MakeAnalysis, published: Counts) -> None:
    """Why a printed figure is wrong belongs to its refutation; where it holds nothing is to be explained."""
    assert _judge("EN-23", analysis_of(published)).claim.reason in _judge("EN-23", analysis_of(published)).why
    right = {("resnet50[d=4]", 224): 16.2, ("resnet50[w=2]", 224): 14.7, ("resnet50", 448): 16.4}
    verdict = _judge("EN-23", analysis_of({key: {"macs": value * 1e9} for key, value in right.items()}))
    assert verdict.verdict == S
    assert verdict.claim.reason not in verdict.why


def test_a_claim_of_counts_and_times_needs_both(analysis_of: MakeAnalysis, published: Counts) -> None:
    """B4 has about ResNet-50's MACs, which holds on paper; its latency is judged where it was measured."""
    pair = {"over": "efficientnet_b4@380", "under": "resnet50@224", "near": 1, "margin": 0.15}
    claim = Claim.model_validate(
        {"id": "X-2", "claim": "As much, as long.", "stance": "baseline", "source": "s", "published": "p",
         "conditions": "c", "parts": [{"kind": "count_ratio", "label": "MACs", "metric": "macs", **pair},
                                      {"kind": "measured_ratio", "label": "latency", "metric": "latency_s", **pair}]}
    )  # fmt: skip
    (unmeasured,) = judge([claim], analysis_of(published))
    assert unmeasured.verdict != S
    assert [part.word for part in unmeasured.parts] == [S, N]
    equal = (0.099, 0.1, 0.101)
    rounds = [*_rounds("efficientnet_b4", 380, *equal), *_rounds("resnet50", 224, *equal)]
    rounds += _rounds("efficientnet_b4", 380, 0.2, 0.2, machine="epyc")
    rounds += _rounds("resnet50", 224, 0.1, 0.1, machine="epyc")
    verdicts = {v.machine: v for v in judge([claim], analysis_of(published, rounds))}
    assert verdicts["xeon"].verdict == S
    assert verdicts["epyc"].verdict == R
    assert verdicts["epyc"].effect == pytest.approx(2)
    assert all(len(verdict.parts) == 2 for verdict in verdicts.values())
    assert "1 of 2 parts hold" in verdicts["epyc"].why


def _b0_group() -> Group:
    members = (
        Member("compound", 1.2137, 1.1066, 260, 772, 0.0),
        Member("depth", 2.0, 1.0, 224, 772, 0.0),
        Member("width", 1.0, 1.4142, 224, 772, 0.0),
        Member("resolution", 1.0, 1.0, 317, 772, 0.0),
    )
    return Group("efficientnet_b0", 224, 386, 2.0, 0.02, members)


_B0 = {
    "compound": ("efficientnet_b0[d=1.2137,w=1.1066]", 260),
    "depth": ("efficientnet_b0[d=2]", 224),
    "width": ("efficientnet_b0[w=1.4142]", 224),
    "resolution": ("efficientnet_b0", 317),
}


def _b0_rounds(**latency: float) -> list[dict[str, object]]:
    return [
        row
        for method, value in latency.items()
        for row in _rounds(*_B0[method], *(value * wobble for wobble in (0.99, 1.0, 1.01)))
    ]


@pytest.mark.parametrize(
    ("latency", "word", "effect"),
    [
        ({"compound": 1.0, "depth": 1.5, "width": 1.2, "resolution": 2.0}, S, 1 / 1.2),
        ({"compound": 1.0, "depth": 1.5, "width": 0.5, "resolution": 2.0}, R, 2.0),
        ({"compound": 1.05, "depth": 1.5, "width": 1.0, "resolution": 2.0}, OPEN, 1.05),
    ],
)
def test_a_matched_claim_is_judged_against_every_method(
    analysis_of: MakeAnalysis, latency: dict[str, float], word: str, effect: float
) -> None:
    """Compound must be no slower than each single axis; the worst of them decides and is named."""
    verdict = _judge("SB-02", analysis_of(rounds=_b0_rounds(**latency), groups=[_b0_group()]))
    assert (verdict.verdict, verdict.effect) == (word, pytest.approx(effect))
    assert len(verdict.parts) == 3
    assert verdict.why.startswith("Latency of compound over width is ")


def test_a_matched_claim_that_is_half_measured_is_not_supported(analysis_of: MakeAnalysis) -> None:
    """Faster than depth alone says nothing of width and resolution: they are reported as not measured."""
    verdict = _judge("SB-02", analysis_of(rounds=_b0_rounds(compound=1.0, depth=1.5), groups=[_b0_group()]))
    assert verdict.verdict != S
    assert verdict.why.startswith("Nothing was measured for: latency of compound over width.")


def test_each_configuration_lists_every_part(analysis_of: MakeAnalysis) -> None:
    """A part that was measured on another machine only is not measured here, rather than left out."""
    parts = [
        {"kind": "measured_ratio", "label": f"{name} over base", "metric": "latency_s", "over": f"{name}@224",
         "under": "base@224", "at_most": 2}
        for name in ("one", "two")
    ]  # fmt: skip
    claim = Claim.model_validate(
        {"id": "X-1", "claim": "Both.", "stance": "baseline", "source": "s", "published": "p", "conditions": "c",
         "parts": parts}
    )  # fmt: skip
    rounds = [
        row
        for machine, name in (("xeon", "one"), ("epyc", "two"))
        for row in (
            *_rounds("base", 224, 0.1, 0.1, machine=machine), *_rounds(name, 224, 0.1, 0.1, machine=machine),
        )
    ]  # fmt: skip
    for verdict in judge([claim], analysis_of(rounds=rounds)):
        assert len(verdict.parts) == 2
        assert verdict.verdict != S
