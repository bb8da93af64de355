"""The page's looks as Gradio wants them. Colours and fonts are in `assets/page.css`; here Gradio's variables are pointed at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes import ThemeClass

SANS = ("Pretendard", "Noto Sans KR", "Apple SD Gothic Neo", "Malgun Gothic", "NanumBarunGothic", "NanumGothic", "system-ui", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "D2Coding", "NanumGothicCoding", "monospace")
"""Fonts that the reader's system may have; none is fetched."""


def theme() -> ThemeClass:
    """Gradio's bare theme, drawn with the page's own colours in light and in dark."""
    import gradio as gr

    base = gr.themes.Base(font=list(SANS), font_mono=list(MONO), radius_size="lg", text_size="lg")
    values = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--paper)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "color_accent": "var(--accent)",
        "color_accent_soft": "var(--tint)",
        "link_text_color": "var(--accent)",
        "block_background_fill": "transparent",
        "block_border_width": "0px",
        "block_label_text_color": "var(--soft)",
        "block_title_text_color": "var(--ink)",
        "block_info_text_color": "var(--soft)",
        "input_background_fill": "var(--card)",
        "input_border_color": "var(--line)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--soft)",
        "slider_color": "var(--accent)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-deep)",
        "button_primary_text_color": "var(--on-accent)",
        "checkbox_background_color": "var(--card)",
        "checkbox_background_color_selected": "var(--accent)",
        "checkbox_border_color": "var(--soft)",
        "checkbox_border_color_selected": "var(--accent)",
        "checkbox_label_background_fill": "var(--card)",
        "checkbox_label_background_fill_selected": "var(--tint)",
        "checkbox_label_text_color_selected": "var(--ink)",
    }
    both = {name: value for key, value in values.items() for name in (key, f"{key}_dark")}
    return base.set(**{name: value for name, value in both.items() if hasattr(base, name)})
