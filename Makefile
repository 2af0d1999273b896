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
VERSION := $(shell awk -F'"' '/^version = /{print $$2; exit}' Cargo.toml)
HELM := helm.sh/helm/v3/cmd/helm@v3.22.0
MINIO := github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW := github.com/versity/versitygw/cmd/versitygw@v1.8.0
# What of the suite holds for the store on disk alone: versions, offline commands on a directory, damage to its files; and
# what MinIO cannot: uploads listed by bucket, keys below keys.
DISK_ALONE := interrupted:: encryption::salvage program::a_second_process program::salvage program::verify_reads_all \
	program::versions_are uploads_are_listed_in_pages

.PHONY: help need need-lints need-python build run test ci chart test-kubernetes fmt clippy doc deny vectors bench spike clean tools \
	need-deb need-image deb test-package sbom image test-image

help: ## What can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

need:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer with  curl --proto '=https' https://sh.rustup.rs -sSf | sh"; exit 1; }
	@rustc --version | awk '{split($$2, v, "."); if (v[1] == 1 && v[2] < 95) {print "Rust " $$2 " is too old: get 1.95 or newer with  rustup update stable"; exit 1}}'
	@command -v cc >/dev/null || { echo "a C compiler is missing: install one with  apt-get install build-essential"; exit 1; }

need-lints: need
	@cargo fmt --version >/dev/null 2>&1 || { echo "rustfmt is missing: install it with  rustup component add rustfmt"; exit 1; }
	@cargo clippy --version >/dev/null 2>&1 || { echo "clippy is missing: install it with  rustup component add clippy"; exit 1; }

need-python: need
	@command -v python3 >/dev/null || { echo "python3 is missing: install it with  apt-get install python3 python3-venv"; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "python3's venv is missing: install it with  apt-get install python3-venv"; exit 1; }

need-deb: need
	@command -v dpkg-deb >/dev/null || { echo "dpkg-deb is missing: packages are made on Debian and what descends from it, with  apt-get install dpkg"; exit 1; }
	@command -v dpkg-shlibdeps >/dev/null || { echo "dpkg-shlibdeps is missing: install it with  apt-get install dpkg-dev"; exit 1; }
	@command -v strip >/dev/null || { echo "strip is missing: install it with  apt-get install binutils"; exit 1; }

need-image: need
	@command -v buildah >/dev/null || { echo "buildah is missing: install it with  apt-get install buildah"; exit 1; }
	@command -v strip >/dev/null || { echo "strip is missing: install it with  apt-get install binutils"; exit 1; }

build: need ## The release binary, target/release/waxseal
	$(CARGO) build --release --bin waxseal $(LOCKED)

run: build ## Set up (once) and serve on 127.0.0.1:9000, data in $(DATA)/
	@mkdir -p $(DATA)
	@exec target/release/waxseal serve --init --data $(DATA)/store --root-key $(DATA)/root.key --listen 127.0.0.1:9000 --admin-listen 127.0.0.1:9001

$(VENV)/.installed: tests/requirements.txt | need-python
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

$(TOOLS)/bin/s3s-e2e: | need
	$(CARGO) install s3s-e2e --version 0.17.0 $(LOCKED) --debug --root $(TOOLS)

# A real S3 server for the tests to stand before. Without Go they say that they were skipped.
$(TOOLS)/bin/minio:
	@mkdir -p $(TOOLS)/bin
	@if command -v go >/dev/null; then GOBIN=$(CURDIR)/$(TOOLS)/bin GOFLAGS=-modcacherw go install $(MINIO); \
		else echo "Go is missing: tests before a real S3 server will be skipped; install it with  apt-get install golang"; fi

$(TOOLS)/bin/versitygw:
	@mkdir -p $(TOOLS)/bin
	@if command -v go >/dev/null; then GOBIN=$(CURDIR)/$(TOOLS)/bin GOFLAGS=-modcacherw go install $(VERSITYGW); fi

tools: $(VENV)/.installed $(TOOLS)/bin/s3s-e2e $(TOOLS)/bin/minio $(TOOLS)/bin/versitygw ## Install what the tests need, pinned: Python clients into .venv, the suite of s3s and a real S3 server into target/tools

test: tools ## Every test; ends with how many were skipped, and why
	@mkdir -p target
	@$(CARGO) test $(LOCKED) -- --show-output 2>&1 | tee target/test.log && passed=0 || passed=$$?; \
		if [ -x $(TOOLS)/bin/minio ]; then echo "Once more, before a real S3 server:" | tee -a target/test.log; \
			WAXSEAL_TEST_BACKEND=s3 $(CARGO) test $(LOCKED) --test e2e -- --show-output $(DISK_ALONE:%=--skip %) 2>&1 \
				| tee -a target/test.log || passed=$$?; \
			WAXSEAL_TEST_BACKEND=s3-own $(CARGO) test $(LOCKED) --test e2e -- --show-output boto3:: 2>&1 \
				| tee -a target/test.log || passed=$$?; fi; \
		if [ -x $(TOOLS)/bin/versitygw ]; then echo "And before another:" | tee -a target/test.log; \
			WAXSEAL_TEST_S3=versitygw WAXSEAL_TEST_BACKEND=s3-own $(CARGO) test $(LOCKED) --test e2e -- --show-output \
				boto3:: replicas:: aws_cli:: parts:: encryption::boto3 2>&1 | tee -a target/test.log || passed=$$?; fi; \
		awk -f tests/skipped.awk target/test.log; exit $$passed

