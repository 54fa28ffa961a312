# SPDX-License-Identifier: Apache-2.0
# The only door: make prints what there is, CI calls nothing else.

.DEFAULT_GOAL := help
SHELL := /bin/bash

GOLANGCI_VERSION    := v2.15.0
GOVULNCHECK_VERSION := v1.9.0
CYCLONEDX_VERSION   := v1.10.0
GOLANGCI    := .bin/golangci-lint-$(GOLANGCI_VERSION)
GOVULNCHECK := .bin/govulncheck-$(GOVULNCHECK_VERSION)
CYCLONEDX   := .bin/cyclonedx-gomod-$(CYCLONEDX_VERSION)

SCHEMATHESIS := .bin/schemathesis-4.32.5/bin/schemathesis

# The version is stamped by git describe, so Go need not ask git itself.
export GOFLAGS := $(filter-out -buildvcs=%,$(GOFLAGS)) -buildvcs=false

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
MODULES  := pkg services/ingest services/search services/share services/relais
COMMANDS := ./services/ingest/cmd/relais-ingest ./services/search/cmd/relais-search ./services/share/cmd/relais-share ./services/relais
BUILD     = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/
PACKAGES  = $$(go list -m -f '{{.Dir}}/...')

PKG      ?= work
T        ?=
FUZZTIME ?= 30s

.PHONY: help
help: ## Print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## Run all of Relais with the demo: http://127.0.0.1:8080, demo site on :8081, data in ./data
	$(BUILD) ./services/relais
	bin/relais serve --demo --listen 127.0.0.1:8080 --demo-listen 127.0.0.1:8081 --data ./data

.PHONY: build
build: ## Build every command into bin/
	$(BUILD) $(COMMANDS)

.PHONY: test
test: ## Run the tests with the race detector (T= for -run, PKG= for packages)
	go test -race -shuffle=on -timeout 20m $(if $(T),-run '$(T)') $(PKG)

.PHONY: test-short
test-short: ## Run the quick tests, without the race detector
	go test -short $(if $(T),-run '$(T)') $(PKG)

.PHONY: test-meili
test-meili: ## Run the engine's tests on a Meilisearch: RELAIS_TEST_MEILI_URL, RELAIS_TEST_MEILI_KEY (RECORD=1 keeps its answers)
	@[ -n "$$RELAIS_TEST_MEILI_URL" ] && [ -n "$$RELAIS_TEST_MEILI_KEY" ] || { echo 'test-meili: name a server and its master key'; exit 1; }
	RELAIS_TEST_MEILI_RECORD=$(RECORD) go test -count=1 -timeout 20m $(if $(T),-run '$(T)') ./services/search/internal/engine/meilisearch

.PHONY: bench
bench: ## Measure everything beside its raw limit into artifacts/bench.md and .json (PART=whole, growth, search, share, browser, soak: that alone)
	go run ./services/relais/bench -out artifacts $(PART)

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME each
	@set -o pipefail; grep -rHoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' pkg services | sort | \
	while IFS=: read -r file target; do \
		target=$${target#func }; echo "==> $$file $$target"; \
		go test "./$$(dirname "$$file")" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) || exit 1; \
	done

.PHONY: fuzz-api
fuzz-api: $(SCHEMATHESIS) ## Send schemathesis over every route of the OpenAPI document (EXAMPLES=40)
	$(BUILD) ./services/relais
	services/relais/e2e/testdata/fuzz-api.sh $(CURDIR)/bin/relais $(CURDIR)/$(SCHEMATHESIS) $(EXAMPLES)

.PHONY: chaos
chaos: ## Kill, fill, tear and starve a relay under load, and check what was acknowledged (ROUNDS=100 of kills, SEED=)
	RELAIS_CHAOS_ROUNDS=$(or $(ROUNDS),100) RELAIS_CHAOS_SEED=$(SEED) go test -count=1 -timeout 3h -v -run Chaos ./services/relais/e2e
	RELAIS_CHAOS_ROUNDS=3 go test -count=1 -timeout 2h -v -run 'Fault|Embargo|TwoOfEach|Cluster' ./pkg/bus ./services/relais/e2e

.PHONY: lint
lint: $(GOLANGCI) ## Check style, errors and import rules
	$(GOLANGCI) run $(PACKAGES)

.PHONY: fmt
fmt: $(GOLANGCI) ## Format the code
	@$(GOLANGCI) fmt $(MODULES)

.PHONY: fix
fix: $(GOLANGCI) fmt ## Format the code and mend what the linters can
	$(GOLANGCI) run --fix $(PACKAGES)

.PHONY: generate
generate: ## Make again what is made: the widget's bundle, the OpenAPI pages
	go generate work

.PHONY: tidy
tidy: ## Bring the modules' requirements in order
	@go work sync
	@for m in $(MODULES); do (cd $$m && go mod tidy) || exit 1; done

# The tree, by content: works in any checkout, with or without git.
SUMS = find . \( -path ./.git -o -path ./.bin -o -path ./bin -o -path ./data -o -path ./artifacts \) -prune \
	-o -type f -print0 | sort -z | xargs -0 sha256sum

.PHONY: verify
verify: $(GOLANGCI) ## Fail unless generated code, requirements, format, lint and each module alone are in order
	@$(SUMS) > .bin/before
	@$(MAKE) --no-print-directory generate tidy fmt
	@$(SUMS) | diff .bin/before - || { echo 'verify: the files above changed: run make generate tidy fmt'; exit 1; }
	@$(MAKE) --no-print-directory lint
	@for m in $(MODULES); do echo "$$m, outside the workspace"; \
		(cd $$m && GOWORK=off go build ./... && GOWORK=off go vet ./...) || exit 1; done

.PHONY: vuln
vuln: $(GOVULNCHECK) ## Look for known vulnerabilities in what is called
	@for m in $(MODULES); do (cd $$m && GOWORK=off $(CURDIR)/$(GOVULNCHECK) ./...) || exit 1; done

.PHONY: sbom
sbom: build $(CYCLONEDX) ## List what each command is made of, with licenses: bin/*.cdx.json (CycloneDX 1.6)
	@for c in $(notdir $(COMMANDS)); do \
		GOWORK=off $(CYCLONEDX) bin -json -licenses -std -output-version 1.6 -version $(VERSION) -output bin/$$c.cdx.json bin/$$c || exit 1; done

.PHONY: clean
clean: ## Remove what was built; tools and data stay
	rm -rf bin artifacts

# Tools carry their version in their name: a new version is installed by itself.
$(GOLANGCI): TOOL = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
$(GOVULNCHECK): TOOL = golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION)
$(CYCLONEDX): TOOL = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)
$(GOLANGCI) $(GOVULNCHECK) $(CYCLONEDX):
	@echo 'installing $(TOOL)'
	@GOWORK=off GOBIN=$(CURDIR)/.bin go install $(TOOL)
	@mv .bin/$(firstword $(subst @, ,$(notdir $(TOOL)))) $@

$(SCHEMATHESIS):
	python3 -m venv .bin/schemathesis-4.32.5
	.bin/schemathesis-4.32.5/bin/pip install -q -r services/relais/e2e/testdata/fuzz-api.txt
