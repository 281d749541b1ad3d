# SPDX-License-Identifier: GPL-2.0
"""KVM where it works, and QEMU's own emulation elsewhere.

That /dev/kvm opens, and even creates a virtual machine, does not mean that a
guest runs: machines were seen where it hangs then, or QEMU aborts. So a kernel
has to say a word under KVM first.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from pathlib import Path

from . import proc
from .arches import Arch
from .errors import Exit, WbError
from .settings import Settings

CHOICES = ("kvm", "tcg")
TRIAL = 4  # seconds
FIRST_WORDS = "Linux version"


def _machine() -> str:
    """Changes when the machine was started anew or has another CPU."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{boot.read_text().strip() if boot.is_file() else ''} {platform.processor()}"


def _trial(arch: Arch, image: Path) -> str | None:
    """Why KVM is not to be had for a kernel, or None if it is."""
    if platform.machine() not in arch.native:
        return f"this is no {arch.name} machine"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm can't be opened"
    log = image.with_name("wb-kvm.log")
    done = proc.run(arch.machine("kvm", image, 512, 1), log=log, label="trying KVM", deadline=TRIAL)
    if FIRST_WORDS in log.read_text(errors="replace"):
        return None
    return "a trial boot hung" if done.code is None else f"a trial boot failed: {done.reason}"


def forced() -> str:
    """What ACCEL asks for, or ""."""
    name = os.environ.get("ACCEL", "")
    if name not in ("", *CHOICES):
        raise WbError(Exit.USAGE, f"ACCEL={name}: there are {', '.join(CHOICES)}")
    return name


def choose(settings: Settings, arch: Arch, image: Path) -> str:
    """"kvm" or "tcg"; ACCEL forces one, else it is tried once and remembered."""
    if forced():
        return forced()
    version = proc.capture([arch.qemu[0], "--version"]) or ""
    key = hashlib.sha256(f"{version} {_machine()}".encode()).hexdigest()[:16]
    memory = settings.cache / f"accel-{arch.name}-{key}"
    if not memory.is_file():
        reason = _trial(arch, image)
        choice = "tcg" if reason else "kvm"
        settings.cache.mkdir(parents=True, exist_ok=True)
        new = memory.with_name(f"{memory.name}.{os.getpid()}")
        new.write_text(f"{choice} {reason or 'a trial boot came up'}\n")
        os.replace(new, memory)
    choice, _, reason = memory.read_text().strip().partition(" ")
    print(f"  {arch.name}: {choice} ({reason})", file=sys.stderr, flush=True)
    return choice if choice in CHOICES else "tcg"
