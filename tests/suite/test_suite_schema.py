import importlib.util
import json
from pathlib import Path

import pytest

from scalebench.suite.device_kinds import KINDS
from scalebench.suite.load import load_suite
from scalebench.suite.offers import OFFERS
from scalebench.suite.precisions import PRECISIONS
from scalebench.suite.suite_schema import json_schema

SUITES = sorted((Path(__file__).parents[2] / "suites").glob("*.yaml"))


def test_the_json_schema_has_every_key() -> None:
    """Editors are offered the keys as they are written in files, and told of unknown ones."""
    schema = json_schema()
    assert set(schema["properties"]) == {
        "schema", "name", "title", "models", "grid", "grid_on", "exclude", "protocol", "budget_min", "claims", "limits",
        "scene", "data", "study",
    }  # fmt: skip
    assert set(schema["required"]) == {"schema", "name", "models"}
    assert schema["additionalProperties"] is False
    assert {"TimmModels", "FamilyModels", "ScaledModels", "Grid", "DeviceGrid", "Exclude", "Protocol"} <= set(
        schema["$defs"]
    )


def test_every_reference_of_the_json_schema_resolves() -> None:
    """No definition is named that is not there, and the whole is plain JSON."""
    schema = json_schema()
    text = json.dumps(schema)
    named = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert named
    assert named <= set(schema["$defs"])


@pytest.mark.skipif(importlib.util.find_spec("jsonschema") is None, reason="jsonschema is not a dependency")
def test_the_json_schema_is_one() -> None:
    """The schema keeps to the draft that it names."""
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_every_runtime_and_precision_is_offered_by_somebody() -> None:
    """What can be written can be measured on some device, but for ``best``, which chooses among the others."""
    grid = json_schema()["$defs"]["Grid"]["properties"]
    assert set(grid["runtime"]["items"]["enum"]) == {*OFFERS, "best"}
    offered = {name for kind in KINDS.values() for precisions in kind.runtimes.values() for name in precisions}
    assert {runtime for kind in KINDS.values() for runtime in kind.runtimes} == set(OFFERS)
    assert set(grid["precision"]["items"]["enum"]) == offered == set(PRECISIONS)


def test_suites_are_shipped() -> None:
    """There is something to begin with, so the next test looks at files."""
    assert "quickstart" in {path.stem for path in SUITES}


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_a_shipped_suite_loads(path: Path) -> None:
    """Every shipped suite is valid, named like its file, and tells editors its schema."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert load_suite(path).suite.name == path.stem
