"""Mutants of a module: mutmut's operators, applied to the body of every function."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS
from mutmut.mutation.mutators import mutation_operators

# Decorators and defaults run when the function is defined, annotations never.
APART = (cst.Annotation, cst.Decorator, cst.Parameters)


@dataclass(frozen=True, eq=False)
class Mutant:
    """One node of one function in another form.

    Attributes
    ----------
    path, function, line
        File; qualified name and first line (of the decorators, if any) of the outermost function.
    statement
        First and last line of the smallest statement around the node, or of its head.
    old, new
        The node and what takes its place.
    """

    path: Path
    function: str
    line: int
    statement: tuple[int, int]
    old: cst.CSTNode
    new: cst.CSTNode

    def source(self) -> str:
        """Text of the whole module with the mutant in it."""
        changed = cst.ensure_type(
            _parsed(self.path).module.deep_replace(self.old, self.new), cst.Module
        )
        return changed.code

    def change(self) -> tuple[str, str]:
        """Lines of the statement before and after, without those that stay, in one line each."""
        before = _parsed(self.path).module.code.splitlines()
        after = self.source().splitlines()
        first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        last = 0
        while (
            before[-1 - last] == after[-1 - last]
            and last < min(len(before), len(after)) - first - 1
        ):
            last += 1
        return _one_line(before[first : len(before) - last]), _one_line(
            after[first : len(after) - last]
        )

    def code(self) -> CodeType:
        """Compile the function as mutated; raises SyntaxError or LookupError where there is none."""
        module = compile(self.source(), str(self.path), "exec", dont_inherit=True)
        return next(
            c
            for c in codes(module)
            if (c.co_qualname, c.co_firstlineno) == (self.function, self.line)
        )


def mutants(path: Path) -> list[Mutant]:
    """All mutants of a file, in the order of its text."""
    visitor = _Visitor(path)
    _parsed(path).visit(visitor)
    return visitor.found


def codes(code: CodeType) -> Iterator[CodeType]:
    """Every code object within a code object."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes(constant)


@cache
def _parsed(path: Path) -> MetadataWrapper:
    return MetadataWrapper(cst.parse_module(path.read_text(encoding="utf-8")))


def _one_line(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


class _Visitor(cst.CSTVisitor):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.found: list[Mutant] = []
        self.scopes: list[cst.ClassDef | cst.FunctionDef] = []
        self.statements: list[tuple[int, int]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, APART) or _never(node):
            return False
        if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            self.statements.append(self._lines(node))
        if self._outer() is not None:
            self._add(node)
        if isinstance(node, (cst.ClassDef, cst.FunctionDef)):
            self.scopes.append(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, APART) or _never(original_node):
            return
        if isinstance(original_node, (cst.ClassDef, cst.FunctionDef)):
            self.scopes.pop()
        if isinstance(original_node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            self.statements.pop()

    def _lines(self, node: cst.CSTNode) -> tuple[int, int]:
        whole = self.get_metadata(PositionProvider, node)
        body = getattr(node, "body", None)
        if not isinstance(body, cst.IndentedBlock):
            return whole.start.line, whole.end.line
        return whole.start.line, self.get_metadata(PositionProvider, body.body[0]).start.line - 1

    def _outer(self) -> tuple[str, cst.FunctionDef] | None:
        names = []
        for scope in self.scopes:
            names.append(scope.name.value)
            if isinstance(scope, cst.FunctionDef):
                return ".".join(names), scope
        return None

    def _add(self, node: cst.CSTNode) -> None:
        name, outer = self._outer() or ("", node)
        first = outer.decorators[0] if outer.decorators else outer
        line = self.get_metadata(PositionProvider, first).start.line
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                for new in operator(node):
                    self.found.append(Mutant(self.path, name, line, self.statements[-1], node, new))


def _never(node: cst.CSTNode) -> bool:
    """Calls that mutmut leaves alone, with what is in them."""
    called = node.func if isinstance(node, cst.Call) else None
    return isinstance(called, cst.Name) and called.value in NEVER_MUTATE_FUNCTION_CALLS
