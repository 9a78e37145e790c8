"""OpsApp: an admin console for people who run many Microsoft 365 tenants."""

from flask import Flask

from opsapp.config import Settings

__version__ = "0.1.0"


def create_app(settings: Settings | None = None) -> Flask:
    """Builds the application; reads the environment unless ``settings`` are given.

    Raises ConfigError when the environment is incomplete.
    """
    from opsapp import assembly

    app = Flask(__name__)
    assembly.configure(app, settings or Settings.load())
    assembly.bind_extensions(app)
    assembly.keep_graph_out_of_requests(app)
    assembly.refuse_nul(app)
    assembly.limit_ids(app)
    assembly.register_blueprints(app)
    assembly.register_commands(app)
    return app
