"""The flag table is complete, and notes are read by their first word."""

from __future__ import annotations

import pytest

from scalebench.flags import FLAGS, is_bad, word_of

BAD = {
    "cpu_contended", "steal_heavy", "cgroup_throttled", "clock_drop", "host_disturbed", "swapping", "throttled",
    "gpu_shared", "gpu_clock_low", "clock_went_back",
}  # fmt: skip
WARN = {
    "involuntary_switches", "steal", "cpu_pressure", "busy_at_start", "not_steady", "host_drift", "warmup_unsettled",
    "energy_inconsistent", "outlier_round", "loss_not_finite",
}  # fmt: skip
INFO = {
    "cpu_idle", "launch_bound", "memory_unavailable", "power_capped", "energy_unavailable", "imported", "unverified",
}  # fmt: skip


@pytest.mark.parametrize(("severity", "words"), [("bad", BAD), ("warn", WARN), ("info", INFO)])
def test_who_is_accused_of_what(severity: str, words: set[str]) -> None:
    """A flag that turns bad makes runs longer, one that stops being bad lets doubtful rounds count."""
    assert {word for word, flag in FLAGS.items() if flag.severity == severity} == words


@pytest.mark.parametrize("word", FLAGS)
def test_every_flag_explains_itself_in_one_sentence(word: str) -> None:
    flag = FLAGS[word]
    assert flag.word == word
    assert flag.meaning.endswith(".")
    assert ". " not in flag.meaning
    assert flag.threshold


@pytest.mark.parametrize(
    ("note", "word"),
    [
        ("steal", "steal"),
        ("steal: 1.4 % of all cores' time", "steal"),
        ("memory_unavailable: no status: not there", "memory_unavailable"),
        ("", ""),
    ],
)
def test_the_word_of_a_note(note: str, word: str) -> None:
    assert word_of(note) == word


@pytest.mark.parametrize(
    ("notes", "bad"),
    [
        ((), False),
        (("steal: 2 %", "power_capped", "warmup_unsettled"), False),
        (("steal: 2 %", "steal_heavy: 4 %"), True),
        (("cpu_contended",), True),
        (("what a later version may say: bad",), False),
    ],
)
def test_one_bad_note_is_enough(notes: tuple[str, ...], bad: bool) -> None:
    assert is_bad(notes) is bad
