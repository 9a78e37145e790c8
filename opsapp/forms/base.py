"""What all forms share."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask_wtf import FlaskForm

from opsapp.refusals import Refused

T = TypeVar("T")


class Form(FlaskForm):
    """A form whose service may refuse what was entered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self.refused: Refused | None = None

    def attempt(self, action: Callable[[], T]) -> T | None:
        """Calls ``action`` when the form was sent and is valid; None otherwise.

        A refusal is shown at the field it names, or above the form.
        """
        if not self.validate_on_submit():  # type: ignore[no-untyped-call]
            return None
        try:
            return action()
        except Refused as refused:
            self.show(refused)
            return None

    def show(self, refused: Refused) -> None:
        self.refused = refused
        field = self._fields.get(refused.field or "")
        if field is None:
            self.form_errors.append(refused.message)
        else:
            field.errors = [*field.errors, refused.message]
