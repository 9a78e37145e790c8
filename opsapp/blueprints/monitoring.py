"""Monitoring: the list of runs, the page of one run, workers and queue. Reads only."""

from http import HTTPStatus

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from opsapp import __version__
from opsapp.blueprints.context import asked_number, cursor
from opsapp.models import OperationRun
from opsapp.operations import label_of
from opsapp.permissions import allows, authorise, requires, signed_in, viewer
from opsapp.presenters import queue_page, run_items, run_page, run_rows, run_wait, run_words
from opsapp.presenters.run_json import run_json
from opsapp.runs.reasons import REASONS
from opsapp.runs.sentences import sentence, subject
from opsapp.services import durations, monitoring, queue_health, run_detail
from opsapp.services.run_detail import ItemFilter
from opsapp.services.run_filters import DEFAULT_WINDOW, STATES, WINDOWS, RunFilter

bp = Blueprint("monitoring", __name__, url_prefix="/monitoring")


@bp.get("/operations")
@signed_in
def index() -> ResponseReturnValue:
    who, chosen = viewer(), _run_filter()
    upto = asked_number("upto")
    found = monitoring.browse(who, chosen, cursor(), upto)
    running = [run for run in found.page.rows if run.started_at and run.is_active]
    figures = monitoring.overview(who)
    return render_template(
        "monitoring/index.html",
        found=found,
        rows=run_rows.rows_of(found.page.rows, durations.usual_seconds(running)),
        upto=upto or max((run.id for run in found.page.rows), default=None),
        is_live=any(run.is_active for run in found.page.rows),
        figures=figures,
        attention=run_rows.attention_words(figures.attention, or_more=figures.or_more),
        answer=run_rows.answer(
            figures.active, figures.attention, figures.stale, or_more=figures.or_more
        ),
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
    chosen = _item_filter(run)
    items = run_detail.items(run, chosen, cursor())
    history = run_detail.history(run)
    is_queued = run.is_active and not run.worker
    usual = durations.usual_seconds([run]).get((run.tenant_id, run.type))
    return render_template(
        "monitoring/show.html",
        run=run,
        subject=subject(run),
        sentence=sentence(run) + run_page.answer_more(run, problems),
        actions=run_page.actions_of(run, who.id, lambda word: allows(who, run.tenant, word)),
        cancel_effect=run_page.cancel_effect(run),
        cause=run_wait.cause_of(run, queue_health.place_of(run)) if is_queued else None,
        verdict=run_page.verdict_of(run),
        problems=run_page.problem_rows(problems),
        events=run_page.timeline_of(history.events),
        earlier_events=history.earlier,
        attempts=run_page.attempts(run),
        taken=run_words.seconds_taken(run),
        usual=usual,
        slow=run_words.is_slow(run, usual),
        noun=run_words.item_noun(run),
        items=items,
        table=run_items.table_of(run, items.rows),
        chosen=chosen,
        item_reasons=[(problem.code, problem.code) for problem in problems],
        reason_message=run_words.reason_message,
        retries=run_detail.retries(run),
        data=run_json(run),
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
    )
