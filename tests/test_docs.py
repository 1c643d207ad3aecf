"""README and docs say what the program does: commands run, outputs are real, links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML

from scalebench.cli import app, load_command

README = "README.md"
ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def scalebench(arguments: str, cwd: Path) -> str:
    done = subprocess.run(
        f"{sys.executable} -m scalebench {arguments}", shell=True, cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocks(root: Path) -> list[str]:
    return BLOCK.findall((root / README).read_text(encoding="utf-8"))


def squeezed(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]


def test_the_test_command_is_what_ci_runs(root: Path) -> None:
    command = blocks(root)[-1].strip()
    assert command == "pip install tox && tox"
    assert command in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_the_count_example_is_real(root: Path, tmp_path: Path) -> None:
    (block,) = [b for b in blocks(root) if "scalebench count" in b]
    command, _, output = block.partition("\n")
    assert squeezed(scalebench(command.removeprefix("$ scalebench "), tmp_path)) == squeezed(output)


def test_the_closing_words_quoted_come_from_the_committed_records(root: Path, tmp_path: Path) -> None:
    (block,) = [b for b in blocks(root) if "$ scalebench report" in b]
    command, _, output = block.partition("\n")
    shutil.copytree(root / "results", tmp_path / "results")
    said = squeezed(scalebench(command.removeprefix("$ scalebench "), tmp_path))
    quoted = [line for line in squeezed(output) if line != "..."]
    assert quoted
    assert [line for line in said if line in quoted] == quoted
    assert len(said) <= 15


def test_every_command_is_in_the_readme(root: Path) -> None:
    text = (root / README).read_text(encoding="utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert all(f"`scalebench {name}" in text for name in commands)


@pytest.mark.parametrize(
    "page",
    [
        README,
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").rglob("*.md"))),
    ],
)
def test_links_lead_somewhere(root: Path, page: str) -> None:
    file = root / page
    for target in re.findall(r"\]\(([^)#]+)", file.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (file.parent / target).exists(), target


def test_the_suites_in_the_docs_load(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "suites.md").read_text(encoding="utf-8")
    first, example = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (tmp_path / "first.yaml").write_text(first, encoding="utf-8")
    assert scalebench("plan first.yaml --no-count", tmp_path).startswith("first: 1 entries, 3 rounds")
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    assert scalebench("plan example.yaml --no-count", tmp_path).startswith("example: 5 entries, 3 rounds")


def test_the_workflow_in_the_docs_is_yaml_and_its_commands_exist(root: Path) -> None:
    """Every option is one of its command, the suite is shipped, and a pull request's job ends with compare's code."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (root / "docs" / "ci.md").read_text(encoding="utf-8"), re.DOTALL)
    steps = YAML(typ="safe").load(text)["jobs"]["speed"]["steps"]
    lines = [line.strip() for step in steps for line in step.get("run", "").splitlines()]
    calls = [line.split(" > ")[0].split() for line in lines if line.startswith("scalebench ")]
    assert [call[1] for call in calls] == ["run", "aa", "compare"]
    for call in calls:
        options = {name for parameter in load_command(call[1]).params for name in parameter.opts}
        assert {word for word in call if word.startswith("--")} <= options
    assert calls[0][2] in {suite.stem for suite in (root / "suites").glob("*.yaml")}
    assert steps[-1]["run"].splitlines()[-1] == 'exit "$code"'


def test_every_key_of_a_suite_is_documented(root: Path) -> None:
    from scalebench.suite.suite_schema import json_schema

    text = (root / "docs" / "suites.md").read_text(encoding="utf-8")
    schema = json_schema()
    keys = {key for part in (schema, *schema["$defs"].values()) for key in part.get("properties", ())}
    assert {"models", "grid", "timm", "warmup_cuda_s", "detail_mm"} <= keys
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", text)] == []


def test_every_kind_of_claim_is_documented(root: Path) -> None:
    from scalebench.claims.registry import registry

    text = (root / "docs" / "claims.md").read_text(encoding="utf-8")
    kinds = {part.kind for claim in registry().values() for part in claim.parts}
    assert all(f"`{kind}`" in text for kind in kinds)


def test_every_flag_is_documented(root: Path) -> None:
    """Word for word as the report prints it, so that the table in the docs cannot fall behind."""
    from scalebench.flags import FLAGS

    text = (root / "docs" / "measuring.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (bad|warn|info) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    assert {row[0] for row in rows} >= {"unverified", "gpu_clock_low", "launch_bound"}
    assert sorted(rows) == sorted((flag.word, flag.severity, flag.meaning, flag.threshold) for flag in FLAGS.values())
