"""Where a figure was measured: without it a figure means nothing."""

from __future__ import annotations

import os
import platform
import resource
import sys
from typing import Any

from ledger.eventstore.connections import PostgresPool

SETTINGS = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "data_checksums")


def machine() -> dict[str, Any]:
    """Processor count and kind, memory in MB, Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_mb": pages // 2**20,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def postgres(pool: PostgresPool) -> dict[str, str]:
    """The server's version and the settings that decide about durability and speed."""
    return {name: str(pool.rows(f"SELECT current_setting('{name}')")[0][0]) for name in SETTINGS}


def peak_rss_mb() -> float:
    """The most memory this process ever held, in MB.

    Linux keeps it for each program; its rusage would count what the process held that started this one.
    """
    try:
        with open("/proc/self/status", encoding="utf-8") as lines:  # noqa: PTH123 - a pseudo-file, read line by line
            peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
        return round(peak / 2**10, 1)
    except (OSError, StopIteration):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - a pseudo-file, read line by line
            return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    except OSError:
        return platform.machine()
