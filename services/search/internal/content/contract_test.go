// SPDX-License-Identifier: Apache-2.0

package content_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relais-press/relais/services/search/internal/content"
)

// The published contract names every member of an edition and no other, and
// requires those that are always there.
func TestTheContractNamesWhatAnEditionHas(t *testing.T) {
	document, err := os.ReadFile("../../../relais/internal/docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]reflect.Type{"ContentEdition": reflect.TypeFor[content.Edition](), "ContentAmong": reflect.TypeFor[content.Among]()} {
		t.Run(name, func(t *testing.T) { compareWithContract(t, string(document), name, of) })
	}
}

func compareWithContract(t *testing.T, document, name string, of reflect.Type) {
	t.Helper()
	_, schema, ok := strings.Cut(document, "\n    "+name+":\n")
	if !ok {
		t.Fatalf("the contract has no %s", name)
	}
	if end := regexp.MustCompile(`(?m)^    \w+:$`).FindStringIndex(schema); end != nil {
		schema = schema[:end[0]]
	}
	var named, required, has, always []string
	for _, m := range regexp.MustCompile(`(?m)^        (\w+):`).FindAllStringSubmatch(schema, -1) {
		named = append(named, m[1])
	}
	required = strings.Split(regexp.MustCompile(`(?m)^      required: \[(.*)\]$`).FindStringSubmatch(schema)[1], ", ")
	for f := range of.Fields() {
		if f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		has = append(has, name)
		if options == "" {
			always = append(always, name)
		}
	}
	for _, list := range [][]string{named, required, has, always} {
		slices.Sort(list)
	}
	if !slices.Equal(named, has) {
		t.Errorf("the contract names %v, an edition has %v", named, has)
	}
	if !slices.Equal(required, always) {
		t.Errorf("the contract requires %v, always there are %v", required, always)
	}
}
