# Waxseal: `make run` sets up and serves; `make test` installs what the tests need and runs them all.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
TOOLS := target/tools
# s3s 0.17 declares Rust 1.96 and uses nothing newer than 1.95: older toolchains are told so, newer ones need no telling.
CARGO_OLDER := $(shell rustc --version 2>/dev/null | awk '{split($$2,v,"."); if (v[1]==1 && v[2]<96) print "--ignore-rust-version"}')
CARGO := cargo
LOCKED := --locked $(CARGO_OLDER)
DATA ?= data

.PHONY: help need build run test ci fmt clippy doc deny vectors unit e2e bench clean tools

help: ## What can be made
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

need:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer with  curl --proto '=https' https://sh.rustup.rs -sSf | sh"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: install one with  apt-get install build-essential"; exit 1; }
	@command -v python3 >/dev/null || { echo "python3 is missing: install it with  apt-get install python3 python3-venv"; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "python3's venv is missing: install it with  apt-get install python3-venv"; exit 1; }

build: need ## The release binary, target/release/waxseal
	$(CARGO) build --release --bin waxseal $(LOCKED)

run: build ## Set up (once) and serve on 127.0.0.1:9000, data in $(DATA)/
	@mkdir -p $(DATA)
	@exec target/release/waxseal serve --init --data $(DATA)/store --root-key $(DATA)/root.key --listen 127.0.0.1:9000 --admin-listen 127.0.0.1:9001

$(VENV)/.installed: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

tools: need $(VENV)/.installed ## Install what the tests need: Python clients into .venv, pinned

test: tools ## Every test
	$(CARGO) test $(LOCKED)

vectors: need ## The format's vectors under both cryptography providers
	$(CARGO) test $(LOCKED) --test vectors
	$(CARGO) test $(LOCKED) --test vectors --features aws-lc

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy --all-targets $(LOCKED) -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items $(LOCKED)

ci: fmt clippy doc test vectors ## What has to pass before anything lands

clean: ## Remove what was built and installed; data stays
	rm -rf target $(VENV)
