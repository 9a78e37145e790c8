"""Numbers as people read them."""

KIB = 1024
ONE_DECIMAL_BELOW = 10


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
    if size < KIB:
        return f"{size} B"
    amount, units = size / KIB, ["KiB", "MiB", "GiB", "TiB"]
    while amount >= KIB and len(units) > 1:
        amount /= KIB
        units.pop(0)
    return f"{amount:.0f} {units[0]}" if amount >= ONE_DECIMAL_BELOW else f"{amount:.1f} {units[0]}"
