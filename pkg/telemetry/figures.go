// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"fmt"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

// Build says which program runs.
type Build struct {
	Name    string // of the command
	Version string // stamped when it was linked
}

// Register adds relais_build_info to a registry.
func (b Build) Register(r prometheus.Registerer) error {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "relais_build_info", Help: "Always 1; its labels say which program of which version runs.",
		ConstLabels: prometheus.Labels{"program": b.Name, "version": b.Version, "go": runtime.Version()},
	})
	info.Set(1)
	if err := r.Register(info); err != nil {
		return fmt.Errorf("build info: %w", err)
	}
	return nil
}

// Disk adds relais_disk_free_bytes to a registry: what a service can still write
// where it keeps its files. The folder need not exist yet.
func Disk(r prometheus.Registerer, service, dir string) error {
	free := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "relais_disk_free_bytes", Help: "Room that is left where the service keeps its files; -1 when that cannot be told.",
		ConstLabels: prometheus.Labels{"service": service},
	}, func() float64 { return room(dir) })
	if err := r.Register(free); err != nil {
		return fmt.Errorf("disk of %s: %w", service, err)
	}
	return nil
}

// otherMethod stands for every method that is none of HTTP's.
const otherMethod = "other"

// Method is a method as a label: a caller can send any word, and each would be a
// series of its own.
func Method(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
		http.MethodConnect, http.MethodTrace:
		return method
	}
	return otherMethod
}
