from wtforms import BooleanField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from opsapp.forms.base import Form
from opsapp.operations.backup_making import MOST_NAME, MOST_NOTE


class BackupForm(Form):
    name = StringField(
        "Name",
        [InputRequired("Enter a name."), Length(max=MOST_NAME)],
        render_kw={"autocomplete": "off"},
    )
    note = TextAreaField("Note", [Optional(), Length(max=MOST_NOTE)], render_kw={"rows": 2})
    keep_open = BooleanField(
        "Keep open", description="More policies can be added until somebody closes it."
    )
