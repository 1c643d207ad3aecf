"""What differs between two machines, in words."""

from scalebench.analysis.fingerprint import FieldChange, changes, fingerprint_difference
from scalebench.record import Environment

OLD = Environment(
    "epyc-1", "h1", "s1", {"cpu": {"l3": "32M", "isa": ["avx", "avx2"]}}, {"torch": "2.12", "settings": {"OMP_X": "1"}}
)


def test_the_same_machine_has_nothing_to_say() -> None:
    found = fingerprint_difference(OLD, OLD)
    assert found.kind == "same"
    assert found.banner == ""


def test_new_software_names_every_field() -> None:
    """Changed, new and gone fields, each old -> new; hardware is not mentioned."""
    new = Environment("epyc-1", "h1", "s2", OLD.hardware, {"torch": "2.13", "settings": {}, "timm": "1.1"})
    found = fingerprint_difference(OLD, new)
    assert found.kind == "software"
    assert found.hardware == ()
    assert found.banner == "software differs: settings.OMP_X 1 -> (none), timm (none) -> 1.1, torch 2.12 -> 2.13"


def test_another_machine_is_said_first() -> None:
    """Of lists only what went and came."""
    new = Environment("h200-9", "h2", "s1", {"cpu": {"l3": "64M", "isa": ["avx2", "amx"]}}, OLD.software)
    found = fingerprint_difference(OLD, new)
    assert found.kind == "cross-hardware"
    assert found.software == ()
    assert found.banner == "two machines: epyc-1 -> h200-9 (cpu.isa avx -> amx, cpu.l3 32M -> 64M)"


def test_keys_decide_even_where_fields_were_not_stored() -> None:
    """Records of other tools may carry keys alone; a difference is not hidden for that."""
    found = fingerprint_difference(Environment("m", "h", "s1"), Environment("m", "h", "s2"))
    assert found.kind == "software"
    assert "not stored" in found.banner


def test_changes_are_sorted_and_flat() -> None:
    assert changes({"b": {"x": 1}, "a": None}, {"b": {"x": 2}, "a": ""}) == (
        FieldChange("a", "(none)", "(none)"),
        FieldChange("b.x", "1", "2"),
    )
