"""The API's page for people: its OpenAPI description as HTML that loads nothing and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from ui.view import Json

STYLE = """
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem; font: 16px/1.6 system-ui, sans-serif; }
code { font-family: ui-monospace, Consolas, monospace; font-size: .92em; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; }
h3 { margin: 2rem 0 .25rem; padding-top: 1rem; border-top: 1px solid #8886; }
div { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8884; }
"""


LIMITS = {"minimum": "at least {}", "maximum": "at most {}", "maxLength": "at most {} characters", "maxItems": "at most {}"}


def page(described: Json) -> str:
    """A whole page: every call with its arguments and answers, then the shapes of the JSON."""
    info = described["info"]
    base = described["servers"][0]["url"]
    schemas = described["components"]["schemas"]
    calls = [_call(base + path, method, call, schemas) for path, methods in described["paths"].items() for method, call in methods.items()]
    shapes = [_shape(name, schema) for name, schema in schemas.items() if _is_shape(name)]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(info['title'])}: API</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}: HTTP API</h1><p>{_prose(info['description'])} "
        f'The same for programs: <a href="openapi.json">openapi.json</a>.</p>'
        f"<h2>Calls</h2>{''.join(calls)}<h2>Shapes</h2>{''.join(shapes)}</main></body></html>\n"
    )


def _call(path: str, method: str, call: Json, schemas: Json) -> str:
    head = f"<h3><code>{method.upper()} {escape(path)}</code></h3><p>{_prose(call['summary'])}.</p>"
    answers = [(code, _prose(each["description"]), _content(each)) for code, each in call["responses"].items()]
    return head + _table(("argument", "type", "meaning"), list(_arguments(call, schemas))) + _table(("status", "meaning", "JSON"), answers)


def _arguments(call: Json, schemas: Json) -> Iterator[tuple[str, str, str]]:
    for each in call.get("parameters", []):
        yield _argument(each["name"], each["schema"], each["required"], each.get("description", ""))
    if body := call.get("requestBody"):
        shape = schemas[_name(body["content"]["application/json"]["schema"]["$ref"])]
        for name, schema in shape["properties"].items():
            yield _argument(name, schema, name in shape["required"], schema.get("description", ""))


def _argument(name: str, schema: Json, required: bool, meaning: str) -> tuple[str, str, str]:
    given = "required" if required else f"default {_literal(schema['default'])}" if "default" in schema else "optional"
    limits = [told.format(schema[key]) for key, told in LIMITS.items() if key in schema]
    return f"<code>{escape(name)}</code>", _type(schema), "; ".join([_prose(meaning), *limits, given])


def _shape(name: str, schema: Json) -> str:
    rows = [(f"<code>{escape(field)}</code>", _type(each)) for field, each in schema["properties"].items()]
    return f'<h3 id="{escape(name)}"><code>{escape(name)}</code></h3><p>{_prose(schema.get("description", ""))}</p>' + _table(
        ("key", "type"), rows
    )


def _is_shape(name: str) -> bool:
    """FastAPI makes others for bodies, whose keys stand with their calls, and for its own errors, which are never sent."""
    return not name.startswith(("Body_", "HTTPValidationError", "ValidationError"))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already."""
    if not rows:
        return ""
    top = "".join(f"<th>{each}</th>" for each in head)
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    return f"<div><table>{''.join(f'<tr>{line}</tr>' for line in (top, *lines))}</table></div>"


def _content(response: Json) -> str:
    return _type(response.get("content", {}).get("application/json", {}).get("schema", {}))


def _type(schema: Json) -> str:
    """`list of Hit`, with a link to the shape."""
    if reference := schema.get("$ref"):
        name = escape(_name(reference))
        return f'<a href="#{name}"><code>{name}</code></a>'
    if choices := schema.get("anyOf"):
        return " or ".join(map(_type, choices))
    if values := schema.get("enum"):
        return " or ".join(map(_literal, values))
    kind = str(schema.get("type", ""))
    if kind == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return escape(kind)


def _literal(value: Any) -> str:
    return f"<code>{escape(value if isinstance(value, str) else json.dumps(value))}</code>"


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _prose(text: str) -> str:
    """Text with `code` in back quotes."""
    pieces = escape(text[:1].upper() + text[1:]).split("`")
    return "".join(f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces))
