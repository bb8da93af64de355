"""The form at the door: a whole page without a script, which every browser can fill in."""

from __future__ import annotations

from html import escape

from ui.i18n import Lang
from ui.i18n_guard import guard_texts

VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'
STYLE = """
:root { color-scheme: light dark;
  --paper: #f6f3ec; --card: #fffdf8; --ink: #24221e; --edge: #8a8272; --accent: #1f6b58; --on: #fff; --warn: #9a3b1e; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #171613; --card: #211f1b; --ink: #ece7dc; --edge: #7d766a; --accent: #80cbb2; --on: #10231c; --warn: #f0a288; } }
body { margin: 0 auto; padding: 14vh 1.25rem 2rem; max-width: 22rem; background: var(--paper); color: var(--ink);
  font: 16px/1.65 "Pretendard", "Noto Sans KR", system-ui, sans-serif; word-break: keep-all; }
h1 { margin: 0 0 1.5rem; font-size: 1.35rem; }
label { display: block; margin-top: 1rem; font-size: .94rem; }
input { box-sizing: border-box; width: 100%; margin-top: .3rem; padding: .6rem .8rem; font: inherit; font-size: 1rem; color: inherit;
  background: var(--card); border: 1px solid var(--edge); border-radius: 11px; }
button { margin-top: 1.5rem; width: 100%; min-height: 46px; font: inherit; font-weight: 700; color: var(--on); background: var(--accent);
  border: 0; border-radius: 11px; cursor: pointer; }
a { color: var(--accent); }
:is(a, button, input):focus-visible { outline: 2.5px solid var(--accent); outline-offset: 2px; }
[role="alert"] { margin: 0; padding: .6rem .9rem; border: 1px solid var(--warn); border-radius: 11px; color: var(--warn); }
"""


def page(lang: Lang, name: str | None, *, is_wrong: bool = False, wait: int = 0) -> str:
    """The form, or who is signed in and the way out; above it what went wrong."""
    t = guard_texts(lang)
    said = t.wait.format(seconds=wait) if wait else t.wrong if is_wrong else ""
    alert = f'<p role="alert">{escape(said)}</p>' if said else ""
    body = _out(lang, name) if name else f"{alert}{_form(lang)}"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">{VIEWPORT}'
        f"<title>{escape(t.title)}</title><style>{STYLE}</style></head><body><main><h1>{escape(t.title)}</h1>{body}</main></body></html>\n"
    )


def _form(lang: Lang) -> str:
    t = guard_texts(lang)
    return (
        '<form method="post" action="/login">'
        f'<label>{escape(t.name)}<input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus required>'
        "</label>"
        f'<label>{escape(t.password)}<input name="password" type="password" autocomplete="current-password" required></label>'
        f"<button>{escape(t.enter)}</button></form>"
    )


def _out(lang: Lang, name: str) -> str:
    t = guard_texts(lang)
    return (
        f'<p>{escape(t.here.format(name=name))}</p><p><a href="/">{escape(t.back)}</a></p>'
        f'<form method="post" action="/logout"><button>{escape(t.leave)}</button></form>'
    )
