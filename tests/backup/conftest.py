"""Backup sets in the tenant ``contoso``, on both databases."""

from collections.abc import Callable

import pytest
from flask import Flask

from opsapp.models import BackupSet
from opsapp.models.base import write
from tests.support.inventory_rows import Inventory

NewSet = Callable[..., int]


@pytest.fixture
def database_url(any_database: str) -> str:
    return any_database


@pytest.fixture
def new_set(app: Flask, inventory: Inventory) -> NewSet:
    """Makes an open set; returns its id."""

    def make(name: str = "Monday") -> int:
        with app.app_context(), write() as session:
            made = BackupSet(tenant_id=inventory.tenant_id, name=name, created_by="Ana Ferreira")
            session.add(made)
            session.flush()
            return made.id

    return make
