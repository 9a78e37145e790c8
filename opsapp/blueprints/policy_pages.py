"""What the lists of policies share, those of one tenant and the one across tenants."""

from collections.abc import Iterator
from typing import Any

from flask import Response, request, stream_with_context

from opsapp.blueprints.context import cursor
from opsapp.database import utcnow
from opsapp.presenters import policy_words
from opsapp.services import policy_list
from opsapp.services.policies import TYPE_LABELS, is_assignable
from opsapp.services.policy_list import Facets, PolicyFilter, PolicyList
from opsapp.services.policy_search import Scope

ASSIGNED_WORDS = {"yes": "Assigned", "no": "Not assigned"}
SEEN_WORDS = {"gone": "Gone from the tenant", "all": "Present and gone"}
CHANGED_WORDS = {
    "1": "In the last day",
    "7": "In the last 7 days",
    "30": "In the last 30 days",
    "90": "In the last 90 days",
}
CHIPS = {
    "tenant": "Tenant",
    "type": "Type",
    "platform": "Platform",
    "assigned": "Assignment",
    "changed": "Changed",
    "seen": "In the tenant",
    "setting": "Setting",
    "group": "Group",
    "q": "Search",
}
_TEXTS = ("type", "platform", "group", "setting", "q")
LONGEST_TEXT = 400


def asked_filter(*, everywhere: bool = False) -> PolicyFilter:
    """What the address, or the form, asks for; a value that does not exist is as if not there."""
    asked = request.values
    assigned, seen = asked.get("assigned", ""), asked.get("seen", "")
    days = asked.get("changed", "")
    texts = {name: asked.get(name, "").strip()[:LONGEST_TEXT] for name in _TEXTS}
    return PolicyFilter(
        **texts,
        tenant=asked.get("tenant", "").strip() if everywhere else "",
        assigned=assigned if assigned in ASSIGNED_WORDS else "",
        seen=seen if seen in SEEN_WORDS else "",
        changed=int(days) if days in CHANGED_WORDS else 0,
    )


def asked_sort() -> str:
    sort = request.args.get("sort", "")
    return sort if sort.removeprefix("-") in policy_list.SORTS else "name"


def list_values(scope: Scope, chosen: PolicyFilter, facets: Facets, where: str) -> dict[str, Any]:
    """What ``policies/_list.html`` needs, from a page of the list."""
    sort = asked_sort()
    found = policy_list.browse(scope, chosen, sort, cursor())
    return {
        "chosen": chosen,
        "sort": sort,
        "found": found,
        "facets": facets,
        "sentence": policy_words.list_sentence(found, facets, chosen, where),
        "chip_labels": CHIPS,
        "words": _chip_words(facets, found, chosen),
        "type_label": lambda key: TYPE_LABELS.get(key, key),
        "kind_word": policy_words.kind_word,
        "is_assignable": is_assignable,
        "assigned_words": ASSIGNED_WORDS,
        "seen_words": SEEN_WORDS,
        "period_words": CHANGED_WORDS,
        "export_fields": {name: str(value) for name, value in vars(chosen).items() if value},
    }


def _chip_words(
    facets: Facets, found: PolicyList, chosen: PolicyFilter
) -> dict[str, dict[str, str]]:
    reasons = [reason for many in found.reasons.values() for reason in many]
    # Only what the policies of the page hold: the names of settings are those of every tenant.
    labels = {reason.text for reason in reasons if not reason.is_group}
    return {
        "tenant": dict(facets.tenants),
        "type": dict(facets.types),
        "assigned": ASSIGNED_WORDS,
        "seen": SEEN_WORDS,
        "changed": {days: words.lower() for days, words in CHANGED_WORDS.items()},
        "group": {chosen.group: found.meaning.groups.get(chosen.group, chosen.group)},
        "setting": {chosen.setting: labels.pop() if len(labels) == 1 else chosen.setting},
    }


def download(body: str | Iterator[str], name: str, media_type: str) -> Response:
    """A file, sent as it is made where it comes in pieces."""
    pieces = body if isinstance(body, str) else stream_with_context(body)
    response = Response(pieces, content_type=f"{media_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def list_file_name(place: str) -> str:
    return f"opsapp-policies-{place}-{utcnow():%Y-%m-%d}.csv"
