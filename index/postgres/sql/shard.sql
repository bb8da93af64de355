-- On every shard, once, as a user who may create extensions:
--
--   psql -d SHARD -v schema=rag -v dim=384 -f shard.sql
--
-- Makes the three tables of 0002_passages.sql, of which this server will hold the rows of some notes. The coordinator's user mapping must name a
-- role that may read and write them: the one that runs this file, or one that is granted USAGE on the schema and ALL on its tables.

\set ON_ERROR_STOP on
\if :{?schema} \else \set schema rag \endif
BEGIN;
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA :"schema";
SELECT set_config('search_path', quote_ident(:'schema') || ', ' || quote_ident(nspname), false)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'vector' \gset
\ir 0002_passages.sql
COMMIT;
