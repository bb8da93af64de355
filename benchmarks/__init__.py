"""Measurements of the whole program, each beside its peers. `docs/benchmarks.md` says how to run and read them."""
