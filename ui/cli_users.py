"""The verb `rag users`: who may come in where `rag ui --auth FILE` asks for a name and a password."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import UsageError
from ui import view
from ui.arguments import Options
from ui.console import show

if TYPE_CHECKING:
    from ui.arguments import Verbs

DONE, NOTHING = 0, 1
DESCRIPTION = (
    "Say who may come in where `rag ui --auth FILE` asks: add a user or set a password anew, take one out, or list them. "
    "The password is asked for at the terminal, or read from the first line of stdin; the file keeps its scrypt hash alone."
)


def add_users(verbs: Verbs) -> None:
    verb = verbs.add_parser("users", help="say who may come in where the page asks for a name and a password", description=DESCRIPTION)
    verb.set_defaults(handle=handle)
    verb.add_argument("what", choices=("add", "remove", "list"), help="add a user or set a password anew, take a user out, or list them")
    verb.add_argument("name", nargs="?", metavar="NAME", help="the user: letters, digits and . @ _ - alone")
    verb.add_argument("--auth", type=Path, required=True, metavar="FILE", help="the file of users; it is made where there is none")
    verb.add_argument("--format", choices=("text", "json"), default="text", help="text for people, or JSON (default: text)")


def handle(options: Options) -> int:
    """Changes or lists the users: 1 where there are none to list."""
    from ui import users

    if (options.what == "list") != (options.name is None):
        raise UsageError("`rag users list` takes no name; `rag users add NAME` and `rag users remove NAME` take one")
    if options.what == "list":
        names = sorted(users.read_users(options.auth))
        show(options, {"users": names}, lambda _: "\n".join(names) or "There are no users.")
        return DONE if names else NOTHING
    if options.what == "remove":
        users.remove(options.auth, options.name)
        return _told(options, f"{options.name} may no longer come in", {"removed": options.name})
    is_new = users.add(options.auth, options.name, _password())
    said = f"{options.name} may come in" if is_new else f"the password of {options.name} is set anew"
    return _told(options, f"{said}: rag ui --auth {options.auth}", {"added" if is_new else "changed": options.name})


def _told(options: argparse.Namespace, said: str, value: view.Json) -> int:
    show(options, value, lambda _: said)
    return DONE


def _password() -> str:
    """Asked for twice where somebody sits; never an argument, which every user of the machine could read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    from getpass import getpass

    from ui.users import SHORTEST

    first = getpass(f"Password ({SHORTEST} characters or more): ")
    if getpass("Again: ") != first:
        raise UsageError("the two passwords differ: nothing is changed")
    return first
