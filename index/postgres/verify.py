"""Looks at everything an index in PostgreSQL holds; the server compares, so that no row leaves it."""

from __future__ import annotations

from index.postgres import catalogue
from index.postgres.link import link_to
from index.postgres.uri import Database
from index.recorded import has_changed

_CHECKS = {
    "{0}: {1} of its passages are there, not {2}.": """
        SELECT doc_id, count(p.note), max(n.passages) FROM notes n LEFT JOIN passages p USING (note)
        WHERE NOT isempty(alive) GROUP BY note, doc_id HAVING count(p.note) <> max(n.passages)""",
    "{0}: {1} of its vectors are there, not {2}.": """
        SELECT doc_id, count(v.note), max(n.passages) FROM notes n LEFT JOIN vectors v USING (note)
        WHERE NOT isempty(alive) GROUP BY note, doc_id HAVING count(v.note) <> max(n.passages)""",
    "{0}: {1} of its terms are there, not {2}.": """
        SELECT doc_id, coalesce(sum(tf), 0), max(n.terms) FROM notes n LEFT JOIN postings p USING (note)
        WHERE NOT isempty(alive) GROUP BY note, doc_id HAVING coalesce(sum(tf), 0) <> max(n.terms)""",
    "{0}: passage {1} is not the text that stands there in the note.": """
        SELECT doc_id, place FROM notes n JOIN passages p USING (note) WHERE p.text <> substr(n.text, start + 1, stop - start)""",
    "{0}: the vector of passage {1} is not of unit length.": """
        SELECT doc_id, place FROM notes JOIN vectors USING (note) WHERE abs(vector_norm(embedding) - 1) > 1e-3""",
    "the term {0} is said to occur in {1} passages, and does in {2}.": """
        SELECT term, coalesce(df, 0), coalesce(held, 0) FROM terms FULL JOIN (
            SELECT term, count(*) AS held FROM postings JOIN notes USING (note) JOIN meta ON alive @> generation GROUP BY term
        ) AS counted USING (term) WHERE coalesce(df, 0) <> coalesce(held, 0)""",
    "generation {0} is said to hold {1} passages, and holds {2}.": """
        SELECT number, g.passages, coalesce(sum(n.passages), 0) FROM generations g LEFT JOIN notes n ON alive @> number
        GROUP BY number HAVING g.passages <> coalesce(sum(n.passages), 0)""",
    "{0} is in generation {1} twice.": """
        SELECT doc_id, number FROM generations JOIN notes ON alive @> number GROUP BY doc_id, number HAVING count(*) > 1""",
}
MOST = 20
"""So many lines of one kind are told."""


def verify(database: Database) -> list[str]:
    """What is wrong with an index, the generations kept for roll-back included; nothing if it is whole.

    Raises IndexMissing, IndexFormat, IndexProblem.
    """
    link, problems = link_to(database), list[str]()
    _, encoder = catalogue.current(link)
    if has_changed(encoder):
        problems.append(f"{database} was built by {encoder.name} ({encoder.fingerprint}), which is another encoder by now, or gone.")
    for line, statement in _CHECKS.items():
        found = link.rows(f"{statement} ORDER BY 1, 2")
        problems += [line.format(*row) for row in found[:MOST]]
        problems += [f"… and {len(found) - MOST} more of this kind."] if len(found) > MOST else []
    return problems
