"""The forms of the pages: what may be entered, and how a refusal is shown at its field."""
