// SPDX-License-Identifier: Apache-2.0

package article_test

import (
	"testing"
	"time"

	"github.com/relais-press/relais/pkg/article"
)

func TestStatusAt(t *testing.T) {
	now := at("2024-03-06T09:00:00Z")
	before, after := now.Add(-time.Nanosecond), now.Add(time.Nanosecond)
	for _, tc := range []struct {
		name             string
		status           article.PubStatus
		embargo, expires *time.Time
		want             article.PubStatus
	}{
		{"usable", article.Usable, nil, nil, article.Usable},
		{"embargo_to_come", article.Usable, &after, nil, article.Withheld},
		{"embargo_lifts_on_its_instant", article.Usable, &now, nil, article.Usable},
		{"embargo_past", article.Usable, &before, nil, article.Usable},
		{"expiry_to_come", article.Usable, nil, &after, article.Usable},
		{"expires_on_its_instant", article.Usable, nil, &now, article.Withheld},
		{"expiry_past", article.Usable, nil, &before, article.Withheld},
		{"within_its_window", article.Usable, &before, &after, article.Usable},
		{"withheld_stays_after_embargo", article.Withheld, &before, nil, article.Withheld},
		{"canceled_stays", article.Canceled, &after, nil, article.Canceled},
		{"unknown_is_not_public", "", nil, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := article.Edition{PubStatus: tc.status, EmbargoedUntil: tc.embargo, Expires: tc.expires}
			if got := e.StatusAt(now); got != tc.want {
				t.Errorf("StatusAt = %q, want %q", got, tc.want)
			}
			if got, want := e.PublicAt(now), tc.want == article.Usable; got != want {
				t.Errorf("PublicAt = %v, want %v", got, want)
			}
		})
	}
}

func TestFor(t *testing.T) {
	for _, tc := range []struct {
		name     string
		audience *article.Audience
		want     bool
	}{
		{"everyone", nil, true},
		{"empty_means_everyone", &article.Audience{}, true},
		{"named", &article.Audience{Partners: []string{"paris", "lyon"}}, true},
		{"not_named", &article.Audience{Partners: []string{"paris"}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := (&article.Edition{Audience: tc.audience}).For("lyon"); got != tc.want {
				t.Errorf("For = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestIsOriginal(t *testing.T) {
	if e := recap(); !e.IsOriginal() {
		t.Error("an edition in its source language is the original")
	}
	e := recap()
	e.Language = "fr-CA"
	if e.IsOriginal() {
		t.Error("a regional edition is a translation")
	}
}

func TestModified(t *testing.T) {
	made := at("2024-03-06T09:00:00Z")
	before, after := made.Add(-time.Hour), made.Add(time.Hour).In(time.FixedZone("", 3600))
	for name, tc := range map[string]struct {
		edition article.Edition
		want    time.Time
	}{
		"as it was made":                  {article.Edition{VersionCreated: made, DatePublished: before}, made},
		"an embargo that was over":        {article.Edition{VersionCreated: made, EmbargoedUntil: &before}, made},
		"an embargo that lifted later on": {article.Edition{VersionCreated: made, EmbargoedUntil: &after, DatePublished: after}, after},
		"nothing but its publication":     {article.Edition{DatePublished: before}, before},
		"nothing":                         {article.Edition{}, time.Time{}},
	} {
		if got := tc.edition.Modified(); !got.Equal(tc.want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, want %v in UTC", name, got, tc.want)
		}
	}
}

func TestHolder(t *testing.T) {
	for copyright, want := range map[string]string{
		"La Gazette": "La Gazette", "© La Gazette": "La Gazette", " ©La Gazette ": "La Gazette", "©": "", "": "", "La Gazette ©": "La Gazette ©",
	} {
		if got := (&article.Edition{Copyright: copyright}).Holder(); got != want {
			t.Errorf("Holder of %q: %q, want %q", copyright, got, want)
		}
	}
}
