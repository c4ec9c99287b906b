# Every target installs what it lacks, says what it does, and reads no input.
# The work is in scripts/, a subject each.

.DEFAULT_GOAL := help
.PHONY: help setup run test crash conformance fuzz mutants check bench

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install everything that the other targets need
	@scripts/setup </dev/null

run: ## Build the server and run it with demo data on 127.0.0.1:8080
	@exec scripts/run </dev/null

test: ## Run every test on SQLite and on PostgreSQL
	@scripts/test </dev/null

crash: ## Kill the server 500 times and break what it stands on, for an hour
	@scripts/crash </dev/null

conformance: ## Compare the API with its document at length
	@scripts/conformance </dev/null

fuzz: ## Fuzz all that reads a stranger's octets, ten million inputs for each target
	@scripts/fuzz </dev/null

mutants: ## Test the tests: put bugs in, expect failures
	@scripts/mutants </dev/null

check: ## Check formatting, lints, licences, dependencies and scripts
	@scripts/check </dev/null

bench: ## Run the benchmarks
	@scripts/run-bench </dev/null
