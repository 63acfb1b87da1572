# `make` alone prints help, made from the comments behind the targets.
# What has more than a line or two stands in a Go program below tests/cmd.

.DEFAULT_GOAL := help
.PHONY: help run demo-reset test check fmt generate bench load fault isolation pictures nightly clean

# A tool that tools/go.mod pins; the first call builds it.
tool = $$(GOWORK=off go -C tools tool -n $(1))

help: ## print this
	@echo "OpenHouse. To see it: make run. To check it: make test. More:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: build/openhouse-run ## both portals with demo data, on a Postgres of their own; LAN=1 lets phones in
	@build/openhouse-run

demo-reset: build/openhouse-run ## forget the demo data: the next run starts anew
	@build/openhouse-run reset

test: build/openhouse-test ## everything: check, and every test of every module
	@build/openhouse-test test

check: build/openhouse-test ## format, vet, lint, generated code, go.mod files, licences; a minute
	@build/openhouse-test check

fmt: ## format the code
	@$(call tool,gofumpt) -w apps migrations packages tests tools/deploycheck

generate: ## write the generated code and documents anew
	@templ=$(call tool,templ); for module in packages/ui apps/*; do $$templ generate -path $$module || exit 1; done
	@sqlc=$(call tool,sqlc); for app in apps/*; do (cd $$app && $$sqlc generate) || exit 1; done
	@go test ./apps/developer-portal ./apps/tenant-portal -run TestSettings -update
	@go test ./tests/envdoc -update
	@go test ./packages/web/auth -run TestSecurityPage -update
	@go test -count=1 ./tests/licences -run TestEverything -update

bench: ## requests through a portal against plain reads, 25 rounds; wants a quiet machine
	@go test -run '^$$' -bench . -benchtime 25x -timeout 30m ./tests/bench

load: build/loadtest ## 50 people a second claim a home, for 30 s, on portals with the limits of production; wants a quiet machine
	@mkdir -p .local/load
	@build/loadtest onboarding --rate 50 --duration 30s --json .local/load/onboarding.json --plot .local/load/onboarding.svg

fault: ## the whole catalogue of faults with its limits of time, ten minutes; wants a quiet machine; DOCS=1 renews docs
	@FAULT=full DOCS=$(DOCS) SOAK=$(SOAK) go test -count=1 -timeout 60m -v ./tests/fault
	@FAULT=full go test -count=1 -timeout 30m -v -run TestNobodySees ./packages/db
	@FAULT=full go test -count=1 -timeout 30m -v ./tests/balancer

isolation: ## everybody tries to reach what isn't theirs: attempts and crossings by class, also in build/isolation.json
	@ISOLATION_JSON=$(CURDIR)/build/isolation.json go test -count=1 -timeout 30m -v ./tests/isolation/...

pictures: ## take the README's pictures anew, in a real browser
	@PICTURES=docs/images go test -count=1 -run TestPictures ./tests/browser

nightly: build/openhouse-test ## test three times over in random order, fuzz every target, then timing, fault and bench
	@build/openhouse-test nightly
	@TIMING=full go test -count=1 -timeout 30m -v -run TestBuyerAndStranger ./apps/tenant-portal
	@ISOLATION=full go test -count=1 -timeout 90m -v ./tests/isolation/...
	@$(MAKE) --no-print-directory fault bench SOAK=10m

clean: ## remove what make built here; demo data stays
	@rm -rf build

build/loadtest: always
	@go build -o $@ ./tests/load/cmd/loadtest

# Always asked: Go knows better than make whether there is something to do.
build/%: always
	@go build -o $@ ./tests/cmd/$*
.PHONY: always
