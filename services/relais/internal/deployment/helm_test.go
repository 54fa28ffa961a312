// SPDX-License-Identifier: Apache-2.0

package deployment_test

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// helm runs Helm, which .ci/install puts there.
func helm(t *testing.T, args ...string) (string, error) {
	t.Helper()
	tools, _ := filepath.Glob(filepath.Join(root, ".bin/helm-v*"))
	if len(tools) == 0 {
		t.Fatal("no Helm in .bin: run .ci/install")
	}
	cmd := exec.Command(tools[len(tools)-1], args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(stderr.String() + string(out))
	}
	return string(out), err
}

const (
	chart      = root + "/deploy/helm/relais"
	kubernetes = "1.30.0" // the oldest that the chart is for
)

// render makes the manifests with some values and decodes each into its type,
// where a field that the type does not have is an error.
func render(t *testing.T, set ...string) []runtime.Object {
	t.Helper()
	args := []string{"template", "r", chart, "--namespace", "n", "--kube-version", kubernetes}
	for _, s := range set {
		args = append(args, "--set-json", s)
	}
	out, err := helm(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, autoscalingv2.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	var objects []runtime.Object
	documents := yaml.NewDecoder(strings.NewReader(out))
	for {
		var document any
		if err := documents.Decode(&document); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		if document == nil {
			continue
		}
		one, err := yaml.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := strict.Decode(one, nil, nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, one)
		}
		objects = append(objects, object)
	}
}

// of lists the objects of a type.
func of[T any](objects []runtime.Object) []T {
	var out []T
	for _, o := range objects {
		if v, ok := o.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

const secret = `adminKey={"existingSecret": "relais"}`

// cases are the ways the chart is set up.
func cases() map[string][]string {
	return map[string][]string{
		"one":      {`mode="one"`},
		"one, key": {`mode="one"`, secret},
		"services": {secret},
		"everything": {
			secret, `nats.seeds={"existingSecret": "seeds"}`, `nats.tls={"existingSecret": "nats-tls", "clientCertificate": true}`,
			`meilisearch={"url": "http://meilisearch:7700", "existingSecret": "meili"}`, `trustedProxies=["10.0.0.0/8"]`,
			`image={"tag": "1.2.3", "pullSecrets": [{"name": "registry"}]}`, `ingress.className="nginx"`, `ingress.tlsSecret="tls"`,
			`networkPolicy.from=[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}]`,
			`networkPolicy.more=[{"ports": [{"port": 443}]}]`, `search.env={"RELAIS_LOG_LEVEL": "debug"}`, `ingest.autoscaling.enabled=true`,
			`nodeSelector={"kubernetes.io/os": "linux"}`, `tolerations=[{"key": "news", "operator": "Exists"}]`, `search.storage.className="ssd"`,
			`ingress.annotations={"a.example/b": "c"}`, `serviceAccount.annotations={"a.example/b": "c"}`,
		},
	}
}

func TestTheChart(t *testing.T) {
	if out, err := helm(t, "lint", "--strict", chart, "--set-json", secret); err != nil {
		t.Errorf("%v%s", err, out)
	}
	for name, set := range cases() {
		t.Run(name, func(t *testing.T) {
			objects := render(t, set...)
			for _, s := range of[*appsv1.StatefulSet](objects) {
				pod(t, s.Name, s.Spec.Template.Spec)
				claims(t, objects, s)
			}
			for _, j := range of[*batchv1.Job](objects) {
				pod(t, j.Name, j.Spec.Template.Spec)
			}
			sets := len(of[*appsv1.StatefulSet](objects))
			if want := map[bool]int{true: 1, false: 3}[strings.HasPrefix(name, "one")]; sets != want || len(of[*networkingv1.NetworkPolicy](objects)) != want {
				t.Errorf("%d workloads, want %d, each with its network policy", sets, want)
			}
			if apart := !strings.HasPrefix(name, "one"); apart && (len(of[*policyv1.PodDisruptionBudget](objects)) != 3 || len(of[*batchv1.Job](objects)) != 1) {
				t.Error("a service has no disruption budget, or nobody declares the streams")
			}
		})
	}
}

// pod looks at what a pod may do and what it is told.
func pod(t *testing.T, name string, spec corev1.PodSpec) {
	t.Helper()
	if s := spec.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil {
		t.Errorf("%s may run as root, or without seccomp", name)
	}
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		t.Errorf("%s gets a token of the cluster", name)
	}
	volumes := map[string]bool{}
	for _, v := range spec.Volumes {
		volumes[v.Name] = true
	}
	for _, c := range spec.Containers {
		s := c.SecurityContext
		if s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
			t.Errorf("%s: %s has rights: %+v", name, c.Name, s)
		}
		if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: %s says not what it needs", name, c.Name)
		}
		command := c.Name
		if c.Name == "declare" {
			continue
		}
		for _, e := range c.Env {
			takes(t, command, e.Name)
			if e.Value != "" && (strings.HasSuffix(e.Name, "_ADMIN_KEY") || strings.HasSuffix(e.Name, "MEILI_KEY")) {
				t.Errorf("%s: %s stands in the manifest", name, e.Name)
			}
		}
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if probe == nil || probe.HTTPGet == nil || !slices.Contains([]string{"/livez", "/readyz"}, probe.HTTPGet.Path) {
				t.Errorf("%s: %s has a probe %+v", name, c.Name, probe)
			}
		}
		for _, m := range c.VolumeMounts {
			if m.Name != "data" && !volumes[m.Name] {
				t.Errorf("%s: nothing is mounted at %s", name, m.MountPath)
			}
		}
	}
}

