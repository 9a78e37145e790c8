"""The steps of ``create_app``."""

from datetime import timedelta
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import Any

from flask import Flask, abort, g, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from opsapp.config import Settings
from opsapp.database import drop_inherited_connections, keep_private
from opsapp.extensions import bootstrap, csrf, db, login_manager, migrate
from opsapp.graph import guard

# More connections than a process has threads: waiting for one is not fair, and may end in an error.
ENGINE_OPTIONS = {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 45}


def configure(app: Flask, settings: Settings) -> None:
    settings.make_instance()
    app.extensions["opsapp.settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=ENGINE_OPTIONS,
        BOOTSTRAP_SERVE_LOCAL=True,
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        SESSION_REFRESH_EACH_REQUEST=False,  # live regions must not race to rewrite the cookie
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=16 * 1024 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def bind_extensions(app: Flask) -> None:
    import opsapp.models  # noqa: F401 - fills the metadata for Alembic

    db.init_app(app)
    migrate.init_app(app, db, directory=str(Path(app.root_path).parent / "migrations"))
    login_manager.init_app(app)
    csrf.init_app(app)
    bootstrap.init_app(app)
    with app.app_context():
        drop_inherited_connections(db.engine)
        keep_private(db.engine, app.extensions["opsapp.settings"].instance)


def keep_graph_out_of_requests(app: Flask) -> None:
    """Any use of Graph while a request is answered raises: pages come from the database alone."""

    @app.before_request
    def forbid() -> None:
        g.graph_forbidden = guard.forbid()

    @app.teardown_request
    def lift(_error: BaseException | None) -> None:
        token = g.pop("graph_forbidden", None)
        if token is not None:
            guard.lift(token)


def refuse_nul(app: Flask) -> None:
    """A NUL sent as text is answered 400 before anybody is looked up: PostgreSQL cannot hold it.

    It reads the form, so the route that takes large files says so first.
    """
    from opsapp.blueprints.backup_files import allow_uploads

    @app.before_request
    def look() -> None:
        allow_uploads()
        fields = (*request.args.items(multi=True), *request.form.items(multi=True))
        texts = (request.path, *request.headers.values(), *chain.from_iterable(fields))
        if any("\0" in text for text in texts):
            abort(HTTPStatus.BAD_REQUEST)


def limit_ids(app: Flask) -> None:
    """An id in an address that no column could hold leads nowhere, instead of to an error."""

    class Id(IntegerConverter):
        def __init__(self, map: Map, **limits: Any) -> None:  # noqa: A002 - Werkzeug's name
            super().__init__(map, **({"max": 2**63 - 1} | limits))

    app.url_map.converters["int"] = Id


def register_blueprints(app: Flask) -> None:
    from opsapp import permissions, presenters, security
    from opsapp.blueprints import (
        account,
        admin,
        assets,
        audit,
        auth,
        backup_files,
        backups,
        deliveries,
        errors,
        everywhere,
        groups,
        health,
        monitoring,
        notifications,
        overview,
        pauses,
        policies,
        portfolio,
        restore_items,
        restore_mapping,
        restores,
        runs,
        schedules,
        styleguide,
        tenants,
    )

    security.init_app(app)
    presenters.init_app(app)
    app.jinja_env.globals["may"] = permissions.viewer_may
    for area in (assets, errors, health, auth, account, deliveries, admin, audit, tenants):
        app.register_blueprint(area.bp)
    for area in (
        portfolio,
        overview,
        everywhere,
        policies,
        backup_files,
        backups,
        schedules,
        groups,
        restores,
        restore_mapping,
        restore_items,
        runs,
        pauses,
        monitoring,
        notifications,
    ):
        app.register_blueprint(area.bp)
    if app.extensions["opsapp.settings"].debug_pages:
        app.register_blueprint(styleguide.bp)


def register_commands(app: Flask) -> None:
    from opsapp.cli import (
        audit,
        backup_files,
        backups,
        demo,
        groups,
        notifications,
        pausing,
        policies,
        queue,
        restores,
        runs,
        schedules,
        tenants,
        users,
    )

    for group, commands in (
        (queue.queue, pausing.QUEUE),
        (tenants.tenants, pausing.TENANTS),
        (backups.backups, backup_files.COMMANDS),
    ):
        for command in commands:
            group.add_command(command)
    for group in (
        users.users,
        tenants.tenants,
        runs.runs,
        queue.queue,
        policies.policies,
        backups.backups,
        schedules.schedules,
        groups.groups,
        restores.restores,
        notifications.notifications,
        audit.audit,
        demo.demo,
    ):
        app.cli.add_command(group)
