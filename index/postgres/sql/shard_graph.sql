-- On every shard, once it holds more than some 10,000 passages, or right after a large load:
--
--   psql -d SHARD -v schema=rag -v dim=384 -f shard_graph.sql
--
-- Makes the graph of the dense leg there, and marks the pages that BM25 may then read from its index alone.

\set ON_ERROR_STOP on
\if :{?schema} \else \set schema rag \endif
SELECT set_config('search_path', quote_ident(:'schema') || ', ' || quote_ident(nspname), false)
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'vector' \gset
\ir graph.sql
VACUUM (ANALYZE) passages;
VACUUM (ANALYZE) vectors;
VACUUM (ANALYZE) postings;
