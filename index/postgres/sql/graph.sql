-- The graph of the dense leg. Made once an index has outgrown exact search (10,000 passages): building it over rows that are there is several
-- times faster than growing it row by row. No migration: it can be dropped and made again at any time, and searches go on without it, slowly.

CREATE INDEX CONCURRENTLY IF NOT EXISTS vectors_graph ON vectors
    USING hnsw ((embedding::halfvec(:dim)) halfvec_ip_ops) WITH (m = 16, ef_construction = 100);
