"""The page about policy types, from the table of them."""

from opsapp.intune.catalogue import CATALOGUE, AssignmentSource, PolicyType

INTRODUCTION = """\
# Policy types

What OpsApp reads of each type of object, and what of it can be put back. This page is written by
`make docs` from the table in `opsapp/intune/catalogue/`; change it there.

An object is read completely or not at all: its settings beyond the first page, its assignments with
filters, intents and schedules, and the parts named below. What cannot be read is an item of the run
with the reason; a collection for which the tenant lacks a permission or licence is marked so, with
the permission named, and everything else goes on.

The last column says what Graph lets anybody put back; restoring follows it.

## How changes are found

A sync reads the lists. An object whose entry in the list is the one of its last whole reading is
unchanged; every other object is read whole. Three things do not show in every list:

- **Assignments.** A change of assignments does not move an object's date. Where a list can bring
  assignments it is asked to, but it is believed only after a full reading in which it was right
  about every object. Until then, and where the list refuses, assignments are read for each object.
- **Parts with actions of their own** (marked "each time" below). Such objects are read at each
  sync; so are single objects whose entry cannot show all, like those with encrypted values.
- **What the list leaves out**, like the text of a script. It shows by the object's date; where the
  list gives no date, the object is read at each sync.

A service may leave out what it was asked to bring with an object, cut it short, or refuse the
question. Then it is asked for by itself, read on to its end, or the list asked without options.

Once a day (`OPSAPP_FULL_READ_HOURS`), or with the input `full=true`, every object is read whole
whatever the lists tell.

What the service changes by itself never makes a version: dates, version numbers, counters, members
that are null or an empty list, properties that Graph has learned since while they are at their
defaults, annotations, the order of sets, the ids of settings and of other rows. What is stored is
nevertheless what Graph gave, with one exception: **secrets** (values of custom settings that Graph
tells only when asked for them, keys, tokens, passwords) are encrypted, and the content holds a mark
instead. The mark changes when the secret does, and tells nothing else.

"""

AFTERWORD = """
## Not read

- What Microsoft publishes, the same in every tenant: templates of the settings catalog and of
  endpoint security intents, store apps nobody has assigned.
- Devices, users, reports, and the files of apps and terms of use.
"""


def policy_types_page() -> str:
    parts = [INTRODUCTION]
    for permission in dict.fromkeys(row.permission for row in CATALOGUE.values()):
        parts.append(f"## {permission}\n\n")
        parts.append("| type | what is read | each time | can be restored |\n|---|---|---|---|\n")
        rows = [row for row in CATALOGUE.values() if row.permission == permission]
        parts += [_line(row) for row in rows]
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n" + AFTERWORD


def _line(row: PolicyType) -> str:
    each_time = "each time" if row.reads_each_time else ""
    return f"| **{row.label}** `{row.key}` | {_read(row)} | {each_time} | {_restored(row)} |\n"


def _read(row: PolicyType) -> str:
    parts = ["the object" if row.item_query is not None else "the list entry"]
    parts += [f"`{name.partition('(')[0]}`" for name in row.list_expand]
    expanded = (row.item_query or "").removeprefix("$expand=").split(",")
    parts += [
        f"`{name.rpartition('/')[2]}`" for name in expanded if name not in {"", "assignments"}
    ]
    parts += [f"`{part.name}`" for part in row.parts]
    if row.assignments is not AssignmentSource.NONE:
        parts.append("assignments")
    kinds = f" ({', '.join(row.kinds)})" if row.kinds else ""
    return ", ".join(dict.fromkeys(parts)) + kinds


def _restored(row: PolicyType) -> str:
    writing = row.writing
    if writing.cannot:
        return f"no. {writing.cannot}"
    words = "yes" if writing.create else "changed, never created"
    return f"{words}. {writing.but}" if writing.but else words
