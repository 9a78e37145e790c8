from tests.operations.conftest import *  # noqa: F403
