"""Why some mutants live: what `python -m benchmarks mutation` shows beside those that no test can, or need, notice."""

from __future__ import annotations

from collections.abc import Mapping

_REASONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "index/disk.py",
        "the lock makes the folder as well, where nothing is cut short",
        ("make_folder(fs, root) → pass",),
    ),
    (
        "index/disk.py",
        "a second more until the same is said",
        ("…root / '.lock', timeout=0) → …root / '.lock', timeout=1)",),
    ),
    (
        "index/disk.py",
        "a lock is let go of with its object, at the latest",
        ("lock.release() → pass",),
    ),
    (
        "rag/evaluation/metrics.py",
        "both are made of the same scores",
        ("…lues()), scores, strict=True) → …lues()), scores, strict=False)",),
    ),
    (
        "rag/evaluation/metrics.py",
        "what is not judged counts as 0, and so does less",
        ("…le((max(qrels.get(name, 0), 0) for name in rankin… → …le((max(qrels.get(name, -1), 0) for name in rankin…",),
    ),
    (
        "rag/evaluation/metrics.py",
        "what counts every item alike is divided out",
        (
            "…abel else false)[score] += 1 → …abel else false)[score] -= 1",
            "…l else false)[score] += 1 → …l else false)[score] += 2",
        ),
    ),
    (
        "rag/evaluation/metrics.py",
        "all of a group have the same confidence",
        ("….append(RiskPoint(group[0][0], answered / (questi… → ….append(RiskPoint(group[-1][0], answered / (questi…",),
    ),
    (
        "rag/evaluation/metrics.py",
        "there are as many starts as points",
        ("…(before, points, strict=True))) → …(before, points, strict=False)))",),
    ),
    (
        "rag/evaluation/metrics.py",
        "an item of a group is always a pair",
        ("…ls = zip(*group, strict=True) → …ls = zip(*group, strict=False)",),
    ),
    (
        "index/split.py",
        "every unit says it",
        ("leads: bool = False → leads: bool = True",),
    ),
    (
        "index/split.py",
        "every unit is counted before it is packed",
        (
            "tokens: int = 0 → tokens: int = -1",
            "tokens: int = 0 → tokens: int = 1",
        ),
    ),
    (
        "index/split.py",
        "one text has one count",
        ("…lf.count_tokens([text])[0] → …lf.count_tokens([text])[-1]",),
    ),
    (
        "index/split.py",
        "what is empty at first is filled in for every passage",
        (
            "…, (), '', 0, 0, Locator(1)) → …, (), '', 0, 0, Locator(0))",
            "…, (), '', 0, 0, Locator(1)) → …, (), '', 0, 0, Locator(2))",
            "…document.title, (), '', 0, 0, Locator(1)) → …document.title, (), '', 1, 0, Locator(1))",
        ),
    ),
    (
        "index/split.py",
        "the last line, looked at first, closes nothing; it is looked at again at its place",
        ("number = 0 → number = -1",),
    ),
    (
        "index/split.py",
        "no line has a number below 0",
        ("…ber >= barren.get(sign, 0): → …ber >= barren.get(sign, -1):",),
    ),
    (
        "index/split.py",
        "empty or None: both say that nothing opens",
        ("return '' → return None",),
    ),
    (
        "index/split.py",
        "all signs of a fence are the same",
        (
            "… sign == '$$' else sign[0]) in line.text[match.en… → … sign == '$$' else sign[1]) in line.text[match.en…",
            "… sign == '$$' else sign[0]) in line.text[match.en… → … sign == '$$' else sign[-1]) in line.text[match.en…",
            "…nd (not bare.strip(sign[0])) → …nd (not bare.strip(sign[1]))",
        ),
    ),
    (
        "index/split.py",
        "any level above the numbered ones",
        ("return (0, _label(line.text)) → return (-1, _label(line.text))",),
    ),
    (
        "index/split.py",
        "there are as many counts as units",
        ("…p(units, counts, strict=True)] → …p(units, counts, strict=False)]",),
    ),
    (
        "index/split.py",
        "a line break is no token",
        ("…text[unit.start:unit.end] for unit in units]) if… → …text[unit.start:unit.end + 1] for unit in units]) if…",),
    ),
    (
        "index/split.py",
        "before the first block nothing is packed that could be ended",
        ("gap = False → gap = True",),
    ),
    (
        "index/split.py",
        "sentences end before a line break",
        ("…tart:block.lines[-1].end])] → …tart:block.lines[-1].end + 1])]",),
    ),
    (
        "index/split.py",
        "only the end of the text is looked at, and white space does not count",
        (
            "…block.children and text[block.start:block.end].rstrip().end… → …block.children and text[:block.end].rstrip().end…",
            "…ren and text[block.start:block.end].rstrip().end… → …ren and text[block.start + 1:block.end].rstrip().end…",
            "…xt[block.start:block.end].rstrip().endswith((':'… → …xt[block.start:block.end + 1].rstrip().endswith((':'…",
        ),
    ),
    (
        "index/split.py",
        "a gap that is known: only runs under different bullets, with less room than the target, would tell",
        (
            "…gs.target_tokens, units[0].room) → …gs.target_tokens, units[-1].room)",
            "…in(target * 1.25, units[0].room) → …in(target * 1.25, units[-1].room)",
            "… + unit.tokens <= runs[-1][0].room) and (runs[-1]… → … + unit.tokens <= runs[-0][0].room) and (runs[-1]…",
            "…unit.tokens <= runs[-1][0].room) and (runs[-1][-1… → …unit.tokens <= runs[-1][-1].room) and (runs[-1][-1…",
            "… _joins(runs[-2], runs[-1][0]): → … _joins(runs[-2], runs[-0][0]):",
            "…t in joined)) <= joined[0].room: → …t in joined)) <= joined[-1].room:",
        ),
    ),
    (
        "index/split.py",
        "the first run starts with the size of its first unit",
        (
            "size = 0 → size = 1",
            "size = 0 → size = -1",
        ),
    ),
    (
        "index/split.py",
        "two characters are not more than a limit that has room for a title",
        (
            "if end - start < 2 or cutter.count(passage… → if end - start < 3 or cutter.count(passage…",
            "if end - start < 2 or cutter.count(passa… → if end - start <= 2 or cutter.count(passa…",
        ),
    ),
    (
        "index/split.py",
        "a run of one unit has one first and last",
        (
            "…, end = _trim(text, run[0].start, run[0].end) → …, end = _trim(text, run[-1].start, run[0].end)",
            "…text, run[0].start, run[0].end) → …text, run[0].start, run[-1].end)",
            "return ([replace(run[0], start=start, end=cut)… → return ([replace(run[-1], start=start, end=cut)…",
            "…end=cut)], [replace(run[0], start=cut, end=end)]) → …end=cut)], [replace(run[-1], start=cut, end=end)])",
        ),
    ),
    (
        "rag/spans.py",
        "a line break behind a sentence is taken off with the blanks, and holds no word",
        ("…entence = text[start:end].lower() → …entence = text[start:end + 1].lower()",),
    ),
    (
        "rag/spans.py",
        "where a list is asked for, what hangs below is found as one, too",
        ("…en(text, start, end))) <= most: → …en(text, start, end))) < most:",),
    ),
    (
        "rag/spans.py",
        "behind the noun that is asked for stand particles and 무엇, and no line names those",
        ("return asked[1] if asked else '' → return asked[0] if asked else ''",),
    ),
    (
        "rag/spans.py",
        "a list has two items at least",
        ("…, start, end, known) if 0 < len(each) <= most), (… → …, start, end, known) if 1 < len(each) <= most), (…",),
    ),
    (
        "rag/spans.py",
        "no place is the 0th, and the last is -1",
        (
            "…(([each[place - (place > 0)]] for each in lists … → …(([each[place - (place >= 0)]] for each in lists …",
            "…([each[place - (place > 0)]] for each in lists if… → …([each[place - (place > -1)]] for each in lists if…",
        ),
    ),
    (
        "rag/spans.py",
        "every row has its set of columns",
        ("…zip(cells, said, strict=True) if columns] → …zip(cells, said, strict=False) if columns]",),
    ),
    (
        "rag/spans.py",
        "there are as many texts as spans",
        ("…ip(texts, spans, strict=True)] → …ip(texts, spans, strict=False)]",),
    ),
    (
        "rag/spans.py",
        "only a noun of as many signs as are looked at would lose one",
        ("…estion.lower()[-_LONGEST:]) → …estion.lower()[-_LONGEST + 1:])",),
    ),
    (
        "rag/spans.py",
        "words of no one cell are in no other column either way",
        ("…rt and end <= cell[1]), 0) → …rt and end <= cell[1]), -1)",),
    ),
    (
        "rag/spans.py",
        "whoever asks what hangs under a line only looks whether there is any",
        ("return [] → return None",),
    ),
    (
        "rag/spans.py",
        "the sign behind a label holds no word",
        ("… and _names(label.group(1), known) else None → … and _names(label.group(0), known) else None",),
    ),
    (
        "rag/spans.py",
        "without lines there is nothing to compare its indentation with",
        (
            "…e].indent if lines else 0 → …e].indent if lines else -1",
            "…e].indent if lines else 0 → …e].indent if lines else 1",
        ),
    ),
    (
        "rag/spans.py",
        "a line does not stand under itself: its indentation is not less than its own",
        ("… in reversed(lines[:here]): → … in reversed(lines[:here + 1]):",),
    ),
    (
        "rag/spans.py",
        "a blank line before the first item of a list parts it from no other item",
        (
            "at, gap = (0, False) → at, gap = (0, True)",
            "…ps = [at for at in tops[1:] if lines[at].gap] → …ps = [at for at in tops[:] if lines[at].gap]",
            "…ps = [at for at in tops[1:] if lines[at].gap] → …ps = [at for at in tops[0:] if lines[at].gap]",
        ),
    ),
    (
        "rag/spans.py",
        "without lines before it nothing is read at that number",
        (
            "…tart <= words), default=0)) → …tart <= words), default=-1))",
            "…tart <= words), default=0)) → …tart <= words), default=1))",
        ),
    ),
    (
        "rag/spans.py",
        "there are as many beginnings as ends",
        ("…], bounds[1::2], strict=True)) → …], bounds[1::2], strict=False))",),
    ),
    (
        "rag/spans.py",
        "a header with one cell has no other that could be named",
        (
            "…a at: fits[at], default=0) if any(fits[1:]) else … → …a at: fits[at], default=-1) if any(fits[1:]) else …",
            "…a at: fits[at], default=0) if any(fits[1:]) else … → …a at: fits[at], default=1) if any(fits[1:]) else …",
        ),
    ),
    (
        "rag/spans.py",
        "no sentence begins at the line break that ends a line, or behind all lines",
        (
            "…merate(lines) if start < line[1]), 0) → …merate(lines) if start <= line[1]), 0)",
            "…s) if start < line[1]), 0) → …s) if start < line[1]), -1)",
            "…s) if start < line[1]), 0) → …s) if start < line[1]), 1)",
            "… is not None and start < header[1] → … is not None and start <= header[1]",
        ),
    ),
    (
        "rag/spans.py",
        "a gap that is known: a word cut by its first sign, or found again behind the sentence, would have to be the nearest",
        (
            "sentence = text[start:end].lower() → sentence = text[start + 1:end].lower()",
            "sentence = text[start:end].lower() → sentence = text[start:].lower()",
        ),
    ),
    (
        "rag/spans.py",
        "without a word of the question every quantity is as near as any other",
        (
            "…word in words), default=0.0), default=None) → …word in words), default=-1.0), default=None)",
            "…word in words), default=0.0), default=None) → …word in words), default=1.0), default=None)",
        ),
    ),
    (
        "rag/spans.py",
        "directly beside the word both ways are 0; whether a word behind counts two, three or four times as far, no test pins",
        (
            "… at - word.end() if at >= word.end() else 3 * (wo… → … at - word.end() if at > word.end() else 3 * (wo…",
            "…f at >= word.end() else 3 * (word.end() - at) → …f at >= word.end() else 4 * (word.end() - at)",
            "…f at >= word.end() else 3 * (word.end() - at) → …f at >= word.end() else 2 * (word.end() - at)",
        ),
    ),
    (
        "rag/trim.py",
        "a line break at the very beginning of a text, or at its very end, has nothing before or behind it that could matter",
        (
            "… 1, len(text) if last < 0 else last) → … 1, len(text) if last < 1 else last)",
            "…+ 1, len(text) if last < 0 else last) → …+ 1, len(text) if last <= 0 else last)",
            "…eturn (text.rfind('\\n', 0, start) + 1, len(text) … → …eturn (text.rfind('\\n', 1, start) + 1, len(text) …",
        ),
    ),
    (
        "rag/trim.py",
        "a sign of code right at the beginning closes what is opened before it: nothing is left between them to end",
        ("opened = text[line:start].count('`') % 2 and tex… → opened = text[line:start + 1].count('`') % 2 and tex…",),
    ),
    (
        "rag/trim.py",
        "a part that ends where the code does ends there either way",
        ("…lose if opened and end < close and (text[end:end… → …lose if opened and end <= close and (text[end:end…",),
    ),
    (
        "rag/trim.py",
        "the pattern looks at the last signs alone; one taken off at a time leaves the same in the end",
        (
            "… = _EMPHASIS.match(text[start:end][::-1]) → … = _EMPHASIS.match(text[:end][::-1])",
            "…MPHASIS.match(text[start:end][::-1]) → …MPHASIS.match(text[start + 1:end][::-1])",
            "…atch(text[start:end][::-1]) → …atch(text[start:end][::-2])",
        ),
    ),
    (
        "rag/trim.py",
        "between two signs alone nothing is left, and what is empty is not taken",
        (
            "…d - 1) if end - start > 2 and (straight or wrappe… → …d - 1) if end - start > 1 and (straight or wrappe…",
            "…nd - 1) if end - start > 2 and (straight or wrap… → …nd - 1) if end - start >= 2 and (straight or wrap…",
            "…rt + 1, end - 1) if end - start > 2 and (straight… → …rt + 1, end - 1) if end + start > 2 and (straight…",
        ),
    ),
    (
        "rag/trim.py",
        "no case is known: what grows without gaining a partner is cut back at the bracket that is loose",
        ("…text[slice(*grown)]))) < sum(map(len, _loose(tex… → …text[slice(*grown)]))) <= sum(map(len, _loose(tex…",),
    ),
    (
        "rag/trim.py",
        "a bracket at offset 0 cannot close what begins before it",
        (
            "…er == end or (closer >= 0 and 0 < at < end - star… → …er == end or (closer >= 1 and 0 < at < end - star…",
            "…oser == end or (closer >= 0 and 0 < at < end - st… → …oser == end or (closer > 0 and 0 < at < end - st…",
        ),
    ),
    (
        "rag/trim.py",
        "the outer loop comes back until no bracket is loose",
        (
            "… (start, start + opened[0]) → … (start, start + opened[-1])",
            "… else (start + closing[-1] + 1, end) → … else (start + closing[-0] + 1, end)",
        ),
    ),
    (
        "rag/trim.py",
        "no morpheme begins before the end of a part only where the part is empty, which it is not",
        (
            "….start < end), default=-1) → ….start < end), default=-2)",
            "…n.start < end), default=-1) → …n.start < end), default=1)",
        ),
    ),
    (
        "rag/trim.py",
        "the first morpheme alone is never cut off, whatever this says",
        (
            "if at >= 0 and tokens[at].end == e… → if at >= -1 and tokens[at].end == e…",
            "if at >= 0 and tokens[at].end ==… → if at > 0 and tokens[at].end ==…",
            "if at >= 0 and tokens[at].end == e… → if at >= 1 and tokens[at].end == e…",
        ),
    ),
    (
        "rag/trim.py",
        "the first morpheme alone begins where the part does, so it is never cut off",
        (
            "while at > 0 and (begin := _ending(t… → while at > -1 and (begin := _ending(t…",
            "while at > 0 and (begin := _ending… → while at >= 0 and (begin := _ending…",
        ),
    ),
    (
        "rag/trim.py",
        "an answer neither begins with 부터 nor ends within it",
        (
            "…' and '부터' in text[start:end]: → …' and '부터' in text[start + 1:end]:",
            "…d '부터' in text[start:end]: → …d '부터' in text[start:end + 1]:",
        ),
    ),
    (
        "rag/trim.py",
        "a formula that begins or ends where the part does is where it should be",
        (
            "if found.start() < start < found.end() <= … → if found.start() <= start < found.end() <= …",
            "…<= found.start() < end < found.end() and found.e… → …<= found.start() < end <= found.end() and found.e…",
        ),
    ),
    (
        "rag/trim.py",
        "the next round finds what is left, from where this one came to",
        ("break → pass",),
    ),
    (
        "rag/trim.py",
        "a line break closes no quotation",
        ("… + at]] in text[end:stop] for at in opened)) → … + at]] in text[end:stop + 1] for at in opened))",),
    ),
    (
        "rag/trim.py",
        "two particles in one word of which the first may go, but not before that second one: MeCab's dictionary gave no example",
        (
            "…ens[at].term, tokens[at + 1].tag) → …ens[at].term, tokens[at - 1].tag)",
            "…s[at].term, tokens[at + 1].tag) → …s[at].term, tokens[at + 2].tag)",
        ),
    ),
    (
        "rag/trim.py",
        "the first of them alone is looked at",
        (
            "after = tokens[at + 1:at + 2] → after = tokens[at + 1:]",
            "…r = tokens[at + 1:at + 2] → …r = tokens[at + 1:at + 2 + 1]",
            "…er = tokens[at + 1:at + 2] → …er = tokens[at + 1:at + 3]",
        ),
    ),
    (
        "rag/trim.py",
        "there is at most one",
        (
            "…n bool(after) and after[0].start == tokens[at].en… → …n bool(after) and after[-1].start == tokens[at].en…",
            "…okens[at].end and after[0].tag.startswith(('J', '… → …okens[at].end and after[-1].tag.startswith(('J', '…",
        ),
    ),
)
"""File, reason, the mutants of which it is true as they read."""

EXPLAINED: Mapping[tuple[str, str], str] = {(file, text): reason for file, reason, texts in _REASONS for text in texts}
"""(file, mutant as it reads) → reason."""
