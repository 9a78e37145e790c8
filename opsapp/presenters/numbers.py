"""Numbers as people read them."""

KIB = 1024


def number(value: float | None) -> str:
    """``100000`` → ``100,000``; None → an en dash, for "not known"."""
    if value is None:
        return "\N{EN DASH}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def capped(value: int | None, limit: int = 1000) -> str:
    """A count that was only made up to ``limit``: ``1001`` → ``1,000+``."""
    if value is None or value <= limit:
        return number(value)
    return f"{limit:,}+"


def plural(count: int, singular: str, many: str | None = None) -> str:
    """``1, "policy", "policies"`` → ``1 policy``; the number carries separators."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


def file_size(size: int | None) -> str:
    """Bytes in binary units: ``131072`` → ``128 KiB``."""
    if size is None:
        return number(None)
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < KIB:
            break
        amount /= KIB
    else:
        unit = "TiB"
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"  # noqa: PLR2004 - one decimal for small figures
