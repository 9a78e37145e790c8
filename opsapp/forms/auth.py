from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from opsapp.forms.base import Form
from opsapp.services.passwords import MAX_LENGTH


class SignInForm(Form):
    email = EmailField(
        "Email address",
        [InputRequired("Enter your email address."), Length(max=254)],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=MAX_LENGTH)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()
