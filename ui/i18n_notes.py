"""Every word of the view of the notes, in Korean and in English, and what readers of files say, with what to do about it.

The readers speak English always; what they say is known by a word or two of it, and stands as it is where it is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ui.i18n import Lang


@dataclass(frozen=True, slots=True)
class NotesTexts:
    """The words of one language. Braces are filled by `str.format`."""

    lang: Lang
    add: str
    add_hint: str
    drop_here: str
    pick_files: str
    pick_folder: str
    formats: str
    place: str
    uploading: str
    upload_lost: str
    reindex: str
    reindex_note: str
    fixed: str
    fixed_note: str
    clash: str
    clash_note: str
    clash_replace: str
    clash_both: str
    clash_leave: str
    stage_open: str
    stage_read: str
    stage_encode: str
    stage_ends: str
    of_notes: str
    of_passages: str
    meanwhile: str
    stop: str
    stopping: str
    stopped: str
    stopped_note: str
    failed: str
    busy: str
    busy_note: str
    crashed: str
    crashed_note: str
    upload_again: str
    done: str
    done_same: str
    unchanged: str
    added: str
    changed: str
    removed: str
    unread: str
    not_taken: str
    already: str
    twin: str
    more: str
    dismiss: str
    in_index: str
    pages: str
    slides: str
    cells: str
    pictures: str
    passages: str
    characters: str
    not_kind: str
    not_hidden: str
    not_size: str
    not_empty: str
    not_unread: str
    not_name: str
    not_many: str
    not_disk: str
    list: str
    list_sum: str
    folders: str
    find: str
    find_none: str
    put_in: str
    top: str
    waiting: str
    waiting_note: str
    gone: str
    gone_note: str
    never: str
    never_note: str
    never_none: str
    never_off: str
    never_empty: str
    never_unread: str
    trouble: str
    none: str
    none_note: str
    out: str
    out_ask: str
    out_sure: str
    out_yours: str
    out_gone: str
    side: str
    side_note: str
    cut: str
    cut_note: str
    cut_from: str
    cut_back: str
    cut_on: str
    cut_gone: str
    no_passages: str
    whole: str
    close: str
    map: str
    map_draw: str
    map_note: str
    map_share: str
    map_sampled: str
    map_few: str
    map_keys: str
    map_groups: str
    map_rest: str
    map_hover: str


KO = NotesTexts(
    lang="ko",
    add="노트 넣기",
    add_hint="PDF, 워드, 파워포인트, 한글, 마크다운… 파일이든 폴더든 그대로 놓으세요.",
    drop_here="여기에 놓으면 넣습니다",
    pick_files="파일 고르기",
    pick_folder="폴더 고르기",
    formats="{kinds} · 파일 하나에 {size} MB까지",
    place="넣은 파일은 이 컴퓨터의 {folder}에 복사해 둡니다. 원본은 그대로 둡니다.",
    uploading="올리는 중",
    upload_lost="올리지 못했습니다. `rag ui`가 켜져 있는지 확인한 뒤 다시 놓아 주세요.",
    reindex="다시 색인",
    reindex_note="폴더의 노트를 고쳤다면 누르세요. 바뀐 노트만 다시 읽습니다.",
    fixed="이 페이지에서는 노트를 바꿀 수 없습니다",
    fixed_note="색인 폴더 없이 열린 페이지입니다. 노트를 넣거나 빼려면 터미널에서 `rag ui`로 여세요.",
    clash="같은 이름의 노트가 이미 있습니다",
    clash_note="내용은 서로 다릅니다. 어떻게 할까요?",
    clash_replace="새 파일로 바꾸기",
    clash_both="둘 다 두기",
    clash_leave="넣지 않기",
    stage_open="노트와 색인을 비교하는 중",
    stage_read="노트를 읽는 중",
    stage_encode="단락의 뜻을 새기는 중",
    stage_ends="색인에 적는 중",
    of_notes="노트 {done}/{total}",
    of_passages="단락 {done}/{total}",
    meanwhile="그동안에도 질문할 수 있습니다. 답은 지금까지의 색인에서 찾습니다.",
    stop="멈추기",
    stopping="멈추는 중…",
    stopped="색인을 멈췄습니다",
    stopped_note="색인은 멈추기 전까지 적힌 그대로 온전합니다. 남은 노트는 ‘다시 색인’을 누르면 이어서 넣습니다.",
    failed="색인하지 못했습니다",
    busy="다른 프로그램이 이 색인에 쓰고 있습니다",
    busy_note="터미널의 `rag index`나 다른 창의 페이지가 끝난 뒤 ‘다시 색인’을 누르세요. 넣은 파일은 그대로 있습니다.",
    crashed="색인하다가 프로그램 오류가 났습니다",
    crashed_note="이전 색인은 온전합니다. 자세한 기록은 터미널에 있습니다.",
    upload_again="지금은 색인하는 중이라 넣지 않았습니다. 끝난 뒤 다시 놓아 주세요.",
    done="색인을 마쳤습니다",
    done_same="바뀐 노트가 없습니다",
    unchanged="그대로인 노트 {count}개는 다시 읽지 않았습니다.",
    added="넣음",
    changed="바꿈",
    removed="뺌",
    unread="읽지 못함",
    not_taken="넣지 않음",
    already="그대로",
    twin="내용이 같은 노트 ‘{note}’가 이미 있습니다.",
    more="이 밖에 {count}개",
    dismiss="닫기",
    in_index="색인에 노트 {notes}개, 단락 {passages}개가 있습니다.",
    pages="{count}쪽",
    slides="슬라이드 {count}장",
    cells="셀 {count}개",
    pictures="글이 있는 그림 {count}장",
    passages="단락 {count}개",
    characters="{count}자",
    not_kind="읽을 수 없는 형식입니다. PDF나 워드, 텍스트로 저장해 넣어 주세요.",
    not_hidden="숨은 파일이라 건너뛰었습니다.",
    not_size="너무 큽니다({detail}). {limit} MB 아래로 나누어 넣어 주세요.",
    not_empty="빈 파일입니다. 다 내려받은 파일인지 확인해 주세요.",
    not_unread="열 수 없습니다. 다른 프로그램이 쓰고 있거나 읽을 권한이 없습니다.",
    not_name="쓸 수 없는 이름입니다. 이름을 바꾸어 넣어 주세요.",
    not_many="한 번에 {limit}개까지 넣을 수 있습니다. 나누어 넣어 주세요.",
    not_disk="디스크에 쓰지 못했습니다({detail}). 남은 공간을 확인해 주세요.",
    list="노트 목록",
    list_sum="노트 {notes}개 · 단락 {passages}개 · {characters}자",
    folders="내 폴더",
    find="노트 이름 찾기",
    find_none="그런 이름의 노트가 없습니다.",
    put_in="여기서 넣은 노트",
    top="폴더 없음",
    waiting="색인 전",
    waiting_note="아직 색인에 없습니다. ‘다시 색인’을 누르면 넣거나, 왜 못 읽는지 알려 줍니다.",
    gone="파일 없음",
    gone_note="파일이 폴더에서 없어졌습니다. ‘다시 색인’을 누르면 색인에서도 빠집니다.",
    never="찾은 적 없음",
    never_note="지금까지 물은 {questions}개 질문에서 한 번도 나오지 않은 노트가 {notes}개 있습니다.",
    never_none="지금까지 물은 {questions}개 질문에서 모든 노트가 한 번은 나왔습니다.",
    never_off="질문 기록이 꺼져 있어, 한 번도 찾지 않은 노트는 표시하지 않습니다.",
    never_empty="아직 기록된 질문이 없습니다. 질문이 쌓이면 한 번도 나오지 않은 노트를 표시합니다.",
    never_unread="질문 기록을 읽을 수 없어, 한 번도 찾지 않은 노트는 표시하지 않습니다.",
    trouble="폴더와 색인을 비교하지 못했습니다",
    none="아직 노트가 없습니다",
    none_note="위에 강의 노트를 놓으면 바로 색인하고, 다 되면 ‘질문’에서 물어볼 수 있습니다.",
    out="빼기",
    out_ask="{file} 파일을 지울까요? 여기서 넣은 복사본만 지워집니다.",
    out_sure="지우기",
    out_yours="내 폴더에 있는 노트는 여기서 지우지 않습니다. {folder}에서 {file} 파일을 옮기거나 지운 다음 ‘다시 색인’을 누르세요.",
    out_gone="파일은 이미 없습니다. ‘다시 색인’을 누르면 색인에서도 빠집니다.",
    side="노트 들여다보기",
    side_note="목록에서 노트를 고르면, 검색할 때 나뉘는 단락을 그대로 봅니다.",
    cut="이렇게 나누어 검색합니다",
    cut_note="찾을 때는 제목 경로와 단락의 글을 함께 봅니다. 단락을 누르면 노트의 그 자리가 열립니다.",
    cut_from="단락 {total}개 가운데 {first}–{last}",
    cut_back="앞 단락",
    cut_on="다음 단락",
    cut_gone="이 노트는 지금 색인에 없습니다. ‘다시 색인’을 누르면 넣거나, 왜 못 읽는지 알려 줍니다.",
    no_passages="검색할 글이 없습니다. 스캔한 그림이라면 글자를 인식(OCR)한 파일로 바꾸어 넣어 주세요.",
    whole="노트 전체",
    close="닫기",
    map="노트 지도",
    map_draw="지도 그리기",
    map_note="점 하나가 단락 하나입니다. 뜻이 비슷한 단락은 가까이 모입니다.",
    map_share="{dim}차원을 둘로 눌러 그려서, 단락 사이 차이의 {share} %만 담습니다. 대강의 모양으로 보세요.",
    map_sampled="단락 {total}개 가운데 고르게 뽑은 {shown}개입니다.",
    map_few="지도를 그리려면 단락이 셋은 있어야 합니다.",
    map_keys="단락 지도. 화살표 키로 옮기고, Enter로 노트를 엽니다.",
    map_groups="묶음을 누르면 그 단락만 도드라집니다.",
    map_rest="나머지",
    map_hover="점에 손가락이나 마우스를 올려 보세요.",
)

EN = NotesTexts(
    lang="en",
    add="Add notes",
    add_hint="PDF, Word, PowerPoint, Hangul, Markdown… drop files or a folder as they are.",
    drop_here="Drop them here to add them",
    pick_files="Choose files",
    pick_folder="Choose a folder",
    formats="{kinds} · up to {size} MB a file",
    place="What you add is copied to {folder} on this machine. Your originals stay as they are.",
    uploading="Uploading",
    upload_lost="The upload failed. See whether `rag ui` is running, then drop the files again.",
    reindex="Re-index",
    reindex_note="Press it after you edit notes in your folders. Only what changed is read again.",
    fixed="Notes cannot be changed on this page",
    fixed_note="The page was opened without a folder for its index. To add or remove notes, open it with `rag ui` in a terminal.",
    clash="A note of that name is there already",
    clash_note="Its content is different. What should happen?",
    clash_replace="Replace it",
    clash_both="Keep both",
    clash_leave="Leave it out",
    stage_open="Comparing the notes with the index",
    stage_read="Reading the notes",
    stage_encode="Learning what the passages mean",
    stage_ends="Writing the index",
    of_notes="note {done} of {total}",
    of_passages="passage {done} of {total}",
    meanwhile="You can go on asking. Answers come from the index as it was.",
    stop="Stop",
    stopping="Stopping…",
    stopped="Indexing was stopped",
    stopped_note="The index is whole, with what was written before you stopped. Press Re-index to go on with the rest.",
    failed="The notes could not be indexed",
    busy="Another program is writing to this index",
    busy_note="Wait until `rag index` in a terminal, or the page in another window, has finished, then press Re-index. "
    "The files you added are kept.",
    crashed="The program failed while indexing",
    crashed_note="The earlier index is whole. The terminal shows the details.",
    upload_again="Nothing was added, because indexing is going on. Drop the files again when it has finished.",
    done="Indexing is done",
    done_same="No note has changed",
    unchanged="{count:unchanged note was|unchanged notes were} not read again.",
    added="Added",
    changed="Updated",
    removed="Removed",
    unread="Not readable",
    not_taken="Left out",
    already="Unchanged",
    twin="“{note}” has the same content already.",
    more="and {count} more",
    dismiss="Dismiss",
    in_index="The index holds {notes:note|notes} and {passages:passage|passages}.",
    pages="{count:page|pages}",
    slides="{count:slide|slides}",
    cells="{count:cell|cells}",
    pictures="{count:picture|pictures} with words",
    passages="{count:passage|passages}",
    characters="{count:character|characters}",
    not_kind="This format cannot be read. Save it as PDF, Word or text, and add that.",
    not_hidden="A hidden file, passed over.",
    not_size="Too large ({detail}). Split it into parts below {limit} MB.",
    not_empty="The file is empty. See whether it was downloaded completely.",
    not_unread="It cannot be opened: another program has it, or you may not read it.",
    not_name="The name cannot be used. Rename the file, then add it.",
    not_many="At most {limit} files can be added at a time. Add the rest afterwards.",
    not_disk="It could not be written ({detail}). See whether the disk has room.",
    list="Your notes",
    list_sum="{notes:note|notes} · {passages:passage|passages} · {characters:character|characters}",
    folders="Your folders",
    find="Find a note by name",
    find_none="No note has such a name.",
    put_in="Added here",
    top="No folder",
    waiting="Not indexed",
    waiting_note="Not in the index yet. Re-index takes it in, or says why it cannot be read.",
    gone="File gone",
    gone_note="The file is no longer in its folder. Re-index takes it out of the index too.",
    never="Never found",
    never_note="{notes:note has|notes have} not come up in the {questions:question|questions} asked so far.",
    never_none="Every note has come up in the {questions:question|questions} asked so far.",
    never_off="The log of questions is off, so notes that never come up are not marked.",
    never_empty="No question is kept yet. Once there are some, notes that never come up are marked.",
    never_unread="The log of questions cannot be read, so notes that never come up are not marked.",
    trouble="The folders cannot be compared with the index",
    none="There are no notes yet",
    none_note="Drop your lecture notes above: they are indexed at once, and you can ask about them right after.",
    out="Remove",
    out_ask="Delete {file}? Only the copy that was added here is deleted.",
    out_sure="Delete",
    out_yours="Notes in your own folders are not deleted here. Take {file} out of {folder}, then press Re-index.",
    out_gone="The file is gone already. Re-index takes the note out of the index too.",
    side="Look inside",
    side_note="Choose a note in the list to see the passages that it is searched in.",
    cut="Searched in these passages",
    cut_note="A search looks at the headings and the text of a passage together. Click one to open the note there.",
    cut_from="passages {first}–{last} of {total}",
    cut_back="Earlier passages",
    cut_on="Further passages",
    cut_gone="This note is not in the index now. Re-index takes it in, or says why it cannot be read.",
    no_passages="There is no text to search. If these are scanned pages, add a copy with recognised text (OCR).",
    whole="The whole note",
    close="Close",
    map="Map of the notes",
    map_draw="Draw the map",
    map_note="Each point is a passage. Passages that mean similar things lie close together.",
    map_share="{dim} dimensions are pressed into two, which hold {share} % of the differences between passages: take it as a sketch.",
    map_sampled="{shown} of {total} passages, picked at even distances.",
    map_few="A map needs three passages at least.",
    map_keys="Map of the passages. Arrow keys move, Enter opens the note.",
    map_groups="Press a group to make its passages stand out.",
    map_rest="The rest",
    map_hover="Point at a passage, or touch it.",
)

_TEXTS: dict[Lang, NotesTexts] = {"ko": KO, "en": EN}


def notes_texts(lang: Lang) -> NotesTexts:
    """The words of one language."""
    return _TEXTS[lang]


SAID: tuple[tuple[str, str, str], ...] = (
    (
        r"^(?:a picture is left out: )?more pixels than",
        "너무 큰 그림이어서 뺐습니다. 줄여서 다시 넣어 주세요.",
        "A picture is too large, and was left out. Make it smaller, and add it again.",
    ),
    (
        r"^(?:picture \d+: )?broken picture",
        "깨진 그림이어서 뺐습니다. 다시 저장해 보세요.",
        "A picture is broken, and was left out. Save it anew.",
    ),
    (
        r"^(?:picture|page) \d+ takes too long",
        "너무 복잡해서 읽지 못한 그림이 있습니다. 나누거나 줄여서 다시 넣어 주세요.",
        "A picture took too long to read, and was left out. Split it or make it smaller.",
    ),
    (
        r"^holds (\d+) pages, of which the first",
        "{0}쪽 가운데 첫 쪽만 읽었습니다. PDF로 저장하면 모두 읽습니다.",
        "Of {0} pages the first was read. Save it as PDF to have them all.",
    ),
    (
        r"^no words are found in the picture",
        "그림에서 글자를 찾지 못했습니다. 글이 있다면 더 크고 또렷한 그림을 넣어 주세요.",
        "No words were found in the picture. If it holds any, add a larger or clearer one.",
    ),
    (
        r"^not a picture file",
        "열 수 있는 그림이 아닙니다. PNG나 JPG로 다시 저장해 주세요.",
        "It cannot be opened as a picture. Save it as PNG or JPG.",
    ),
    (
        r"^encrypted (\w+)",
        "암호가 걸린 {0} 파일입니다. 암호를 풀어 다시 저장한 뒤 넣어 주세요.",
        "This {0} file has a password. Save a copy without it, and add that.",
    ),
    (
        r"^HWP made for distribution",
        "배포용 한글 문서라 글이 잠겨 있습니다. 원본이나 PDF를 구해 넣어 주세요.",
        "This Hangul file is locked for distribution. Add the original, or a PDF.",
    ),
    (
        r"^HWP 3\.0",
        "너무 오래된 한글 파일입니다. 한글에서 열어 HWPX로 저장한 뒤 넣어 주세요.",
        "This Hangul file is too old. Open it in Hangul, save it as HWPX, and add that.",
    ),
    (
        r"^broken (\w+)",
        "깨진 {0} 파일입니다. 원래 프로그램에서 열어 다시 저장하거나, 새로 내려받아 넣어 주세요.",
        "This {0} file is broken. Open it in its own program and save it again, or download it anew.",
    ),
    (
        r"^not an? (\w+) file",
        "이름은 {0}인데 속은 다른 형식입니다. 원래 프로그램에서 다시 저장해 넣어 주세요.",
        "The name says {0}, the content is something else. Save it again from its own program.",
    ),
    (
        r"^not a text file",
        "글로 읽을 수 없는 파일입니다. UTF-8 텍스트로 저장한 뒤 넣어 주세요.",
        "This is no text that can be read. Save it as UTF-8 text, and add that.",
    ),
    (
        r"than the limit of .*seconds",
        "읽는 데 너무 오래 걸려 그만두었습니다. 파일을 나누어 넣어 주세요.",
        "Reading it took too long. Split the file, and add its parts.",
    ),
    (
        r"than the limit of|unpacks to",
        "너무 커서 읽지 못했습니다. 파일을 나누어 넣어 주세요.",
        "It is too large to be read. Split the file, and add its parts.",
    ),
    (
        r"^the reader crashed",
        "읽다가 멈추었습니다. PDF로 저장한 뒤 넣어 주세요.",
        "Reading it failed. Save it as PDF, and add that.",
    ),
    (
        r"^cannot be read",
        "파일을 열 수 없습니다. 다른 프로그램이 쓰고 있거나 읽을 권한이 없습니다.",
        "The file cannot be opened: another program has it, or you may not read it.",
    ),
    (
        r"^no kind of note that is read \(and (\d+) more (\.\w+)\)",
        "읽을 수 있는 형식이 아닙니다. 다른 {1} 파일 {0}개도 그렇습니다. PDF나 .docx, .html, 마크다운으로 저장해 주세요.",
        "Of no kind that can be read, as are {0} more {1} files. Save them as PDF, .docx, .html or Markdown.",
    ),
    (
        r"^no kind of note that is read",
        "읽을 수 있는 형식이 아닙니다. PDF나 .docx, .html, 마크다운으로 저장해 주세요.",
        "Of no kind that can be read. Save it as PDF, .docx, .html or Markdown.",
    ),
    (
        r"^its earlier version stays",
        "이전에 읽은 내용이 색인에 남아 있습니다.",
        "What was read earlier stays in the index.",
    ),
    (
        r"^(pages? [\d, -]+): no text: scanned\? not read",
        "{0}에 글자가 없습니다. 스캔한 그림이라면 tesseract로 읽을 수 있습니다. "
        "apt install tesseract-ocr tesseract-ocr-kor를 실행한 뒤 다시 색인해 주세요.",
        "{0}: no text. If it is scanned, tesseract reads it: apt install tesseract-ocr tesseract-ocr-kor, then index again.",
    ),
    (
        r"^(\d+) pictures? not read for want",
        "그림 {0}장의 글을 읽지 않았습니다. tesseract로 읽을 수 있습니다. "
        "apt install tesseract-ocr tesseract-ocr-kor를 실행한 뒤 다시 색인해 주세요.",
        "The words in pictures ({0}) were not read. Tesseract reads them: apt install tesseract-ocr tesseract-ocr-kor, then index again.",
    ),
    (
        r"^(\d+) pictures? not read yet",
        "그림 {0}장은 아직 읽지 못했습니다. 다시 색인하면 이어서 읽습니다.",
        "Pictures that wait to be read: {0}. Index again to go on.",
    ),
    (
        r"^(pages? [\d, -]+): no text",
        "{0}에 글자가 없습니다. 스캔한 그림이라면 글자를 인식(OCR)한 파일로 바꾸어 주세요.",
        "{0}: no text. If it is scanned, use a copy with recognised text (OCR).",
    ),
    (
        r"^(pages? [\d, -]+): garbled",
        "{0}의 글꼴이 글자를 알려 주지 않아 뺐습니다. 원본에서 PDF를 다시 만들어 보세요.",
        "{0}: left out, since the fonts do not say which characters they draw. Try a PDF made anew.",
    ),
    (r"^(pages? [\d, -]+): broken", "{0}: 깨져서 뺐습니다.", "{0}: broken, left out."),
    (
        r"^(\d+) unreadable character",
        "읽을 수 없는 글자 {0}개가 있습니다. UTF-8로 다시 저장하면 나아집니다.",
        "{0} characters cannot be read. Save the file as UTF-8.",
    ),
    (
        r"^holds no text",
        "글자가 없는 파일입니다. 스캔한 그림이라면 글자를 인식(OCR)한 파일로 바꾸어 주세요.",
        "There is no text in it. If it is scanned, use a copy with recognised text (OCR).",
    ),
)
"""What readers say of a file, and how it is put to a student, in Korean and in English."""


def said(reason: str, lang: Lang) -> str:
    """A reader's reason or warning in the words of one language."""
    for pattern, korean, english in SAID:
        if found := re.search(pattern, reason):
            words = [_pages(group) if lang == "ko" else group[:1].upper() + group[1:] for group in found.groups()]
            return (korean if lang == "ko" else english).format(*words)
    return reason


def _pages(word: str) -> str:
    """`pages 2, 4-6` in Korean: `2, 4-6쪽`."""
    found = re.fullmatch(r"pages? ([\d, -]+)", word)
    return f"{found[1].strip()}쪽" if found else word
