"""Training of the retriever and the reader, and the examples they learn from."""
