"""What services raise when they will not do something, in words for the person who asked."""


class Refused(Exception):
    """The request is understood and declined; the message is a sentence to show.

    ``field`` names the input at fault, where there is one; ``reason_code`` is the ledger's.
    """

    def __init__(
        self, message: str, field: str | None = None, *, reason_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.reason_code = reason_code


class NotFound(Refused):
    """What was asked for does not exist, or the person may not know that it does."""


class NotAllowed(Refused):
    """The person lacks the right to do this, although they may see it."""
