"""Measures one Python source: lines, functions, complexity, identifiers. Pure, and all CPU."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

MOST_COMPLEX = 10
"""How many functions of a file are named in its measures."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
BRANCHES = (
    ast.If,
    ast.IfExp,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ExceptHandler,
    ast.Assert,
    ast.match_case,
)


@dataclass(frozen=True, slots=True)
class FunctionMeasures:
    """One function or method, by its qualified name, and its cyclomatic complexity."""

    name: str
    line: int
    complexity: int


@dataclass(frozen=True, slots=True)
class FileMeasures:
    """One source file; `most_complex` comes in descending order."""

    lines: int
    functions: int
    identifiers: int
    most_complex: list[FunctionMeasures]


def measure(source: str | bytes) -> FileMeasures:
    """Parse a source and measure it.

    Raises:
        SyntaxError: it does not parse.
        ValueError: it holds a null byte.
    """
    tree = ast.parse(source)
    functions = [
        FunctionMeasures(name, function.lineno, complexity(function))
        for name, function in _functions(tree, "")
    ]
    functions.sort(key=lambda each: (-each.complexity, each.line))
    identifiers = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return FileMeasures(
        lines=len(source.splitlines()),
        functions=len(functions),
        identifiers=len(identifiers),
        most_complex=functions[:MOST_COMPLEX],
    )


def complexity(function: Function) -> int:
    """McCabe's number: one, and one more for every place where the way may part."""
    return 1 + sum(_ways(node) for node in _own_nodes(function))


def _ways(node: ast.AST) -> int:
    if isinstance(node, ast.BoolOp):
        return len(node.values) - 1
    if isinstance(node, ast.comprehension):
        return 1 + len(node.ifs)
    return int(isinstance(node, BRANCHES))


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Everything in a function but what is in the functions and classes inside it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef):
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        name = prefix
        if isinstance(child, Function | ast.ClassDef):
            name = f"{prefix}{child.name}."
        if isinstance(child, Function):
            yield name[:-1], child
        yield from _functions(child, name)