# Without Go there is no helm, and what needs it says that it was skipped.
$(TOOLS)/bin/helm:
	@mkdir -p $(TOOLS)/bin
	@if command -v go >/dev/null; then GOBIN=$(CURDIR)/$(TOOLS)/bin GOFLAGS=-modcacherw go install $(HELM); fi

# The real API server of Kubernetes, in one program with its etcd.
KUBERNETES := k8s.io/component-base/version
$(TOOLS)/bin/apiserver: $(wildcard tests/helm/apiserver/*)
	@mkdir -p $(TOOLS)/bin
	@if command -v go >/dev/null; then cd tests/helm/apiserver && GOFLAGS=-modcacherw go build -o $(CURDIR)/$@ \
		-ldflags "-s -w $$(awk '$$1 == "k8s.io/kubernetes" {split($$2, v, "."); \
			print "-X $(KUBERNETES).gitVersion=" $$2 " -X $(KUBERNETES).gitMajor=1 -X $(KUBERNETES).gitMinor=" v[2]}' go.mod)" .; fi

chart: $(VENV)/.installed $(TOOLS)/bin/helm ## The Helm chart: what it renders, refuses and promises
	@mkdir -p target
	@$(VENV)/bin/python tests/helm/run.py 2>&1 | tee target/chart.log && passed=0 || passed=$$?; \
		awk -f tests/skipped.awk target/chart.log; exit $$passed

test-kubernetes: $(VENV)/.installed $(TOOLS)/bin/helm $(TOOLS)/bin/apiserver ## Install, upgrade, roll back and remove the chart on a real API server, built first
	@mkdir -p target
	@$(VENV)/bin/python tests/helm/cluster.py 2>&1 | tee target/kubernetes.log && passed=0 || passed=$$?; \
		awk -f tests/skipped.awk target/kubernetes.log; exit $$passed

deb: need-deb build ## The Debian package, target/waxseal_VERSION_ARCHITECTURE.deb
	@config/debian/build target/release/waxseal $(VERSION) target

test-package: deb $(VENV)/.installed ## Install, serve, upgrade, remove and purge the package, on a machine within this one
	@$(VENV)/bin/python tests/package/deb.py target/waxseal_$(VERSION)_$$(dpkg --print-architecture).deb target/release/waxseal \
		2>&1 | tee target/package.log && passed=0 || passed=$$?; awk -f tests/skipped.awk target/package.log; exit $$passed

$(TOOLS)/bin/cargo-cyclonedx: | need
	$(CARGO) install cargo-cyclonedx --version 0.5.9 --locked --debug --root $(TOOLS)

# It writes beside Cargo.toml and nowhere else, and names the directory, which is nobody's business.
sbom: $(TOOLS)/bin/cargo-cyclonedx ## What the program is made of, as CycloneDX: target/waxseal_VERSION.cdx.json
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(TOOLS)/bin/cargo-cyclonedx cyclonedx --quiet --format json --spec-version 1.5 \
		--target "$$(rustc -vV | sed -n 's/^host: //p')" --override-filename waxseal.cdx
	@sed 's|path+file://$(CURDIR)#||; s|?download_url=file://[^"]*||' waxseal.cdx.json >target/waxseal_$(VERSION).cdx.json && rm waxseal.cdx.json

image: need-image build sbom ## The container image, an OCI archive: target/waxseal_VERSION.oci.tar
	@config/image/build target/release/waxseal $(VERSION) target/waxseal_$(VERSION).cdx.json target/waxseal_$(VERSION).oci.tar

test-image: image $(VENV)/.installed ## Run the image with a read-only root and no capabilities, and look at what is in it
	@$(VENV)/bin/python tests/package/image.py target/waxseal_$(VERSION).oci.tar target/release/waxseal $(VERSION) \
		target/waxseal_$(VERSION).cdx.json 2>&1 | tee target/image.log && passed=0 || passed=$$?; \
		awk -f tests/skipped.awk target/image.log; exit $$passed

vectors: need ## The format's vectors under the other cryptography provider; `test` has them under the first
	$(CARGO) test $(LOCKED) --test vectors --features aws-lc

fmt: need-lints
	$(CARGO) fmt --check

# Tests may unwrap, print and read the environment; the program may not.
clippy: need-lints
	$(CARGO) clippy --lib --bins $(LOCKED) -- -D warnings
	$(CARGO) clippy --tests --benches $(LOCKED) -- -D warnings -A clippy::pedantic -A clippy::unwrap_used -A clippy::expect_used -A clippy::panic \
		-A clippy::print_stdout -A clippy::disallowed_methods -A clippy::as_conversions -A clippy::large_futures -A clippy::too_many_arguments -A unreachable_pub -A missing_docs

doc: need
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps --document-private-items $(LOCKED)

$(TOOLS)/bin/cargo-deny: | need
	$(CARGO) install cargo-deny --version 0.20.2 --locked --root $(TOOLS)

deny: $(TOOLS)/bin/cargo-deny ## Licences, sources and bans of what is depended on
	PATH="$(CURDIR)/$(TOOLS)/bin:$$PATH" $(CARGO) deny --config .config/deny.toml check --hide-inclusion-graph bans licenses sources

ci: fmt clippy doc deny test vectors chart ## What has to pass before anything lands

bench: tools ## Speed and memory, as ratios in one run: bench/report.html
	$(CARGO) bench --bench request $(LOCKED)

spike: need ## The libraries that could be the store's index, measured on the disk of target/: a table
	@mkdir -p target/spike
	$(CARGO) run --release --locked --manifest-path bench/index/Cargo.toml --target-dir target/spike/build -- target/spike

clean: ## Remove what was built and installed; data stays
	rm -rf target $(VENV)
