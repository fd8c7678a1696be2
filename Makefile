# The one entry point for people and for CI. `make` alone lists what there is.
# Nothing here does work of its own: every target calls cargo or a script, so that both can also be run by hand.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kisenon
CLUSTER_SCRIPTS := e2e/cluster
DENY := $(CACHE)/cargo/bin/cargo-deny

# One target folder for all clones, so that a fresh one builds incrementally.
export CARGO_TARGET_DIR ?= $(CACHE)/target

# From the command line only: a variable that happens to be in the environment must not choose a cluster or a host.
CLUSTER = local
HOST = client
OVERLAY =
EMAIL =
export CLUSTER HOST OVERLAY EMAIL
unexport CMD

# The integration tests start etcd and kube-apiserver from here; asking for the folder builds them when they are missing.
TOOLS_BIN = KISENON_TOOLS_BIN="$$($(CLUSTER_SCRIPTS)/tools.sh --print-bin)"

##@ Cluster
.PHONY: up down env lan token
up: ## A Kubernetes on this machine with Kisenon and a sample tenant in it (CLUSTER=current OVERLAY=folder: the current kube context)
	@$(CLUSTER_SCRIPTS)/up.sh
down: ## Remove all of it again (CLUSTER=current: only Kisenon, from the current kube context)
	@$(CLUSTER_SCRIPTS)/down.sh
env: ## Shell exports for the running cluster: eval "$$(make -s env)"
	@$(CLUSTER_SCRIPTS)/env.sh
lan: export LAN_CMD := $(value CMD)
lan: ## Run CMD='…' as another host of the cluster's LAN (HOST=other: as a second one)
	@$(CLUSTER_SCRIPTS)/lan.sh
token: ## A session token of EMAIL=…, signed in with the development identity provider (local cluster only)
	@e2e/idp/token.sh

##@ Test
.PHONY: test check unit it console e2e console-e2e bench
test: ## Set up whatever is needed, then run every test layer; what CI runs
	@$(CLUSTER_SCRIPTS)/test.sh
check: lint console unit it ## The inner loop: format, lints, unit and integration tests
unit: ## Unit and property tests
	cargo test --locked --lib --bins
it: ## Integration tests on a real etcd and kube-apiserver (built once from e2e/cluster/tools)
	$(TOOLS_BIN) cargo test --locked --test it
console: ## The web console: lints, types, unit tests, and whether its API types are those of openapi.json
	@$(CLUSTER_SCRIPTS)/console.sh check
# Stories mostly wait for the cluster, so there are more at once than there are processors.
e2e: ## Stories on the running cluster (make up)
	eval "$$($(CLUSTER_SCRIPTS)/env.sh)"; $(TOOLS_BIN) RUST_TEST_THREADS=$${RUST_TEST_THREADS:-16} cargo test --locked --features e2e --test e2e
console-e2e: ## Stories of the console in a real browser, on the running cluster (make up; UPDATE_IMAGES=1: writes docs/images anew)
	@$(CLUSTER_SCRIPTS)/console.sh stories
bench: ## The figures of docs/benchmarks.md (BENCH=create, wake, fleet, api or cli for one)
	@e2e/bench/run.sh $(BENCH)

##@ Code
.PHONY: fmt lint deny generate
fmt: ## Format the Rust sources
	cargo fmt
lint: ## Format and lints, for server and CLI apart
	cargo fmt --check
	cargo clippy --locked --all-targets --all-features -- -D warnings
	cargo clippy --locked --no-default-features --features cli --bin keon -- -D warnings
deny: $(DENY) ## Licences, sources and advisories of all dependencies (installs cargo-deny once, several minutes)
	$(DENY) check
$(DENY):
	cargo install --locked --root $(CACHE)/cargo cargo-deny
generate: ## Rewrite what is generated: crds/, openapi.json, the API types of the console
	cargo run --locked --bin kisenon -- crds --output crds
	cargo run --locked --bin kisenon -- openapi --output openapi.json
	$(CLUSTER_SCRIPTS)/console.sh generate

##@ Build
.PHONY: image keon
image: ## The OCI images of server and console, as archives in the cache
	@$(CLUSTER_SCRIPTS)/packages.sh
	@$(CLUSTER_SCRIPTS)/image-kisenon.sh
	@$(CLUSTER_SCRIPTS)/image-console.sh
	@$(CLUSTER_SCRIPTS)/image-kisenon.sh --list
	@$(CLUSTER_SCRIPTS)/image-console.sh --list
keon: ## The client, self-contained; prints its path
	@$(CLUSTER_SCRIPTS)/keon.sh

##@ Help
.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST) | sed 's/\$$\$$/$$/g'
