"""How a delivery fails."""


class NotDelivered(Exception):
    """It did not arrive. The message is short and safe to show: a status code, a kind of error.

    ``is_final``: another attempt would fail the same way. ``retry_after``: seconds that the other
    side asked to be left alone.
    """

    def __init__(
        self, message: str, *, is_final: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.is_final = is_final
        self.retry_after = retry_after
