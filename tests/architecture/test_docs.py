"""The documentation is complete and current: variables, operations, commands, pages, laws."""

import ast
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest

from docs.generate import PAGES
from opsapp.config import Settings
from opsapp.operations import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LAW = re.compile(r"^## (\d)\. .+$", re.MULTILINE)
ENFORCED_BY = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def text_of(*names):
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


def commands(group, path=()):
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_current(page):
    assert text_of(page) == PAGES[page](), "run `make docs`"


def test_every_variable_is_documented():
    for name in ("docs/configuration.md", ".env.example"):
        text = text_of(name)
        missing = [Settings.variable(field) for field in Settings.model_fields]
        assert [variable for variable in missing if not re.search(rf"\b{variable}\b", text)] == []


def test_the_example_environment_lists_no_unknown_variable():
    known = {Settings.variable(field) for field in Settings.model_fields}
    listed = re.findall(r"^#?([A-Z][A-Z_]+)=", text_of(".env.example"), re.MULTILINE)
    assert set(listed) == known


def test_every_operation_type_is_documented():
    text = text_of("docs/operations.md")
    assert REGISTRY
    assert [kind for kind in REGISTRY if f"`{kind}`" not in text] == []


def test_documented_operation_types_exist():
    [section] = re.findall(r"(?ms)^## Operation types\n(.*?)^## ", text_of("docs/operations.md"))
    documented = re.findall(r"(?m)^\| `([a-z_.]+)` \|", section)
    assert set(documented) == set(REGISTRY)


def test_every_command_is_documented(app):
    text = text_of("docs/operations.md")
    ours = [path for path in commands(app.cli) if len(path) == 2 and path[0] != "db"]
    assert ours
    assert [path for path in ours if f"flask {' '.join(path)}" not in text] == []


def test_documented_commands_exist(app):
    known = {" ".join(path) for path in commands(app.cli)}
    text = text_of("README.md", *(f"docs/{path.name}" for path in DOCS.glob("*.md")))
    used = re.findall(
        r"flask(?: -e \S+)? "
        r"((?:users|tenants|runs|queue|policies|groups|notifications|audit|demo|db) [a-z-]+)",
        text,
    )
    assert used
    assert set(used) - known == set()


def test_every_make_target_that_the_docs_name_exists():
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    text = text_of("README.md", *(f"docs/{path.name}" for path in DOCS.glob("*.md")))
    named = [
        word
        for line in re.findall(r"`?make ([a-z ]+)", text)
        for word in line.split()[:1]
        if word not in {"sure", "it"}
    ]
    assert named
    assert set(named) - targets == set()


def test_help_lists_every_target_a_person_uses():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in shlex.split("demo test setup lint types fix lock docs bench help"):
        assert f"make {target} " in shown.stdout


def test_links_between_pages_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def laws():
    text = text_of("docs/constitution.md")
    starts = [match.start() for match in LAW.finditer(text)]
    return [text[a:b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)]


def test_the_constitution_has_its_five_laws():
    assert LAW.findall(text_of("docs/constitution.md")) == ["1", "2", "3", "4", "5"]


def test_each_law_names_tests_that_enforce_it_and_they_exist():
    for law in laws():
        named = ENFORCED_BY.findall(law)
        assert named, f"no test named: {law.splitlines()[0]}"
        for file, function in named:
            assert (ROOT / file).exists(), f"{file} is named by: {law.splitlines()[0]}"
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
            assert function in defined, f"{file} has no {function}"
