# Menkou 门口. `make run` and `make test` work on a fresh Debian 12 with Python 3.11, git and make.
# What each target needs is set up by provisioning/setup.sh, which does nothing twice.

SHELL := /bin/sh
.DEFAULT_GOAL := help
BIN := .venv/bin
UV := .uv/bin/uv
ARGS ?=
# Tests of drivers wait for wires most of the time: three side by side keep two processors busy.
WORKERS ?= 3
LOCK = $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11 $(ARGS)
ROLES := --extra drivers --extra kiosk --extra backend --extra content --extra provisioning

.PHONY: help setup setup-dev run test test-services test-databases lint format bench bench-content bench-drivers bench-fleet soak-drivers fuzz screenshots demo demo-services faults drill-fleet drill-content drill-ha lock clean clean-room

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

setup: ## install what `make run` needs (system packages, Python environment, content)
	@provisioning/setup.sh run

setup-dev:
	@provisioning/setup.sh dev

run: setup ## start backend, virtual cabinet and kiosk; Ctrl-C stops them
	@exec $(BIN)/menkou run $(ARGS)

test: setup-dev ## every test, headless (ARGS="tests/drivers -x" for a part, WORKERS=0 for one process)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

test-databases: setup-dev ## the backend's tests, every one on SQLite and on PostgreSQL
	@MENKOU_TEST_DATABASE=both $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/backend $(ARGS)

lint: setup-dev ## style, types and the arrows between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup-dev ## let ruff tidy the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## measure what a resident waits for; figures also in build/bench/
	@$(BIN)/menkou bench $(ARGS)

demo: setup ## walk both journeys headless and check the results, into build/demo/
	@$(BIN)/menkou demo --out build/demo $(ARGS)

demo-services: setup ## walk a service of every kind by touch, into build/demo-services/ (ARGS="--walk package")
	@$(BIN)/menkou demo --services --out build/demo-services $(ARGS)

faults: setup ## walk every fault headless, one after the other (about ten minutes), into build/faults/
	@$(BIN)/menkou demo --fault all --out build/faults $(ARGS)

fuzz: setup-dev ## search every codec for inputs that break it, 20 s each (ARGS="itl_ssp --seconds 300")
	@$(BIN)/python -m tests.fuzz.run $(ARGS)

bench-drivers: setup ## measure the drivers' own time; figures also in build/bench/
	@$(BIN)/menkou bench --drivers $(ARGS)

soak-drivers: setup-dev ## 10,000 card reads and 10,000 receipts with random faults; prints what leaked
	@$(BIN)/python -m tests.soak.drivers $(ARGS)

test-services: setup-dev ## walk every service and package to its end and print the table; ARGS="water-bill …" for some
	@$(BIN)/python -m tests.services $(ARGS)

bench-content: setup ## 20,000 service items: check, build, load, search, change one (ARGS="--items 2000")
	@$(BIN)/python -m provisioning.bench.content $(ARGS)

bench-fleet: setup ## the desk under 57,705 kiosks, half an hour; ARGS="--quick": 2,000 for half a minute (needs nginx, PostgreSQL)
	@$(BIN)/python -m provisioning.bench.fleet $(ARGS)

drill-fleet: setup ## kill -9 of PostgreSQL, API processes and the worker under load; nothing acknowledged may be missing
	@$(BIN)/python -m provisioning.drills.fleet_cli $(ARGS)

drill-content: setup ## a signed release to 200 kiosks of which 3 % cannot run it: the gate must halt it (two minutes)
	@$(BIN)/python -m provisioning.drills.content_cli $(ARGS)

drill-ha: setup ## kill the primary of a PostgreSQL with a standby under load (needs Debian's patroni, etcd-server)
	@$(BIN)/python -m provisioning.drills.patroni_cli $(ARGS)

screenshots: setup ## every screen of the kiosk, into docs/screenshots/
	@$(BIN)/menkou kiosk screenshots --out docs/screenshots $(ARGS)

lock: setup ## resolve the dependencies, write requirements/*.txt (ARGS=--upgrade for newest)
	$(LOCK) requirements/uv.in -o requirements/uv.txt
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) requirements/oidc-provider.in -o requirements/oidc-provider.txt
	$(LOCK) pyproject.toml $(ROLES) -o requirements/runtime.txt
	$(LOCK) pyproject.toml $(ROLES) --extra test -c requirements/runtime.txt -o requirements/dev.txt

clean: ## remove everything that was made here (environment, build, var)
	rm -rf .venv .uv .setup build var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-room: ## as root: prove all this in a fresh Debian 12 (debootstrap)
	provisioning/clean_room.sh
