"""The index in PostgreSQL: passages, vectors (pgvector) and postings in one schema, searched where they lie."""