// claims looks at whether what belongs to a workload finds it.
func claims(t *testing.T, objects []runtime.Object, s *appsv1.StatefulSet) {
	t.Helper()
	labels := s.Spec.Template.Labels
	selects := func(selector map[string]string) bool {
		for k, v := range selector {
			if labels[k] != v {
				return false
			}
		}
		return len(selector) > 0
	}
	found := map[string]int{}
	if !selects(s.Spec.Selector.MatchLabels) {
		t.Errorf("%s does not find its own pods", s.Name)
	}
	for _, o := range of[*corev1.Service](objects) {
		if selects(o.Spec.Selector) {
			found["service"]++
			if s.Spec.ServiceName == o.Name {
				found["governing service"]++
			}
		}
	}
	for _, o := range of[*networkingv1.NetworkPolicy](objects) {
		if selects(o.Spec.PodSelector.MatchLabels) {
			found["policy"]++
		}
	}
	for _, o := range of[*autoscalingv2.HorizontalPodAutoscaler](objects) {
		if o.Spec.ScaleTargetRef.Name == s.Name {
			found["autoscaler"]++
			if s.Spec.Replicas != nil {
				t.Errorf("%s has an autoscaler and a number of replicas that each upgrade puts back", s.Name)
			}
		}
	}
	if found["service"] != 2 || found["governing service"] != 1 || found["policy"] != 1 {
		t.Errorf("%s is found by %v", s.Name, found)
	}
	if len(s.Spec.VolumeClaimTemplates) != 1 {
		t.Errorf("%s keeps nothing", s.Name)
	}
}

// TestTheIngressSendsEachPathToItsService holds its rules against the public
// contract: of the prefixes that match, element by element, the longest wins.
func TestTheIngressSendsEachPathToItsService(t *testing.T) {
	rules := of[*networkingv1.Ingress](render(t, secret))[0].Spec.Rules[0].HTTP.Paths
	services := of[*corev1.Service](render(t, secret))
	for path, service := range routes(t) {
		var best networkingv1.HTTPIngressPath
		for _, rule := range rules {
			if (path == rule.Path || strings.HasPrefix(path, rule.Path+"/")) && len(rule.Path) > len(best.Path) {
				best = rule
			}
		}
		if best.Path == "" || best.Backend.Service.Name != "r-relais-"+service {
			t.Errorf("%s goes to %q (%s), which is %s's", path, best.Path, best.Backend.String(), service)
		}
	}
	for _, rule := range rules {
		if !slices.ContainsFunc(services, func(s *corev1.Service) bool { return s.Name == rule.Backend.Service.Name }) {
			t.Errorf("there is no service %s", rule.Backend.Service.Name)
		}
	}
}

// TestTheChartRefuses names settings that cannot work.
func TestTheChartRefuses(t *testing.T) {
	for set, reason := range map[string]string{
		`mode="both"`:                             "mode",
		`ingest.replica=3`:                        "replica",
		`search.env={"PATH": "/"}`:                "PATH",
		`publicUrl="https://relais.example/x"`:    "publicUrl",
		`adminKey.existingSecret=""`:              "adminKey.existingSecret",
		`meilisearch.url="http://meilisearch"`:    "meilisearch.existingSecret",
		`nats.replicas=2`:                         "replicas",
		`terminationGracePeriodSeconds=5`:         "terminationGracePeriodSeconds",
		`search.autoscaling={"enabled": "maybe"}`: "autoscaling",
	} {
		_, err := helm(t, "template", "r", chart, "--kube-version", kubernetes, "--set-json", secret, "--set-json", set)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s: %v", set, err)
		}
	}
}

// TestEachServiceHasItsOwnSeed: a pod gets the seed of its own user alone.
func TestEachServiceHasItsOwnSeed(t *testing.T) {
	objects := render(t, cases()["everything"]...)
	seeds := map[string][]string{}
	note := func(name string, spec corev1.PodSpec) {
		for _, v := range spec.Volumes {
			if v.Name == "nats-seed" {
				for _, item := range v.Secret.Items {
					seeds[name] = append(seeds[name], item.Key)
				}
			}
		}
	}
	for _, s := range of[*appsv1.StatefulSet](objects) {
		note(s.Name, s.Spec.Template.Spec)
	}
	for _, j := range of[*batchv1.Job](objects) {
		note(j.Name, j.Spec.Template.Spec)
	}
	want := map[string][]string{"r-relais-ingest": {"ingest"}, "r-relais-search": {"search"}, "r-relais-share": {"share"}, "r-relais-declare": {"operator"}}
	if !maps.EqualFunc(seeds, want, slices.Equal) {
		t.Errorf("seeds %v", seeds)
	}
}
