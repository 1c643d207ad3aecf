"""Which accelerators this machine seems to have, and for which the installed torch is built; without importing torch.

Importing torch takes seconds, and most machines without an accelerator can be told from a few files.
"""

from __future__ import annotations

import importlib.util
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from scalebench.errors import MachineError
from scalebench.machine.kernel import ROOT, text
from scalebench.suite.device_kinds import AUTO, CPU, KINDS, MPS, DeviceKind, kind_of, plugins

_DISPLAY = "0x03"
"""Start of the PCI class of display controllers, which compute cards are too."""
_BUILT_FOR = re.compile(r"^(cuda|hip|xpu)\b[^=]*= *['\"]([^'\"]+)", re.MULTILINE)
_VERSION_NAMES = {"hip": "rocm"}
"""Name in torch/version.py -> kind, where they differ."""


@dataclass(frozen=True)
class Accelerators:
    """What is known without torch.

    Attributes:
        usable: kinds whose driver is loaded and for which torch is built; only torch can say more.
        seen: kinds of which a card is in the machine, whether usable or not.
        built: kinds for which torch is built -> version of their library.
        torch: its version; empty where it is not installed.
    """

    usable: tuple[DeviceKind, ...] = ()
    seen: tuple[DeviceKind, ...] = ()
    built: tuple[tuple[str, str], ...] = ()
    torch: str = ""

    @property
    def ask_torch(self) -> bool:
        """Whether only torch can say what there is: a device may be there, or is of a kind that a package adds."""
        return bool(self.usable or plugins())

    def why_none(self, kind: DeviceKind) -> str:
        """Why no device of this kind can be used."""
        if kind not in self.seen:
            return f"this machine has no {kind.label}"
        if kind.name not in dict(self.built):
            built = " and ".join(f"{name} {version}" for name, version in self.built) or "the CPU only"
            return f"there is an {kind.label}, but torch {self.torch} is built for {built}; {kind.install}"
        return f"there is an {kind.label}, but its driver is not loaded, or not made available in this container"


def find_accelerators(root: Path = ROOT, version_file: Path | None = None, system: str = "") -> Accelerators:
    """Look at device files, PCI vendors and torch's version; arguments replace this machine's own in tests."""
    system = system or f"{platform.system()} {platform.machine()}"
    built, version = _torch_build(version_file or _version_file(), system)
    vendors = _display_vendors(root)
    drivers = [kind for kind in KINDS.values() if any((root / node.lstrip("/")).exists() for node in kind.nodes)]
    seen = [kind for kind in KINDS.values() if kind in drivers or kind.pci_vendor in vendors]
    if system == "Darwin arm64":
        seen, drivers = [MPS], [MPS]
    usable = [kind for kind in drivers if kind in seen and kind.name in dict(built)]
    return Accelerators(tuple(usable), tuple(seen), tuple(built.items()), version)


def choose_without_torch(word: str, found: Accelerators) -> tuple[str, str] | None:
    """The device that a word of a suite means here, and why; None where torch has to be asked.

    Raises:
        MachineError: no such device.
    """
    kind = kind_of(word)
    if word != AUTO and kind.on_host:
        return word, "named"
    if found.ask_torch:
        return None
    if word != AUTO:
        raise MachineError(f"no device {word!r}: {found.why_none(kind)}", "use cpu or auto")
    return CPU.device(0), "; ".join(map(found.why_none, found.seen)) or "this machine has no accelerator"


def _display_vendors(root: Path) -> set[str]:
    devices = (root / "sys/bus/pci/devices").glob("*")
    return {text(device / "vendor") for device in devices if text(device / "class").startswith(_DISPLAY)}


def _version_file() -> Path | None:
    spec = importlib.util.find_spec("torch")
    return Path(spec.origin).with_name("version.py") if spec and spec.origin else None


def _torch_build(file: Path | None, system: str) -> tuple[dict[str, str], str]:
    """Kinds that torch is built for, with the version of their library; and torch's own version."""
    content = text(file) if file else ""
    built = {_VERSION_NAMES.get(name, name): version for name, version in _BUILT_FOR.findall(content)}
    if content and system == "Darwin arm64":
        built[MPS.name] = "macOS"
    version = re.search(r"^__version__ *= *['\"]([^'\"]+)", content, re.MULTILINE)
    return built, version[1] if version else ""
