"""The words of the drawer that shows a whole note, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class NoteTexts:
    """The words of one language. Braces are filled by `str.format`."""

    shapes: str
    read: str
    source: str
    page: str
    text: str
    table: str
    front: str
    pages: str
    page_of: str
    page_before: str
    page_after: str
    page_picture: str
    picture: str
    pictures: str
    picture_of: str
    picture_before: str
    picture_after: str
    picture_picture: str
    picture_missing: str
    picture_changed: str
    picture_broken: str
    file_missing: str
    file_changed: str
    page_broken: str
    words_not_found: str
    cut: str


KO = NoteTexts(
    shapes="보는 방법",
    read="보기 좋게",
    source="원문",
    page="쪽 그림",
    text="글",
    table="표",
    front="노트 머리말",
    pages="쪽 넘기기",
    page_of="{value} / {total}쪽",
    page_before="이전 쪽",
    page_after="다음 쪽",
    page_picture="{value}쪽 그림",
    picture="그림",
    pictures="그림 넘기기",
    picture_of="그림 {value} / {total}",
    picture_before="이전 그림",
    picture_after="다음 그림",
    picture_picture="노트의 {value}번째 그림. 읽은 글은 ‘글’이나 ‘보기 좋게’에서 볼 수 있습니다.",
    picture_missing="원본 파일을 찾을 수 없어서 그림은 빼고 글만 보여 줍니다.",
    picture_changed="색인한 뒤에 파일이 바뀌어서 그림은 빼고 글만 보여 줍니다. 다시 색인하면 그림도 볼 수 있습니다.",
    picture_broken="이 그림은 열 수 없어서 글만 보여 줍니다.",
    file_missing="원본 PDF 파일을 찾을 수 없어서 색인에 담긴 글만 보여 줍니다.",
    file_changed="색인한 뒤에 PDF 파일이 바뀌어서 색인에 담긴 글만 보여 줍니다. 다시 색인하면 쪽 그림도 볼 수 있습니다.",
    page_broken="이 쪽은 그림으로 그릴 수 없어서 글만 보여 줍니다.",
    words_not_found="그림에서 답의 자리를 찾지 못해서 아래에 이 쪽의 글을 함께 보여 줍니다.",
    cut="노트가 길어서 찾은 곳 앞뒤만 보여 줍니다({total}행 가운데 {first}–{last}행).",
)

EN = NoteTexts(
    shapes="How to show it",
    read="Formatted",
    source="Source",
    page="Page",
    text="Text",
    table="Table",
    front="Front matter",
    pages="Turn pages",
    page_of="Page {value} of {total}",
    page_before="Previous page",
    page_after="Next page",
    page_picture="Picture of page {value}",
    picture="Picture",
    pictures="Turn pictures",
    picture_of="Picture {value} of {total}",
    picture_before="Previous picture",
    picture_after="Next picture",
    picture_picture="Picture {value} of the note. The words read in it stand under Text or Formatted.",
    picture_missing="The file is no longer there, so only its text is shown, without its pictures.",
    picture_changed="The file changed after it was indexed, so only its text is shown. Index again to see its pictures.",
    picture_broken="This picture cannot be opened, so only its text is shown.",
    file_missing="The PDF file is no longer there, so only the text kept in the index is shown.",
    file_changed="The PDF file changed after it was indexed, so only the text kept in the index is shown. Index again to see its pages.",
    page_broken="This page cannot be drawn, so only its text is shown.",
    words_not_found="The answer could not be placed on the picture, so the text of this page is shown below it.",
    cut="The note is long: only what is around the place is shown (lines {first}–{last} of {total}).",
)


def note_texts(lang: Lang) -> NoteTexts:
    """The words of one language."""
    return EN if lang == "en" else KO
