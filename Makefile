# Everything runs in an environment that the project makes for itself; PYTHON=/path picks the interpreter.
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: help environment peers demo serve test check bench fuzz interop lock clean

help:            ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

environment:     ## the Python environment in .venv
	@tools/environment.sh $(VENV)

peers:           ## other implementations, each in an environment of its own: .venv-interop, .venv-interop-cose, .venv-interop-js
	@tools/environment.sh .venv-interop interop
	@tools/environment.sh .venv-interop-cose interop-cose
	@tools/javascript.sh .venv-interop-js

demo: environment    ## the whole story, from application to revocation, into demo/out/
	@$(BIN)/xinzheng demo --out demo/out

serve: environment   ## a running issuer on loopback, its data in var/
	@test -e var/court.toml || $(BIN)/xinzheng init --data var --config examples/zaoyang/court.toml
	@$(BIN)/xinzheng serve --data var

check: environment   ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check      ## the gates, then every test with branch coverage
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered
	$(BIN)/python tools/coverage_gate.py

bench: environment peers  ## speed as ratios to the bare signature check, into docs/benchmarks.md
	PYTHONPATH=tests $(BIN)/python -m bench.verify --write
	PYTHONPATH=tests $(BIN)/python -m bench.rdf
	PYTHONPATH=tests $(BIN)/python -m bench.bulk
	PYTHONPATH=tests $(BIN)/python -m bench.country --write
	PYTHONPATH=tests $(BIN)/python -m bench.store --write
	PYTHONPATH=tests $(BIN)/python -m bench.signing
	PYTHONPATH=tests $(BIN)/python -m bench.reissue

fuzz: environment    ## coverage-guided fuzzing of every parser, TIME=seconds (an hour unless told), in var/fuzz/
	PYTHONPATH=tests $(BIN)/python -m fuzz.run --seconds $(or $(TIME),3600)

interop: environment peers  ## both ways against other implementations, into docs/how-to/interop.md
	PYTHONPATH=tests $(BIN)/python -m interop.run --write

lock: environment    ## pin the dependencies anew (needs uv)
	$(BIN)/python -m pip install --quiet uv
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/lock.py

clean:           ## remove what the other targets made
	rm -rf .venv .venv-interop .venv-interop-cose .venv-interop-js demo dist var
