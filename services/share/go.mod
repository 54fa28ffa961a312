module github.com/relais-press/relais/services/share

go 1.26.0

require github.com/relais-press/relais/pkg v0.0.0
replace github.com/relais-press/relais/pkg => ../../pkg
