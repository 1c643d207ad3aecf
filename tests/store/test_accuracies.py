"""Accuracies of pretrained weights, joined on model and size: one benchmarked model to many sets of weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scalebench.errors import StoreError
from scalebench.store.accuracies import Weights, join, read_accuracies

TEXT = """\
model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation
resnet50.a1_in1k,288,81.240,18.760,95.112,4.888,25.56,1.000,bicubic
resnet50.tv2_in1k,224,80.846,19.154,95.430,4.570,25.56,0.965,bilinear
resnet50.tv_in1k,224,76.156,23.844,92.866,7.134,25.56,0.875,bilinear
old_model,224,70.0,30.0,90.0,10.0,5.0,0.875,bilinear
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "results-imagenet.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_table_is_read_with_tags(tmp_path: Path) -> None:
    found = read_accuracies(written(tmp_path, TEXT))
    assert found[1] == Weights("resnet50", "tv2_in1k", 224, 80.846, 95.43, 0.965)
    assert (found[3].model, found[3].tag) == ("old_model", "")


def test_one_row_to_many_best_first(tmp_path: Path) -> None:
    """On model and size: an accuracy at another size is not this model's, and said to be elsewhere."""
    weights = read_accuracies(written(tmp_path, TEXT))
    many, other, none, tagged = join(
        [("resnet50", 224), ("resnet50", 160), ("resnet18", 224), ("resnet50.tv_in1k", 224), ("resnet50", 224)], weights
    )
    assert [one.tag for one in many.weights] == ["tv2_in1k", "tv_in1k"]
    assert many.best is not None
    assert many.best.top1 == 80.846
    assert (other.weights, other.best, other.elsewhere) == ((), None, (224, 288))
    assert (none.weights, none.elsewhere) == ((), ())
    assert [one.tag for one in tagged.weights] == ["tv_in1k"], "a benchmark that names its weights joins to those"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from((1, 2)), st.floats(1, 100)), max_size=12))
def test_no_row_is_lost_or_joined_twice(rows: list[tuple[str, int, float]]) -> None:
    weights = [Weights(model, str(tag), size, top1, 100.0) for tag, (model, size, top1) in enumerate(rows)]
    joined = join([(model, size) for model in "ab" for size in (1, 2)], weights)
    assert sorted(one.tag for place in joined for one in place.weights) == sorted(one.tag for one in weights)
    for place in joined:
        assert [one.top1 for one in place.weights] == sorted((one.top1 for one in place.weights), reverse=True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("81.240", "812.40", ":2: top1: is above 100 %"),
        ("80.846", "", ":3: top1: is empty"),
        ("224,76.156", "big,76.156", ":4: img_size: 'big' is not a number above 0"),
        ("top5,", "top-5,", ":1: top5: there is no such column"),
    ],
)
def test_bad_cells_are_refused_where_they_stand(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(StoreError) as refusal:
        read_accuracies(written(tmp_path, TEXT.replace(old, new, 1)))
    assert said in refusal.value.message
