# SPDX-License-Identifier: Apache-2.0

# TrafficTap's front door: `make help` lists what there is.
SHELL := /bin/bash
CACHE ?= $(HOME)/.cache/traffictap

# How it is built is a preset of CMakePresets.json, which an editor or an IDE takes as well: SAN=address (with undefined
# behaviour) or SAN=thread for one of the sanitizers', PRESET=debug for a debugger. Each has a folder of its own.
PRESET_address = asan
PRESET_thread = tsan
PRESET ?= $(if $(SAN),$(or $(PRESET_$(SAN)),$(error SAN=$(SAN) is unknown: address or thread)),release)
BUILD ?= build$(if $(SAN),-$(SAN),$(if $(filter-out release,$(PRESET)),-$(PRESET)))
JOBS ?= $(shell nproc)
export TRAFFICTAP_CACHE := $(CACHE)

# Builds targets, all of them without one, and shows how far it is. usage: $(call compile,TARGET...)
define compile
@[ -e $(BUILD)/build.ninja ] || echo "configuring $(BUILD): the first time this fetches protos and the page's packages"
@cmake --preset $(PRESET) -B $(BUILD) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
@NINJA_STATUS="[%f of %t, %es] " ninja -j$(JOBS) -C $(BUILD) $(1)
endef

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

.PHONY: deps
deps: ## Install what the build needs (apt; root)
	@tests/install_deps.sh

.PHONY: build
build: deps ## Build the programs and the unit tests into $(BUILD)
	$(call compile)

.PHONY: collector
collector: ## Build the collector alone into $(BUILD)
	@tests/install_deps.sh --build
	$(call compile,traffictap-collector)

.PHONY: test
test: build ## Run all tests: units, tidy, integration with real Envoys, Kafka, … (SAN=address: units and integration; SAN=thread: units)
	@tests/run.sh $(BUILD) $(SAN)

.PHONY: install
install: build ## Install programs, completion and man page (PREFIX=/usr/local, DESTDIR)
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) --prefix $(or $(PREFIX),/usr/local)

.PHONY: golden
golden: deps ## Rewrite the golden files: read the diff
	$(call compile,mesh_test cli_print_test)
	@TRAFFICTAP_GOLDEN=write $(BUILD)/tests/operator/mesh/mesh_test --run_test=golden_cases --report_level=short
	@TRAFFICTAP_GOLDEN=write $(BUILD)/tests/cli/print/cli_print_test --report_level=short

.PHONY: crds
crds: deps ## Write crds/ from the description of the fields in src/tap/schema: read the diff
	$(call compile,tap_test)
	@TRAFFICTAP_GOLDEN=write $(BUILD)/tests/tap/tap_test --run_test=crd --report_level=short

.PHONY: manifests
manifests: ## Write the chart as plain manifests: charts/kustomize/base, out/install.yaml
	@charts/manifests.sh "$$(tests/chart/helm.sh)" charts/kustomize/base
	@mkdir -p out && "$$(tests/mesh/build.sh)/kubectl" kustomize charts/kustomize/base >out/install.yaml
	@echo "written: charts/kustomize/base, out/install.yaml"

.PHONY: image
image: deps ## Make the container images and their SBOMs in out/, without a container engine
	$(call compile,traffictap-operator traffictap-collector kubectl-traffictap)
	@python3 charts/image/build_images.py $(BUILD) out

# A build for each architecture: that of this machine in $(BUILD), the others by Debian's cross compilers beside it.
MACHINE := $(shell dpkg --print-architecture)
ARCHS ?= $(MACHINE)
BUILDS = $(foreach arch,$(ARCHS),$(BUILD)$(if $(filter-out $(MACHINE),$(arch)),-$(arch)))
.PHONY: release
release: deps ## Make everything that is published in out/release (ARCHS="amd64 arm64", REGISTRY= of the images, URL= of the archives)
	$(if $(filter $(MACHINE),$(ARCHS)),$(call compile,traffictap-operator traffictap-collector kubectl-traffictap))
	@for arch in $(filter-out $(MACHINE),$(ARCHS)); do \
	  JOBS=$(JOBS) release/cross_build.sh $$arch $(BUILD)-$$arch traffictap-operator traffictap-collector kubectl-traffictap || exit 1; \
	done
	@$$(tests/python_env.sh release/requirements.txt) release/build.py $(BUILDS) out/release \
	  $(if $(REGISTRY),--registry $(REGISTRY)) $(if $(URL),--url $(URL))

