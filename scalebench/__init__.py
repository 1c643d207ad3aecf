"""scalebench: what image models cost on the machine at hand, compared at equal counted compute."""

__version__ = "0.1.0"
