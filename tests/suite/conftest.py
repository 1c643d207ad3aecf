from collections.abc import Callable
from pathlib import Path

import pytest

from scalebench.suite.load import SuiteFile, load_suite
from scalebench.suite.model_facts import Known

HEAD = "schema: 1\nname: a_suite\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], SuiteFile]:
    """Loads a suite from its text, written to ``suite.yaml`` first."""

    def load_text(text: str) -> SuiteFile:
        path = tmp_path / "suite.yaml"
        path.write_text(text, encoding="utf-8")
        return load_suite(path)

    return load_text


@pytest.fixture
def suite(load: Callable[[str], SuiteFile]) -> Callable[[str], SuiteFile]:
    """Loads a suite whose first two lines, schema and name, are given."""
    return lambda rest: load(HEAD + rest)


@pytest.fixture(scope="session")
def catalogue() -> dict[str, Known]:
    """What timm would say, as literals: its defaults differ from the papers' sizes."""
    return {
        **{f"resnet{n}": Known(224, 32) for n in (18, 34, 50, 101, 152)},
        **{f"efficientnet_b{i}": Known(size, 32) for i, size in enumerate((224, 224, 256, 288, 320, 416, 528, 600))},
        "tf_efficientnet_b4": Known(320, 32),
        "vit_tiny_patch16_224": Known(224, 16),
    }
