from tests.permissions.conftest import walked_world, world

__all__ = ["walked_world", "world"]
