"""Gold questions, metrics, statistics and reports: how well retrieval and reading do."""
