module github.com/relais-press/relais/services/relais

go 1.26.0

require github.com/relais-press/relais/pkg v0.0.0

replace (
	github.com/relais-press/relais/pkg => ../../pkg
	github.com/relais-press/relais/services/ingest => ../ingest
	github.com/relais-press/relais/services/search => ../search
	github.com/relais-press/relais/services/share => ../share
)
