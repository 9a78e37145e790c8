"""Small pure functions that turn values into words and pictures for templates.

``init_app`` registers them; ``/styleguide`` shows all of them in use.
"""

from flask import Flask

from opsapp.presenters import (
    bars,
    chips,
    columns,
    differences,
    frame,
    history,
    icons,
    json_lines,
    links,
    notices,
    numbers,
    states,
    times,
    viewer,
)

FILTERS = {
    "number": numbers.number,
    "capped": numbers.capped,
    "plural": numbers.plural,
    "file_size": numbers.file_size,
    "duration": times.duration,
    "milliseconds": times.milliseconds,
    "relative": viewer.relative,
    "absolute": viewer.absolute,
    "clock": viewer.clock,
    "utc": times.utc,
    "iso": times.iso,
    "json_lines": json_lines.json_lines,
    "pattern_of": links.pattern_of,
    "column_class": columns.css_class,
}

GLOBALS = {
    "icon": icons.icon,
    "state_of": states.state_of,
    "items_of": bars.items_of,
    "spark_points": bars.spark_points,
    "timeline_lines": history.timeline_lines,
    "url_with": links.url_with,
    "dom_id": links.dom_id,
    "as_notice": notices.as_notice,
    "stretches": differences.stretches,
    "theme": viewer.theme,
    "chosen_zone": viewer.chosen_zone,
    "sidebar_is_narrow": viewer.sidebar_is_narrow,
    "chips_for": chips.chips_for,
    "chosen_columns": columns.chosen_columns,
}


def init_app(app: Flask) -> None:
    """Registers every filter, every global, and the ``frame`` context processor."""
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.globals.update(GLOBALS)
    app.context_processor(frame.context)
