-- What is searched. Rows are inserted and deleted, never updated, and every key holds `note`, so that the three tables can be partitioned by hash
-- of it: foreign tables of postgres_fdw, or Citus's create_distributed_table('passages', 'note') and so on.

CREATE TABLE passages (
    note integer NOT NULL,
    place integer NOT NULL,                 -- 0, 1, 2 … within the note
    start integer NOT NULL,                 -- characters (code points) of the note's text: [start, stop)
    stop integer NOT NULL,
    section jsonb NOT NULL,                 -- headings above it
    parents jsonb NOT NULL,                 -- bullets it hangs under
    locator jsonb NOT NULL,                 -- {"line": 12, "page": 3}
    text text NOT NULL,
    PRIMARY KEY (note, place)
);

-- Unit vectors in float32, which scores are computed from. The graph (graph.sql) holds them in half precision and only proposes candidates.
CREATE TABLE vectors (
    note integer NOT NULL,
    place integer NOT NULL,
    embedding vector(:dim) NOT NULL,
    PRIMARY KEY (note, place)
);
ALTER TABLE vectors ALTER COLUMN embedding SET STORAGE PLAIN;

-- BM25's inverted lists: term t occurs tf times in a passage of `length` terms.
CREATE TABLE postings (
    note integer NOT NULL,
    place integer NOT NULL,
    tf integer NOT NULL,
    length integer NOT NULL,
    term text COLLATE "C" NOT NULL,
    PRIMARY KEY (term, note, place) INCLUDE (tf, length)
);
CREATE INDEX postings_note ON postings (note);
