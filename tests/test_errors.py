import pytest

from scalebench import errors
from scalebench.errors import ScalebenchError, SuiteError, did_you_mean

TREE = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ScalebenchError)]


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_tree_and_in_its_picture(kind: type[ScalebenchError]) -> None:
    """Every error carries message, hint, location and exit code 2, and the module's picture shows it."""
    error = kind("what is wrong", "what to do", ("timm", 1))
    assert (str(error), error.message, error.hint) == ("what is wrong", "what is wrong", "what to do")
    assert error.location == ("timm", 1)
    assert error.exit_code == 2
    assert kind.__name__ in str(errors.__doc__)


def test_the_tree_is_complete() -> None:
    """The picture names the root and ten kinds; the test above looked at each."""
    assert len(TREE) == 11


def test_hint_and_location_may_be_left_out() -> None:
    """An error without advice has an empty hint, so printing it needs no case distinction."""
    error = SuiteError("what is wrong")
    assert (error.hint, error.location) == ("", ())


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("compund", ["depth", "width", "compound"], "did you mean 'compound'?"),
        ("resnet5", ["resnet50", "resnet51", "vgg"], "did you mean 'resnet51' or 'resnet50'?"),
        ("zzz", ["depth", "width"], ""),
        ("", ["depth"], ""),
        ("depth", [], ""),
    ],
)
def test_did_you_mean(word: str, known: list[str], hint: str) -> None:
    """The nearest words are named, nearest first; where nothing is near, nothing is said."""
    assert did_you_mean(word, known) == hint


def test_did_you_mean_takes_any_iterable_and_at_most_three() -> None:
    """Generators will do, and four near words give three."""
    hint = did_you_mean("resnet", (f"resnet{n}" for n in range(4)))
    assert hint.count("'resnet") == 3
