"""Small faults put into a module on purpose: each is one change of its syntax tree, put in and taken out again in place."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from types import FunctionType, ModuleType
from typing import Any, TypeVar

_Node = TypeVar("_Node", bound=ast.AST)

_COMPARED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_CALCULATED: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_NOT_RUN = ("annotation", "returns", "decorator_list", "type_comment", "type_params")
"""Parts of the tree that are left alone: annotations are not run, and a class is not made again by other decorators."""
_AROUND = 24
"""Characters shown on each side of what differs, of which at most four times as many are shown."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: `new` stands for what is in that field of `parent` (at that place of a list).

    `lines` are those of the statement, its body left out. `at_import` says that they run when the module is imported. `text` is what is
    read of it: `…as it was… → …as it is now…`.
    """

    lines: range
    at_import: bool
    parent: ast.AST = field(repr=False)
    name: str
    place: int | None
    new: ast.AST = field(repr=False)
    text: str = ""

    def put_in(self) -> ast.AST:
        """Makes the change, and returns what stood there."""
        if self.place is None:
            old: ast.AST = getattr(self.parent, self.name)
            setattr(self.parent, self.name, self.new)
        else:
            held = getattr(self.parent, self.name)
            old, held[self.place] = held[self.place], self.new
        return old


# What can be changed


def mutants(tree: ast.Module) -> list[Mutant]:
    """All single changes of a module, in the order of its text; two that read the same in the same lines are one."""
    found: dict[tuple[range, str], Mutant] = {}
    for child, statement, mutant in _changes(tree, None, True):
        text = _told(child, statement, mutant)
        if text:
            found.setdefault((mutant.lines, text), replace(mutant, text=text))
    return list(found.values())


def _changes(node: ast.AST, statement: ast.stmt | None, at_import: bool) -> Iterator[tuple[ast.AST, ast.stmt, Mutant]]:
    for name, value in ast.iter_fields(node):
        if name in _NOT_RUN:
            continue
        for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_left_alone(child):
                continue
            inner = child if isinstance(child, ast.stmt) else statement
            in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and name == "body"
            early = at_import and not in_function
            if inner is not None:
                for new in _replacements(child):
                    yield child, inner, Mutant(_lines(inner), early, node, name, place, ast.copy_location(new, child))
            yield from _changes(child, inner, early)


def _is_left_alone(node: ast.AST) -> bool:
    """Imports, docstrings, and what only a type checker reads."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
    return False


def _lines(statement: ast.stmt) -> range:
    body: list[ast.stmt] = getattr(statement, "body", [])
    return range(statement.lineno, max(body[0].lineno if body else (statement.end_lineno or 0) + 1, statement.lineno + 1))


def _replacements(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand for a node; parts of it are shared, and never changed."""
    match node:
        case ast.Compare(ops=ops):
            for at, sign in enumerate(ops):
                yield _with(node, ops=[*ops[:at], _COMPARED[type(sign)](), *ops[at + 1 :]])
        case ast.BoolOp(op=sign):
            yield _with(node, op=ast.Or() if isinstance(sign, ast.And) else ast.And())
        case ast.BinOp(op=sign) | ast.AugAssign(op=sign) if type(sign) in _CALCULATED and not _is_path(node):
            yield _with(node, op=_CALCULATED[type(sign)]())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield copy(operand)
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Slice():
            yield from _slices(node)
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield ast.Return(ast.Constant(None))
        case ast.comprehension(ifs=[_, *_]):
            yield from (_with(node, ifs=[*node.ifs[:at], *node.ifs[at + 1 :]]) for at in range(len(node.ifs)))
    if isinstance(node, ast.If | ast.While | ast.IfExp) and not isinstance(node.test, ast.UnaryOp | ast.Compare):
        yield _with(node, test=ast.copy_location(ast.UnaryOp(ast.Not(), node.test), node.test))
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Continue | ast.Break | ast.Raise):
        yield ast.Pass()


def _slices(node: ast.Slice) -> Iterator[ast.Slice]:
    """Without one of its bounds, or with one that is moved on by one."""
    for name in ("lower", "upper"):
        bound: ast.expr | None = getattr(node, name)
        if bound is not None:
            yield _with(node, **{name: None})
            if not isinstance(bound, ast.Constant):  # those are moved by themselves
                yield _with(node, **{name: ast.copy_location(ast.BinOp(bound, ast.Add(), ast.Constant(1)), bound)})


def _with(node: _Node, **changed: Any) -> _Node:
    new = copy(node)
    for name, value in changed.items():
        setattr(new, name, value)
    return new


def _is_path(node: ast.AST) -> bool:
    """Whether it joins a path: nothing but `/` can stand between its parts."""
    texts = (each for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and any(True for _ in texts)


# How it reads


def _told(child: ast.AST, statement: ast.stmt, mutant: Mutant) -> str:
    """The first line of the statement that differs, before and after, around what differs; empty where none does."""
    if child is statement:
        before, after = ast.unparse(child), ast.unparse(mutant.new)
    else:
        before = ast.unparse(statement)
        old = mutant.put_in()
        after = ast.unparse(statement)
        replace(mutant, new=old).put_in()
    pairs = zip_longest(before.split("\n"), after.split("\n"), fillvalue="")
    return next((_apart(*map(str.strip, pair)) for pair in pairs if pair[0] != pair[1]), "")


def _apart(old: str, new: str) -> str:
    start = _alike(old, new)
    end = _alike(old[start:][::-1], new[start:][::-1])
    shown = (_around(text, start, len(text) - end) for text in (old, new))
    return " → ".join(shown)


def _alike(old: str, new: str) -> int:
    """How many characters both begin with."""
    return next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new)))


def _around(text: str, start: int, end: int) -> str:
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND, start + 4 * _AROUND)
    return f"{'…' * (low > 0)}{text[low:high]}{'…' * (high < len(text))}"


# Into the running program


def defined(tree: ast.Module, module: ModuleType) -> dict[str, Any]:
    """What the tree defines when it is run as that module; raises whatever it raises."""
    made: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(compile(ast.fix_missing_locations(tree), str(module.__file__), "exec"), made)
    return made


def graft(made: Mapping[str, Any], module: ModuleType) -> int:
    """Puts what was defined into the module as it stands in memory, wherever its names were imported to; how much differed.

    Functions keep who they are and get other code, so that nobody needs to import them again.
    """
    changed = 0
    for name, old in list(vars(module).items()):
        new = made.get(name)
        if new is None or new is old or name.startswith("__"):
            continue
        if isinstance(old, type):
            changed += sum(_recoded(each, vars(new).get(key)) for key, each in vars(old).items())
        elif isinstance(old, FunctionType):
            changed += _recoded(old, new)
        elif old != new:
            changed += 1
            for other in [each for each in sys.modules.values() if getattr(each, "__dict__", {}).get(name) is old]:
                setattr(other, name, new)
    return changed


def _recoded(old: object, new: object) -> bool:
    """Gives a function or property the code and defaults of its new version; whether they differ."""
    old, new = (inspect.unwrap(each.fget if isinstance(each, property) else each) for each in (old, new))  # type: ignore[arg-type]
    if not isinstance(old, FunctionType) or not isinstance(new, FunctionType):
        return False
    if (old.__code__, old.__defaults__, old.__kwdefaults__) == (new.__code__, new.__defaults__, new.__kwdefaults__):
        return False
    old.__code__, old.__defaults__, old.__kwdefaults__ = new.__code__, new.__defaults__, new.__kwdefaults__
    return True
