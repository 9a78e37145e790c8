"""/: all tenants of the viewer, those that need attention first."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from opsapp.permissions import signed_in, viewer
from opsapp.presenters.tenant_words import ROLE_WORDS, portfolio_sentence, problems_of
from opsapp.services.portfolio import PortfolioFilter, portfolio_of

bp = Blueprint("portfolio", __name__)

SHOW_WORDS = {"attention": "Need attention", "active": "With active runs"}


@bp.get("/")
@signed_in
def index() -> ResponseReturnValue:
    show = request.args.get("show", "")
    chosen = PortfolioFilter(
        q=request.args.get("q", "").strip(), show=show if show in SHOW_WORDS else ""
    )
    portfolio = portfolio_of(
        viewer(),
        chosen,
        after=request.args.get("after", ""),
        before=request.args.get("before", ""),
    )
    return render_template(
        "portfolio/index.html",
        portfolio=portfolio,
        chosen=chosen,
        sentence=portfolio_sentence(portfolio),
        problems_of=problems_of,
        show_words=SHOW_WORDS,
        role_words=ROLE_WORDS,
    )
