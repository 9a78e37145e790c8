"""``python -m opsapp.demo``: what ``make demo`` runs."""

import argparse
import os
import sys
from pathlib import Path

from opsapp.demo import DemoError
from opsapp.demo.supervisor import ROOT, Demo
from opsapp.embedded_redis import EmbeddedRedisError

HIGHEST_PORT = 65535


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--baselines", type=Path, help="load these export folders instead")
    options = parser.parse_args()
    home = Path(os.environ.get("OPSAPP_INSTANCE") or "instance").expanduser().resolve()
    baselines = options.baselines.expanduser().resolve() if options.baselines else None
    try:
        port = _port(os.environ.get("PORT") or "8000")
        os.chdir(ROOT)
        Demo(home, port, baselines).run()
    except (DemoError, EmbeddedRedisError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= HIGHEST_PORT:
        raise DemoError(f"PORT must be a number from 1 to {HIGHEST_PORT}, not {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
