from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import InputRequired, Length

from opsapp.forms.base import Form
from opsapp.services.names import MAX_NAME


class NewUserForm(Form):
    email = EmailField(
        "Email address",
        [InputRequired("Enter an email address."), Length(max=254)],
        render_kw={"autocomplete": "off"},
    )
    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=MAX_NAME)],
        render_kw={"autocomplete": "off"},
    )
    is_admin = BooleanField(
        "Administrator",
        description="Has owner rights on every tenant, and manages users and tenants.",
    )
