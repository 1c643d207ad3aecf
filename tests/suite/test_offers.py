"""The table of runtimes."""

from scalebench.suite.offers import OFFERS


def test_every_extra_names_its_packages() -> None:
    assert all(bool(offer.extra) == bool(offer.packages) for offer in OFFERS.values())
