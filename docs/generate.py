"""Writes the pages that are made from code. Run it with ``make docs``."""

from pathlib import Path

from pydantic.fields import FieldInfo

from docs.policy_types import policy_types_page
from opsapp.config import Settings

ROOT = Path(__file__).resolve().parent.parent

INTRODUCTION = """\
# Configuration

OpsApp is configured by environment variables alone. A missing or malformed value stops the process
at once, with one line that names the variable. This page and `.env.example` are written by
`make docs` from `opsapp/config.py`; change the descriptions there.

"""

AFTERWORD = """
## Notes

- **Keys.** For `SECRET_KEY`, `openssl rand -hex 32`; for `OPSAPP_ENCRYPTION_KEYS`,
  `openssl rand -base64 32 | tr '+/' '-_'`. To rotate, put the new key in front and keep the old
  one behind it.
- **Base URLs** are scheme, host and port alone: a version or any other path is refused. When set
  they override every cloud, the token's scope is `<graph base>/.default`, and the login service's
  instance discovery is off.
- **Proxies.** Calls to Microsoft follow `HTTPS_PROXY` and `NO_PROXY` unless `OPSAPP_CA_BUNDLE` is
  set.
- **Web process.** `gunicorn.conf.py` also reads `PORT` (8000), `HOST` (0.0.0.0) and
  `WEB_CONCURRENCY` (processes, 1). Gunicorn itself reads the latter before that file, so of one
  that is no number it is Gunicorn that complains.
- **The default app registration** is `OPSAPP_CLIENT_ID` with either `OPSAPP_CLIENT_SECRET` or
  `OPSAPP_CLIENT_CERTIFICATE`; half of it, or both, is refused.
- **The instance folder** and a SQLite file in it are made for their owner alone (0700, 0600).
- **Tests.** `OPSAPP_TEST_BASELINES` names a folder of export sets to test against (tests that need
  it are skipped without it); with `OPSAPP_REQUIRE_BROWSER=1` a missing Chromium fails the browser
  tests instead of skipping them.
- **`.env`.** The `flask` command reads a `.env` file in the working directory; the web process and
  the workers do not. Let whatever starts them set the environment.
"""

EXAMPLE_HEAD = """\
# Copy to .env and fill in (`flask` reads .env; for web and worker, set the environment).
# What is commented out shows the default. docs/configuration.md explains every variable.
"""


def default_of(field: FieldInfo) -> str:
    """The default as one would write it in the environment; empty when there is none."""
    if field.is_required() or field.default is None:
        return ""
    if isinstance(field.default, bool):
        return str(int(field.default))
    return str(field.default)


def configuration_page() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = f"`{default_of(field)}`" if default_of(field) else "-"
        rows.append(f"| `{Settings.variable(name)}` | {default} | {field.description} |")
    return INTRODUCTION + "\n".join(rows) + "\n" + AFTERWORD


def env_example() -> str:
    parts = [EXAMPLE_HEAD]
    for name, field in Settings.model_fields.items():
        mark = "" if field.is_required() else "#"
        line = f"{mark}{Settings.variable(name)}={default_of(field)}"
        parts.append(f"\n# {field.description}\n{line}\n")
    return "".join(parts)


PAGES = {
    "docs/configuration.md": configuration_page,
    "docs/policy-types.md": policy_types_page,
    ".env.example": env_example,
}


def main() -> None:
    for path, page in PAGES.items():
        (ROOT / path).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
