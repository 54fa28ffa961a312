// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-press/relais/services/relais/internal/client"
)

const (
	patience = 10 * time.Second
	certWarn = 21 * 24 * time.Hour
	certBad  = 3 * 24 * time.Hour
)

// Server is a relay as its API shows it.
type Server struct {
	Base, Key string
	Version   string // of this program
	Quick     bool
	Now       func() time.Time
}

// Look asks the server what it says of itself.
func (s Server) Look(ctx context.Context) []Finding {
	r, err := s.get(ctx, "/readyz")
	if err != nil {
		return []Finding{bad("server", both("%s ne répond pas", "%s does not answer", s.Base),
			both("lancez-le, ou corrigez --server", "start it, or correct --server"))}
	}
	out := []Finding{ready(s.Base, r.status, r.body)}
	if date, err := http.ParseTime(r.date); err == nil {
		// The header counts whole seconds.
		off := s.Now().Sub(date.Add(500 * time.Millisecond))
		if off.Abs() > driftBad {
			out = append(out, drifted("clock of the server", off))
		}
	}
	if r.tls != nil && len(r.tls.PeerCertificates) > 0 {
		out = append(out, certificate(r.tls, s.Now()))
	}
	if r, err = s.get(ctx, "/metrics"); err == nil {
		out = append(out, s.measured(measurements(r.body))...)
	}
	return append(out, s.inside(ctx)...)
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	date   string
	tls    *tls.ConnectionState
	body   []byte
}

func (s Server) get(ctx context.Context, path string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Base+path, nil)
	if err != nil {
		return reply{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	return reply{resp.StatusCode, resp.Header.Get("Date"), resp.TLS, body}, err
}

// ready explains the answer of /readyz.
func ready(base string, status int, body []byte) Finding {
	const name = "server"
	var state struct{ Checks map[string]string }
	if err := json.Unmarshal(body, &state); err != nil {
		return bad(name, both("%s n’est pas un relais (statut %d)", "%s is no relay (status %d)", base, status), both("corrigez --server", "correct --server"))
	}
	if status == http.StatusOK {
		return good(name, "%s est prêt (%d vérifications)", "%s is ready (%d checks)", base, len(state.Checks))
	}
	var failing []string
	for _, check := range slices.Sorted(maps.Keys(state.Checks)) {
		if what := state.Checks[check]; what != "ok" {
			failing = append(failing, check+" ("+what+")")
		}
	}
	list := strings.Join(failing, ", ")
	return bad(name, both("pas prêt : %s", "not ready: %s", list), explain(failing))
}

// explain says what to do about what /readyz complains of.
func explain(failing []string) Text {
	for _, f := range failing {
		switch {
		case strings.HasPrefix(f, "log"), strings.HasPrefix(f, "directory"):
			return both("le journal est hors d’atteinte : lancez nats-server ou regardez le réseau", "the log is out of reach: start nats-server, or look at the network")
		case strings.HasPrefix(f, "process"):
			return both("il s’arrête : attendez qu’il revienne", "it is stopping: wait until it is back")
		}
	}
	return both("attendez qu’il ait relu le journal, sinon regardez ce qu’il écrit", "wait until it has read the log, else look at what it writes")
}

func certificate(state *tls.ConnectionState, now time.Time) Finding {
	const name = "certificate"
	end := state.PeerCertificates[0].NotAfter
	found := both("valable jusqu’au %s", "valid until %s", end.Format(time.DateOnly))
	do := both("renouvelez-le", "renew it")
	switch left := end.Sub(now); {
	case left < certBad:
		return bad(name, found, do)
	case left < certWarn:
		return warn(name, found, do)
	}
	return Finding{Name: name, Level: Good, Found: found}
}

// measurements reads the Prometheus text format: the sum of each metric's
// samples, and the labels of relais_build_info.
func measurements(body []byte) (sums map[string]float64, versions []string) {
	sums = map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(string(body)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		name, value, ok := strings.Cut(line, " ")
		if i := strings.LastIndexByte(line, ' '); i > 0 {
			name, value = line[:i], line[i+1:]
		}
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		name, labels, _ := strings.Cut(name, "{")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			sums[name] += v
		}
		if _, rest, ok := strings.Cut(labels, `version="`); ok && name == "relais_build_info" {
			v, _, _ := strings.Cut(rest, `"`)
			versions = append(versions, v)
		}
	}
	return sums, versions
}

