"""Runs the benchmarks named on the command line, or all of them."""

import importlib
import pkgutil
import sys

import benchmarks
from benchmarks import big_ledger


def main() -> None:
    wanted = set(sys.argv[1:])
    try:
        _run(wanted)
    finally:
        big_ledger.close()


def _run(wanted: set[str]) -> None:
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if found.name.startswith("__") or (wanted and found.name not in wanted):
            continue
        module = importlib.import_module(f"benchmarks.{found.name}")
        if hasattr(module, "benchmark"):
            print(module.benchmark(), flush=True)


if __name__ == "__main__":
    main()
