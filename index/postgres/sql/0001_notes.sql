-- What an index is: its generations, the folders that fill it, and its notes. These tables live on one server only (the coordinator of a cluster).
-- By hand:  psql -v dim=384 -c 'CREATE SCHEMA rag; SET search_path = rag, public' -f 0001_notes.sql -f 0002_passages.sql ...
--
-- Rows of notes, passages, vectors and postings are written once, under a new note number, and never changed; only notes.alive says in which
-- generations a note can be found. A reader that opened generation G therefore sees G, whatever is committed meanwhile and however many
-- statements it takes, until the notes that died since are removed; meta.removed tells it that.

CREATE TABLE meta (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    dim integer NOT NULL,                   -- numbers of one vector
    generation bigint NOT NULL DEFAULT 0,   -- the current one; this row is locked by whoever commits
    last_note integer NOT NULL DEFAULT 0,   -- the highest note number given out
    removed bigint NOT NULL DEFAULT 0       -- generations below this one may lack notes that were removed for good
);
INSERT INTO meta (dim) VALUES (:dim);

CREATE TABLE generations (
    number bigint PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT now(),
    summary text NOT NULL,
    partial boolean NOT NULL,               -- in the middle of a long run: not kept for roll-back
    documents integer NOT NULL,
    passages bigint NOT NULL,               -- N of BM25
    terms bigint NOT NULL,                  -- of all passages, repeats counted: terms / passages is BM25's mean length
    last_note integer NOT NULL,             -- meta.last_note of then: what is above was written later
    encoder text NOT NULL,
    fingerprint text NOT NULL,
    settings jsonb NOT NULL
);

CREATE TABLE sources (
    machine text COLLATE "C" NOT NULL,
    place integer NOT NULL,                 -- their order
    folder text NOT NULL,
    PRIMARY KEY (machine, place)
);

CREATE TABLE notes (
    note integer PRIMARY KEY,               -- one number for each version of a note
    alive int8multirange NOT NULL,          -- the generations that hold it: {[3,7)}, {[3,)}; {[3,7),[9,)} after a roll-back;
                                            -- {} while a run that embeds everything anew has not come to its end
    written timestamptz NOT NULL DEFAULT now(),
    machine text COLLATE "C" NOT NULL,      -- whose folder it comes from: only that machine's `rag index` replaces or removes it
    doc_id text COLLATE "C" NOT NULL,
    content_hash text NOT NULL,
    title text NOT NULL,
    passages integer NOT NULL,              -- its passages are numbered 0 to passages - 1
    characters integer NOT NULL,
    terms bigint NOT NULL,
    structure text NOT NULL,
    marks jsonb NOT NULL,
    warnings jsonb NOT NULL,
    text text NOT NULL
);
CREATE INDEX notes_doc_id ON notes (doc_id);

-- In how many passages of the current generation each term occurs. Every commit keeps it; a reader of an earlier generation counts postings.
CREATE TABLE terms (
    term text COLLATE "C" PRIMARY KEY,
    df bigint NOT NULL
) WITH (fillfactor = 80);
