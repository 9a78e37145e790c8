from flask_wtf.file import FileField, FileRequired
from wtforms import PasswordField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from opsapp.forms.base import Form
from opsapp.operations.backup_set_import import LONGEST_NAME, LONGEST_NOTE, MOST_BYTES
from opsapp.services.policy_export import SHORTEST_PASSPHRASE


class ImportForm(Form):
    file = FileField(
        "Zip file",
        [FileRequired("Choose a zip file.")],
        description=f"Up to {MOST_BYTES // 2**20} MB: an export of OpsApp, IntuneCD or "
        "IntuneManagement, or JSON as Microsoft Graph gives it.",
        render_kw={"accept": ".zip,application/zip", "required": True},
    )
    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=LONGEST_NAME)],
        description="What the backup set is called here.",
        render_kw={"autocomplete": "off"},
    )
    note = TextAreaField("Note", [Optional(), Length(max=LONGEST_NOTE)], render_kw={"rows": 2})
    passphrase = PasswordField(
        "Passphrase",
        [Optional(), Length(min=SHORTEST_PASSPHRASE)],
        description="Only for an export that was made with one: it brings the secrets back.",
        render_kw={"autocomplete": "off"},
    )
