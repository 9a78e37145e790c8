from typing import Any

from wtforms import PasswordField, SelectField, StringField, URLField
from wtforms.validators import EqualTo, InputRequired, Length

from opsapp.delivery.targets import LONGEST_URL
from opsapp.forms.base import Form
from opsapp.services import passwords, users
from opsapp.services.names import MAX_NAME

FOLLOW_BROWSER = "browser"


def zone_or_none(choice: str) -> str | None:
    """The zone that a choice of the form stands for; None follows the browser."""
    return None if choice == FOLLOW_BROWSER else choice


class ProfileForm(Form):
    name = StringField(
        "Name",
        [InputRequired("Enter your name."), Length(max=MAX_NAME)],
        render_kw={"autocomplete": "name"},
    )
    timezone = SelectField(
        "Time zone",
        [InputRequired("Choose a time zone.")],
        coerce=zone_or_none,
        description="Times on all pages are shown in this zone.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = {zone: zone.replace("_", " ") for zone in users.time_zones()}
        self.timezone.choices = {FOLLOW_BROWSER: "Follow the browser"} | zones


class PasswordForm(Form):
    current = PasswordField(
        "Current password",
        [InputRequired("Enter your current password."), Length(max=passwords.MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        "New password",
        [InputRequired("Enter a new password."), Length(max=passwords.MAX_LENGTH)],
        description=f"At least {passwords.MIN_LENGTH} characters.",
        render_kw={"autocomplete": "new-password"},
    )
    repeated = PasswordField(
        "New password again",
        [
            InputRequired("Enter the new password again."),
            EqualTo("password", "The two new passwords differ."),
        ],
        render_kw={"autocomplete": "new-password"},
    )


class WebhookForm(Form):
    url = URLField(
        "URL",
        [InputRequired("Enter a URL."), Length(max=LONGEST_URL)],
        description="Stored encrypted. Only its host is shown again.",
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
