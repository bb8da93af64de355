"""The button on a source passage that makes it gold, as an HTML fragment."""

from __future__ import annotations

from ui.i18n import Lang
from ui.i18n_measure import measure_texts

GOLD = """
  const asked = () => element.querySelector('[data-asked]')?.dataset.asked;
  const buttons = () => [...element.querySelectorAll('[data-gold]')];
  const paint = (found, all) => {
    document.documentElement.classList.toggle('golden', Array.isArray(found));
    if (Array.isArray(found)) all.forEach((each, at) => each.setAttribute('aria-pressed', String(found[at] === true)));
  };
  const look = async () => {
    const all = buttons();
    if (!all.length || !asked()) return;
    paint(await server.mark_gold({ question: asked(), places: all.map((each) => JSON.parse(each.dataset.gold)) }).catch(() => null), all);
  };
  new MutationObserver((changes) => {
    if (changes.some((change) => [...change.addedNodes].some((node) => node.nodeType === 1 && !node.closest('.gold-button')))) look();
  }).observe(element, { childList: true, subtree: true });
  look();
  element.addEventListener('click', async (event) => {
    const at = event.target.closest('[data-gold]');
    if (!at || !asked()) return;
    const found = await server.mark_gold({ question: asked(), places: [JSON.parse(at.dataset.gold)], turn: true }).catch(() => null);
    if (Array.isArray(found)) at.setAttribute('aria-pressed', String(found[0] === true));
  });
"""
"""What the sources do with these buttons: they are painted as the server has them, and shown only where it can keep any."""


def gold_button(target: str, lang: Lang) -> str:
    """Makes a passage the gold of the question, or takes that back; `target` is its place as an attribute value (`place_of`)."""
    t = measure_texts(lang)
    return (
        f'<button type="button" class="gold-button" data-gold="{target}" aria-pressed="false" title="{t.this_is_right_note}">'
        f'<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 8.5l3.2 3.2L13 5"/></svg>{t.this_is_right}</button>'
    )
