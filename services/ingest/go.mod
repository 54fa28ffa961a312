module github.com/relais-press/relais/services/ingest

go 1.26.0

require github.com/relais-press/relais/pkg v0.0.0

require (
	github.com/aymerick/douceur v0.2.0 // indirect
	github.com/gorilla/css v1.0.1 // indirect
	github.com/microcosm-cc/bluemonday v1.0.27 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace github.com/relais-press/relais/pkg => ../../pkg
