-- Instead of shard*.sql, where the cluster is Citus. Untested: no Citus was to be had where this was written. On the coordinator, while the index
-- holds no note:
--
--   psql -d COORDINATOR -c 'SET search_path = rag, public' -f citus.sql
--
-- The distribution column is the same as everywhere, the note's number; equal columns are colocated, so that one note's rows share a worker.

\set ON_ERROR_STOP on
CREATE EXTENSION IF NOT EXISTS citus;
SELECT create_distributed_table('passages', 'note');
SELECT create_distributed_table('vectors', 'note', colocate_with => 'passages');
SELECT create_distributed_table('postings', 'note', colocate_with => 'passages');