.PHONY: demo
demo: deps ## Run a real Istio mesh with operator and collector, apply a TrafficTap, print its pairs (root)
	$(call compile,traffictap-operator traffictap-collector kubectl-traffictap)
	@TRAFFICTAP_BUILD=$(BUILD) python3 tests/e2e/demo.py

.PHONY: demo-scale
demo-scale: deps ## The same with Kafka, receivers, pairers and a reader: two are killed, each request is accounted for (root)
	$(call compile,traffictap-operator traffictap-collector kubectl-traffictap)
	@TRAFFICTAP_BUILD=$(BUILD) python3 tests/scale_out/demo.py

.PHONY: demo-local
demo-local: collector ## Run a sample shop of real Envoys on the loopback network and print its requests as pairs
	@python3 tests/shop/demo.py --collector $(BUILD)/src/collector/traffictap-collector

.PHONY: bench
bench: build ## Compare with other receivers, write docs/performance.md (17 minutes; PART=taps,waiting: these anew)
	@python3 tests/bench/run.py --build $(BUILD) $(if $(PART),--only $(PART))

.PHONY: bench-mesh
bench-mesh: build ## Measure what taps cost connections and sidecars on a mesh, write both into docs (root; half an hour)
	@TRAFFICTAP_BUILD=$(BUILD) python3 tests/e2e/connections_report.py
	@TRAFFICTAP_BUILD=$(BUILD) python3 tests/e2e/sidecar_cost.py

.PHONY: docs
docs: deps ## Build the documents as a site into out/docs
	@docs/build.sh out/docs
	@echo "out/docs/index.html"

.PHONY: docs-reference
docs-reference: deps ## Rewrite docs/reference from the schemas and the running programs (root: it starts a mesh)
	$(call compile,traffictap-operator traffictap-collector kubectl-traffictap)
	@TRAFFICTAP_BUILD=$(BUILD) $$(tests/python_env.sh tests/docs/requirements.txt) tests/docs/references.py --write

.PHONY: mesh-up
mesh-up: deps ## Start a real Istio mesh with a sample shop on this machine (root; MESH=name, MTLS=STRICT or DISABLE)
	@MESH=$(MESH) TRAFFICTAP_BUILD=$(BUILD) python3 tests/mesh up --mtls $(or $(MTLS),STRICT)

.PHONY: mesh-down
mesh-down: ## End that mesh and remove all of it (MESH=name)
	@MESH=$(MESH) python3 tests/mesh down

.PHONY: fuzz
fuzz: deps ## Fuzz what reads bytes from outside for a minute each (clang)
	@tests/fuzz/run.sh

.PHONY: soak
soak: collector ## Run real parts under faults drawn from SEED for MINUTES, explain every lost record (root; LIE= plants a lie)
	@tests/soak/run.sh $(BUILD) --seed $(or $(SEED),$(shell date +%s)) --minutes $(or $(MINUTES),10) $(if $(LIE),--lie $(LIE))

.PHONY: nightly
nightly: build ## Run the long forms of the tests: outages of MINUTES (10), fuzzing, a soak, sanitizers (root; six hours on 2 cores)
	@$(if $(MINUTES),MINUTES=$(MINUTES)) tests/nightly.sh $(BUILD)

.PHONY: fmt
fmt: ## Format the C++ sources
	@find src operator tests -name '*.h' -o -name '*.cc' | xargs clang-format -i

.PHONY: clean
clean: ## Remove what was built here (the cache stays)
	@rm -rf build build-* out *.log
