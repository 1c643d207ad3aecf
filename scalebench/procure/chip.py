"""Chip: one row of the hardware catalogue, and what its rows have to be like to be believed on their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from scalebench.suite.strict import StrictModel

Mark = Literal["V", "A", "U", "X"]
MARKS: dict[Mark, str] = {
    "V": "read in a maintained public table that cites the datasheet, and consistent with own arithmetic",
    "A": "reproduced by arithmetic",
    "U": "unverified",
    "X": "sources conflict",
}
NUMBERS = ("memory_gb", "bandwidth_gb_s", "fp32_tflops", "fp16_bf16_tflops", "int8_tops", "watts")
"""Fields that a row has to give, if only as null."""
NOT_PUBLISHED, CONFLICT, INSTALLED = "not published", "sources conflict", "as installed"
BASE_CLOCK = "peaks at base clock"
SHIPPED = "scalebench"

Half = Literal["fp16", "bf16"]
Memory = Literal["GDDR6", "GDDR6X", "GDDR7", "HBM2", "HBM2e", "HBM3", "HBM3e", "DDR4", "DDR5", "LPDDR5"]
Rule = Literal["int8_over_fp16", "fp16_over_fp32", "bandwidth", "fp16_per_watt"]
"""Rules that a row may be excused from; what is known of the same chip is none of them."""

_PEAKS = {"fp32": "fp32_tflops", "int8": "int8_tops"}
_HALF: dict[str, Half] = {"fp16": "fp16", "amp_fp16": "fp16", "bf16": "bf16", "amp_bf16": "bf16"}
_GIGA, _TERA = 1e9, 1e12


class ChipSource(StrictModel):
    """Where numbers were read."""

    label: str = Field(min_length=1)
    url: str = Field("", pattern=r"^(https://\S+)?$")


class Chip(StrictModel):
    """A chip or board as it is rated; of a processor one socket. Peaks are dense, fp16 and bf16 with FP32 accumulation.

    Numbers are decimal: GB, GB/s, 10^12 operations per second, watts. None is what nobody publishes, or, with mark X,
    what sources disagree on.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._+-]*$")]
    kind: Literal["gpu", "cpu", "accelerator"]
    names: tuple[str, ...] = Field((), description="as the driver or /proc/cpuinfo names it")
    cores: PositiveInt | None = Field(None, description="of a processor")
    base_ghz: PositiveFloat | None = Field(None, description="of a processor; its peaks are at this clock")
    memory: Memory | None = Field(description="serves the check of the bandwidth only")
    memory_gb: PositiveFloat | None
    bandwidth_gb_s: PositiveFloat | None
    fp32_tflops: PositiveFloat | None
    fp16_bf16_tflops: PositiveFloat | None
    half: tuple[Half, ...] = Field(("fp16", "bf16"), min_length=1, description="types that fp16_bf16_tflops is for")
    int8_tops: PositiveFloat | None
    int8_over_fp16: Literal[1, 2, 4] = Field(2, description="4 where FP32 accumulation runs at half rate")
    watts: PositiveFloat | None = Field(description="as the maker rates the board; not what a node takes at the wall")
    mark: Mark = Field(description="of every number that marks does not name")
    marks: dict[str, Mark] = Field(default_factory=dict)
    sources: tuple[ChipSource, ...] = ()
    allow: dict[Rule, Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="rules that the row is excused from, with the reason"
    )
    note: str = ""
    origin: str = Field(SHIPPED, description="file it was read from")

    @model_validator(mode="after")
    def _marks_fit(self) -> Chip:
        unknown = [name for name in self.marks if name not in NUMBERS]
        if unknown:
            raise ValueError(f"marks: {unknown[0]!r} is no number of a row; those are {', '.join(NUMBERS)}")
        for name in NUMBERS:
            mark, value = self.mark_of(name), getattr(self, name)
            if mark == "X" and value is not None:
                raise ValueError(f"{name}: mark X says that sources conflict; then the number is null")
            if mark == "V" and value is not None and not any(source.url for source in self.sources):
                raise ValueError(f"{name}: mark V needs a source with a url")
        return self

    @model_validator(mode="after")
    def _processor_has_a_clock(self) -> Chip:
        if self.kind == "cpu" and (self.cores is None or self.base_ghz is None):
            raise ValueError("a processor needs cores and base_ghz: its peaks are at that clock")
        return self

    def mark_of(self, name: str) -> Mark:
        """How far a number of ``NUMBERS`` can be trusted."""
        return self.marks.get(name, self.mark)

    def told(self, name: str) -> str:
        """A number of ``NUMBERS`` with its mark, ``121 A``; of a null why it is one."""
        value = getattr(self, name)
        if value is None and self.kind == "cpu" and name == "memory_gb":
            return INSTALLED
        if value is None:
            return CONFLICT if self.mark_of(name) == "X" else NOT_PUBLISHED
        return f"{value:g} {self.mark_of(name)}"

    def peak(self, precision: str) -> float | None:
        """Dense peak in operations per second, two per multiply-add; None where it is not known.

        Args:
            precision: as in a case. ``tf32`` has no number here.
        """
        half = _HALF.get(precision)
        if half is not None:
            return _times(self.fp16_bf16_tflops if half in self.half else None, _TERA)
        return _times(getattr(self, _PEAKS[precision]) if precision in _PEAKS else None, _TERA)

    @property
    def bandwidth(self) -> float | None:
        """Bytes per second; None where it is not known."""
        return _times(self.bandwidth_gb_s, _GIGA)

    @property
    def remarks(self) -> str:
        """What has to be said beside the numbers."""
        clock = f"{BASE_CLOCK}, {self.base_ghz:g} GHz, a floor" if self.kind == "cpu" else ""
        one = len(self.half) == 1 and self.fp16_bf16_tflops is not None
        halves = f"the peak in half precision is of {self.half[0]}" if one else ""
        return "; ".join(filter(None, (clock, halves, self.note, *self.allow.values())))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
