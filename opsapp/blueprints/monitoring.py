"""Monitoring: the list of runs, the page of one run, workers and queue. Reads only."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from opsapp import __version__
from opsapp.blueprints.context import asked_number, cursor
from opsapp.models import OperationRun, RunStatus
from opsapp.operations import label_of
from opsapp.permissions import allows, authorise, requires, signed_in, viewer
from opsapp.presenters import (
    pause_words,
    queue_page,
    run_actions,
    run_cancel,
    run_compare,
    run_estimate,
    run_family,
    run_items,
    run_page,
    run_reasons,
    run_repair,
    run_rows,
    run_wait,
    run_words,
)
from opsapp.presenters.notices import notice
from opsapp.presenters.run_json import run_json
from opsapp.refusals import Refused
from opsapp.runs import selection
from opsapp.runs.reasons import REASONS
from opsapp.runs.sentences import sentence, subject
from opsapp.services import (
    comparison,
    current_pauses,
    durations,
    estimates,
    lineage,
    monitoring,
    obstacles,
    queue_health,
    run_detail,
    run_repairs,
)
from opsapp.services.run_detail import ItemFilter, Problem
from opsapp.services.run_filters import DEFAULT_WINDOW, STATES, WINDOWS, RunFilter

bp = Blueprint("monitoring", __name__, url_prefix="/monitoring")


@bp.get("/operations")
@signed_in
def index() -> ResponseReturnValue:
    who, chosen = viewer(), _run_filter()
    upto = asked_number("upto")
    found = monitoring.browse(who, chosen, cursor(), upto)
    running = [run for run in found.page.rows if run.status == RunStatus.RUNNING]
    figures = monitoring.overview(who)
    usual = durations.usual_seconds(running)
    repairs = run_repairs.repairs_of(found.page.rows)
    return render_template(
        "monitoring/index.html",
        found=found,
        rows=run_rows.rows_of(found.page.rows, usual, repairs),
        pauses=pause_words.banners_of(current_pauses.visible_to(who)),
        upto=upto or max((run.id for run in found.page.rows), default=None),
        is_live=any(run.is_active for run in found.page.rows),
        figures=figures,
        answer=run_rows.answer(figures.active, figures.attention, figures.stale),
        in_all=monitoring.count_all(who) if not found.page.rows else None,
        chosen=chosen,
        tenants=monitoring.tenant_choices(who),
        types=run_words.type_choices(),
        reasons=[(code, code) for code in sorted(REASONS)],
        states=run_rows.STATE_CHOICES,
        windows=run_rows.WINDOW_CHOICES,
        columns=run_rows.COLUMNS,
    )


def _run_filter() -> RunFilter:
    asked = {name: request.args.get(name, "").strip() for name in ("tenant", "type", "reason", "q")}
    state, since = request.args.get("state", ""), request.args.get("since", "")
    return RunFilter(
        **asked,
        state=state if state in STATES else "",
        since=since if since in WINDOWS and since != DEFAULT_WINDOW else "",
        mine=request.args.get("mine") == "1",
    )


@bp.get("/operations/<int:run_id>")
@signed_in
def show(run_id: int) -> ResponseReturnValue:
    run = _run(run_id)
    who = viewer()
    problems = run_detail.problems(run)
    history = run_detail.history(run)
    usual = durations.usual_seconds([run]).get((run.tenant_id, run.type))
    cancelled = run_cancel.cancelled_of(run, problems, history.events)
    answer = f"{subject(run)} {cancelled.ending}" if cancelled else sentence(run)
    offer = selection.offer_of(run)
    actions = run_actions.actions_of(run, offer, who.id, lambda word: allows(who, run.tenant, word))
    return render_template(
        "monitoring/show.html",
        run=run,
        subject=subject(run),
        sentence=answer + run_page.answer_more(run, offer),
        actions=actions,
        cancel_effect=run_cancel.cancel_effect(run),
        cancelled=cancelled,
        verdict=run_page.verdict_of(run),
        problems=run_reasons.problem_rows(run, problems, offer, actions.by_reason),
        events=run_page.timeline_of(history.events),
        earlier_events=history.earlier,
        attempts=run_page.attempts(run),
        taken=run_words.seconds_taken(run),
        usual=usual,
        slow=run_words.is_slow(run, usual),
        reason_message=run_words.reason_message,
        data=run_json(run),
        **_outlook(run),
        **_kin(run),
        **_items(run, problems),
    )


def _outlook(run: OperationRun) -> dict[str, Any]:
    """Why an active run does not move, and when it usually ends."""
    if not run.is_active:
        return {"causes": [], "ending": None}
    waits = run.status == RunStatus.QUEUED
    return {
        "causes": run_wait.causes_of(run, obstacles.obstacles_of(run)) if waits else [],
        "ending": run_estimate.ending_of(run, estimates.estimate_of(run)),
    }


def _kin(run: OperationRun) -> dict[str, Any]:
    """The run's family, what was repaired, and what changed since the run of the same work."""
    family = lineage.family_of(run)
    found = {
        "mended": run_repair.mended_of(run, run_repairs.repairs_of([run]).get(run.id)),
        "given": run_repair.given_words(run, run_repairs.given_of(run)),
        "relatives": run_family.relatives_of(run, family),
        "relatives_left_out": family.more,
        "compared": None,
    }
    previous = None if run.is_active else comparison.previous_of(run)
    if previous is None:
        return found
    compared = comparison.compare(run, previous)
    return found | {
        "compared": compared,
        "comparison_answer": run_compare.answer(compared),
        "changes": run_compare.groups_of(compared),
    }


