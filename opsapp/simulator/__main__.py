"""``python -m opsapp.simulator``: run the simulator in the foreground."""

import argparse
import sys
import uuid
from pathlib import Path

from opsapp.simulator import certificates, demo_data, loading, server
from opsapp.simulator.state import Tenant, World

_MAX_PORT = 65535


def main() -> None:
    arguments = _parser().parse_args()
    if arguments.die_with_parent:
        server.die_with_parent(arguments.die_with_parent)
    files = certificates.prepare(arguments.dir)
    world = World(secret_key=files.token_key.read_bytes())
    if arguments.demo:
        for row in demo_data.TENANTS:
            demo_data.fill(world.enrol(row.slug, row.id, row.name), row)
    for slug, tenant_id, folder in arguments.tenant:
        tenant = world.enrol(slug, tenant_id, demo_data.name_of(slug))
        if folder is not None:
            loading.load_folder(tenant, folder)
            _print_report(tenant)
    server.serve(world, files, arguments.port)


def _print_report(tenant: Tenant) -> None:
    report = tenant.report
    print(f"{tenant.slug}: loaded {report.folder}")  # noqa: T201
    for collection, count in tenant.counts().items():
        print(f"  {count:5} {collection}")  # noqa: T201
    for entry in report.left_out:
        print(f"  left out {entry['file']}: {entry['reason']}")  # noqa: T201
    sys.stdout.flush()


def _tenant_argument(text: str) -> tuple[str, str, Path | None]:
    slug, _, rest = text.partition("=")
    identity, _, folder = rest.partition("=")
    try:
        tenant_id = str(uuid.UUID(identity))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{identity!r} is no GUID") from error
    path = Path(folder) if folder else None
    if not slug or (path is not None and not path.is_dir()):
        raise argparse.ArgumentTypeError(f"{text!r}: SLUG=GUID or SLUG=GUID=FOLDER is expected")
    return slug, tenant_id, path


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m opsapp.simulator",
        description="A local Microsoft Graph and login service over HTTPS, for demo and tests.",
    )
    parser.add_argument(
        "--dir", type=Path, required=True, help="folder for keys and simulator.json"
    )
    parser.add_argument("--port", type=_port, default=0, help="0: any free port")
    parser.add_argument(
        "--tenant",
        action="append",
        default=[],
        type=_tenant_argument,
        metavar="SLUG=GUID[=FOLDER]",
        help="a tenant, empty or loaded from an export folder; may be repeated",
    )
    parser.add_argument("--demo", action="store_true", help="the three demo tenants")
    parser.add_argument("--die-with-parent", type=int, metavar="PID", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    main()
