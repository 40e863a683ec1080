from __future__ import annotations

import ast

import pytest

from jobs_supervisor.demo.measuring import FunctionMeasures, complexity, measure
from jobs_supervisor.demo.sources import standard_library


def first_function(source: str) -> ast.FunctionDef:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", 1),
        ("if a: pass", 2),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("for x in y: pass", 2),
        ("while a and b or c: pass", 4),
        ("try: pass\n except A: pass\n except B: pass", 3),
        ("return [x for x in y if x if z]", 4),
        ("return a if b else c", 2),
        ("match a:\n  case 1: pass\n  case _: pass", 3),
        ("assert a", 2),
        ("def inner():\n  if a: pass", 1),
    ],
)
def test_complexity_counts_the_places_where_the_way_parts(body: str, expected: int) -> None:
    assert complexity(first_function(f"def f():\n {body}")) == expected


def test_a_source_is_measured() -> None:
    source = "class A:\n  def b(self):\n    def c(): return x\n    return c if x else y\n"
    measures = measure(source)
    assert (measures.lines, measures.functions, measures.identifiers) == (4, 2, 3)
    assert measures.most_complex == [FunctionMeasures("A.b", 2, 2), FunctionMeasures("A.b.c", 3, 1)]


def test_what_does_not_parse_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        measure("def")


def test_the_standard_library_is_found_without_what_was_installed() -> None:
    files = standard_library()
    assert any(path.name == "ast.py" for path in files)
    assert not any("site-packages" in path.parts for path in files)
