"""Where a number came from: code version and machine, read when a run is written.

Knows nothing of methods or data.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nextinterest.version import __version__

__all__ = ["code_version", "machine"]

_PACKAGES = ("numpy", "scipy", "polars", "torch", "transformers", "faiss-cpu")


def code_version() -> dict[str, str]:
    """Return the package's version, the SHA-256 over its sources, and the git commit where there is one."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    found = {"version": __version__, "sources_sha256": digest.hexdigest()}
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", str(root)],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return found  # an installed wheel has no repository; the hash of the sources identifies it
    return {**found, "commit": commit + ("+changes" if changed else "")}


def machine() -> dict[str, str]:
    """Return processor, cores usable, memory, system and the versions of the packages that compute."""
    found = {
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found["memory_gib"] = f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f}"
    if "OMP_NUM_THREADS" in os.environ:
        found["threads"] = os.environ["OMP_NUM_THREADS"]
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
