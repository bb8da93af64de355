-- On the coordinator, once, after coordinator_server.sql for every shard:
--
--   psql -d COORDINATOR -v schema=rag -v dim=384 -v shards=3 -f coordinator.sql
--
-- Makes an empty index whose passages, vectors and postings are partitioned by hash of the note's number, each part on a shard. A note's rows lie
-- together, so that a search orders and adds up where they are. The coordinator keeps what stands in 0001_notes.sql: the notes, the generations
-- that make a commit visible all at once, and the frequencies of terms, so that BM25 counts over all shards. Then: rag index, or rag copy.
-- A table with parts on other servers can have no unique index: the shards' primary keys hold what must be unique, since a note has one shard.

\set ON_ERROR_STOP on
\if :{?schema} \else \set schema rag \endif
BEGIN;
CREATE SCHEMA :"schema";
SELECT set_config('search_path', quote_ident(:'schema') || ', ' || quote_ident(nspname), false)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'vector' \gset
CREATE TABLE migrations (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());
\ir 0001_notes.sql
\ir 0002_passages.sql
INSERT INTO migrations (version) VALUES (1), (2);

SELECT format(statement, name) FROM
    (VALUES (1, 'passages'), (2, 'vectors'), (3, 'postings')) AS tables (place, name),
    (VALUES (1, 'ALTER TABLE %1$I RENAME TO %1$s_whole'),
            (2, 'CREATE TABLE %1$I (LIKE %1$s_whole) PARTITION BY HASH (note)'),
            (3, 'DROP TABLE %1$s_whole')) AS steps (step, statement)
    ORDER BY place, step \gexec

SELECT format('CREATE FOREIGN TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s) SERVER %I OPTIONS (schema_name %L, table_name %L)',
              name || '_' || shard, name, :shards, shard, 'shard' || shard, :'schema', name)
    FROM unnest(ARRAY['passages', 'vectors', 'postings']) AS name, generate_series(0, :shards - 1) AS shard
    ORDER BY name, shard \gexec
COMMIT;
