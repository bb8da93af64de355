# Thin over make.py, which does the same on systems without make: python make.py run|test [--notes DIR]
PYTHON ?= python3
NOTES ?= data/notes
PORT ?= 7860

.PHONY: run test test-slow lock supply docs

run: ## set up once, index NOTES, open the page at 127.0.0.1:PORT
	@$(PYTHON) make.py run --notes "$(NOTES)" --port $(PORT)

test: ## set up once, then ruff, mypy and the fast tests
	@$(PYTHON) make.py test

test-slow: ## the tests that need minutes
	@$(PYTHON) make.py test --slow

lock: ## resolve the lock files anew
	@$(PYTHON) make.py lock

supply: ## licences of the locked packages, build/sbom.json, known vulnerabilities
	@$(PYTHON) make.py supply

docs: ## write docs/cli.md from the program's own help
	@.venv/bin/python -m ui.reference docs/cli.md
