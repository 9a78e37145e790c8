"""IntuneCD 2.6 in a process of its own, with the Python that has it: a backup of a Graph."""

import subprocess
from pathlib import Path

_SCRIPT = Path(__file__).with_name("run_intunecd.py")


def back_up(
    python: Path, base_url: str, ca_path: Path, token: str, folder: Path, *, seconds: float
) -> subprocess.CompletedProcess[str]:
    """What it said and how it ended. Raises TimeoutExpired when ``seconds`` are over."""
    return subprocess.run(
        [python, _SCRIPT, base_url, ca_path, token, folder],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