def _items(run: OperationRun, problems: Sequence[Problem]) -> dict[str, Any]:
    chosen = _item_filter(run)
    items = run_detail.items(run, chosen, cursor())
    return {
        "items": items,
        "table": run_items.table_of(run, items.rows, run_repairs.repaired_items(run, items.rows)),
        "chosen": chosen,
        "item_reasons": [(problem.code, problem.code) for problem in problems],
    }


@bp.get("/operations/<int:run_id>/compare")
@signed_in
def compare(run_id: int) -> ResponseReturnValue:
    """Against the previous run of the same work, or ``with`` another of the same operation."""
    run = _run(run_id)
    try:
        other = comparison.counterpart(run, asked_number("with"))
    except Refused as refused:
        notice(refused.message, "warning")
        return redirect(url_for("monitoring.show", run_id=run_id), HTTPStatus.SEE_OTHER)
    found = comparison.compare(run, other, first=0)
    change = run_compare.chosen_change(found, request.args.get("change", ""))
    items = comparison.page_of_change(run, other, change, cursor())
    return render_template(
        "monitoring/compare.html",
        run=run,
        other=other,
        subject=subject(run),
        answer=run_compare.answer(found),
        sides=run_compare.sides_of(found),
        change_tabs=run_compare.tabs_of(found, change),
        chosen=run_compare.described(found, change),
        items=items,
        table=run_items.table_of(run, items.rows),
        reason_message=run_words.reason_message,
    )


def _run(run_id: int) -> OperationRun:
    run = run_detail.find(run_id)
    if run is None:
        abort(HTTPStatus.NOT_FOUND)
    authorise(run.tenant, "runs.view")
    return run


def _item_filter(run: OperationRun) -> ItemFilter:
    """What failed comes first once a run has ended; ``result=all`` shows everything."""
    result = request.args.get("result", "")
    reason = request.args.get("reason", "").strip()
    if not (result or reason) and run_words.is_troubled(run):
        result = "failed" if run.summary_counts.get("failed") else ""
    return ItemFilter(result, reason, request.args.get("q", "").strip())


@bp.get("/queue")
@requires("queue.view")
def queue() -> ResponseReturnValue:
    workers = queue_health.workers()
    waiting = queue_health.waiting()
    state = queue_health.queue_state()
    paused = current_pauses.visible_to(viewer())
    return render_template(
        "monitoring/queue.html",
        workers=workers,
        waiting=waiting,
        state=state,
        figures=queue_page.figures_of(workers, waiting),
        versions=queue_page.version_words(workers, __version__),
        own_version=__version__,
        worker_state=queue_page.worker_state,
        healing=queue_health.healing(),
        healed_words=queue_page.healed_words,
        dispatches=queue_page.dispatch_lines(queue_health.dispatches()),
        answer=queue_page.answer(workers, waiting, state),
        label_of=label_of,
        rows=run_rows.rows_of(waiting.first),
        pauses=pause_words.banners_of(paused),
        is_paused=any(each.tenant is None for each in paused),
    )
