"""The one table of states, and what a run's row means in it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from opsapp.models import (
    Completeness,
    DeliveryState,
    Hold,
    ItemResult,
    OperationRun,
    PermissionState,
    RunOutcome,
    RunStatus,
    WorkerState,
)
from opsapp.presenters.history import timeline_lines
from opsapp.presenters.icons import icon
from opsapp.presenters.states import STATES, state_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TONES = {"neutral", "violet", "blue", "green", "amber", "red"}


def a_run(**values):
    return OperationRun(**{"status": RunStatus.QUEUED, "outcome": RunOutcome.PENDING} | values)


@pytest.mark.parametrize("state", STATES.values(), ids=lambda state: state.key)
def test_every_state_has_a_word_an_icon_and_a_tone(state):
    assert state.word
    assert state.tone in TONES
    assert icon(state.icon).startswith("<svg")


@pytest.mark.parametrize(
    "member",
    [
        *(one for one in RunOutcome if one is not RunOutcome.PENDING),
        *ItemResult,
        *Completeness,
        *PermissionState,
        *WorkerState,
        *DeliveryState,
    ],
)
def test_every_stored_state_is_in_the_table(member):
    assert state_of(member) is STATES[member.value]


def test_a_state_that_is_not_in_the_table_is_shown_as_it_is():
    shown = state_of("half_done")

    assert (shown.word, shown.tone) == ("Half done", "neutral")


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "undispatched"),
        ({"dispatched_at": NOW}, "queued"),
        ({"hold": Hold.GRAPH}, "waiting"),
        ({"hold": Hold.APPROVAL}, "awaiting_approval"),
        ({"hold": Hold.PAUSED}, "paused"),
        ({"hold": Hold.CONFIRMATION}, "awaiting_confirmation"),
        ({"status": RunStatus.RUNNING, "lease_expires_at": NOW + timedelta(seconds=9)}, "running"),
        ({"status": RunStatus.RUNNING, "lease_expires_at": NOW - timedelta(seconds=9)}, "stale"),
        ({"status": RunStatus.RUNNING}, "running"),
        ({"status": RunStatus.RUNNING, "cancel_requested_at": NOW}, "cancelling"),
        ({"status": RunStatus.COMPLETED, "outcome": RunOutcome.FAILED}, "failed"),
        (
            {"status": RunStatus.COMPLETED, "outcome": RunOutcome.PARTIALLY_SUCCEEDED},
            "partially_succeeded",
        ),
    ],
)
def test_the_state_of_a_run(values, key):
    assert state_of(a_run(**values), NOW).key == key


def test_every_hold_has_a_state_of_its_own():
    shown = {state_of(a_run(hold=hold), NOW).key for hold in Hold}

    assert len(shown) == len(Hold)


def test_a_timeline_tells_pauses_and_how_it_ended():
    events = [
        {"at": NOW, "kind": "created", "message": "Created.", "actor": "Ana"},
        SimpleNamespace(
            at=NOW + timedelta(seconds=30), kind="started", message="Started.", actor="w"
        ),
        {"at": NOW + timedelta(minutes=5), "kind": "completed", "message": "Done.", "actor": "w"},
    ]

    lines = list(timeline_lines(events, "failed"))

    assert [line.pause for line in lines] == [None, None, "4 min 30 s"]
    assert [line.tone for line in lines] == ["neutral", "blue", "red"]


def test_an_event_may_bring_its_own_look():
    event = {"at": NOW, "message": "Hello.", "actor": "x", "icon": "bell", "tone": "violet"}

    (line,) = timeline_lines([event])

    assert (line.icon, line.tone) == ("bell", "violet")