// measured looks for numbers that have to be 0, and some that may not be.
func (s Server) measured(sums map[string]float64, versions []string) (out []Finding) {
	for _, v := range versions {
		if v != s.Version {
			out = append(out, warn("versions", both("le serveur est %s, cette commande %s", "the server is %s, this command %s", v, s.Version), both("mettez les deux à la même", "bring both to the same")))
		}
	}
	if n := sums["relais_counts_difference"]; n != 0 {
		out = append(out, bad("counts", both("les comptes différaient de %.0f au dernier recomptage", "the counts differed by %.0f at the last recount", n), both("relais recount ; s’il le confirme, supprimez les comptes de share et relancez", "relais recount; if it says so again, delete the counts of share and restart")))
	}
	if n := sums["relais_clicks_dropped_total"]; n > 0 {
		out = append(out, bad("clicks", both("%.0f perdus : ni le journal ni le disque ne les prenaient", "%.0f lost: neither the log nor the disk took them", n), both("faites de la place, et relancez le journal", "make room, and start the log")))
	}
	if up, ok := sums["relais_search_embedder_up"]; ok && up == 0 {
		out = append(out, warn("embedder", both("ne répond pas ; la recherche va par les mots", "does not answer; search goes by words"), both("relancez-le, puis relais reindex", "start it, then relais reindex")))
	}
	if n, limit := sums["process_open_fds"], sums["process_max_fds"]; limit > 0 && (n > 0.8*limit || limit < enoughOpen) {
		out = append(out, warn("open files of the server", both("%.0f sur %.0f", "%.0f of %.0f", n, limit), both("LimitNOFILE=65536 pour systemd, ou ulimit -n 65536", "LimitNOFILE=65536 for systemd, or ulimit -n 65536")))
	}
	return out
}

// inside has the one binary look at the log that only it reaches.
func (s Server) inside(ctx context.Context) []Finding {
	const name = "log"
	if s.Key == "" {
		return []Finding{warn(name, both("pas regardé de l’intérieur", "not looked at from inside"), both("donnez une clé d’administrateur : --key ou RELAIS_KEY", "give an admin's key: --key or RELAIS_KEY"))}
	}
	body, err := client.Client{Base: s.Base, Key: s.Key}.Open(ctx, fmt.Sprintf("/v1/doctor?quick=%t", s.Quick))
	if err != nil {
		return []Finding{warn(name, both("pas regardé de l’intérieur (%v)", "not looked at from inside (%v)", err),
			both("services à part : donnez --nats-url ; sinon, une clé d’administrateur", "services apart: give --nats-url; else an admin's key"))}
	}
	defer body.Close()
	var answer struct{ Findings []Finding }
	if err := json.NewDecoder(body).Decode(&answer); err != nil {
		return []Finding{bad(name, both("la réponse s’est interrompue", "the answer broke off"), both("regardez ce que le serveur écrit", "look at what the server writes"))}
	}
	return answer.Findings
}

// Reaches checks that an address answers from here.
func Reaches(ctx context.Context, name, address, path string) Finding {
	s := Server{Base: strings.TrimRight(address, "/")}
	r, err := s.get(ctx, path)
	if err != nil || r.status != http.StatusOK {
		return bad(name, both("%s ne répond pas d’ici", "%s does not answer from here", address), both("corrigez l’adresse, le DNS ou le proxy", "correct the address, the DNS or the proxy"))
	}
	return good(name, "%s répond", "%s answers", address)
}
