package oauth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// reply is an [oauth.Token] that can be compared and printed.
type reply struct {
	access, refresh  string
	lifetime         time.Duration
	scope, principal string
}

func reveal(token oauth.Token) reply {
	return reply{token.AccessToken.Reveal(), token.RefreshToken.Reveal(), token.Lifetime, token.Scope, token.Principal}
}

func TestDecodeToken(t *testing.T) {
	t.Parallel()

	const (
		noObject   = "the reply is not a JSON object"
		missing    = "the reply has no access_token"
		noText     = "the access_token in the reply is empty or not a string"
		noHeader   = "the access_token in the reply has characters that a header cannot contain"
		longAccess = "the access_token in the reply is longer than 64 KiB"
		noBearer   = "the token_type in the reply is not Bearer"
	)
	documented := reply{"eyJ.access.sig", "eyJ.refresh.sig", time.Hour, "identity:scim.me collab:", "jane.doe@example.com"}
	minimal := reply{access: "a", lifetime: time.Hour}
	longest := strings.Repeat("a", oauth.MaxTokenLength)
	for name, test := range map[string]struct {
		body string
		want reply
		err  string
	}{
		"documented":         {body: documentedBody, want: documented},
		"byte order mark":    {body: "\ufeff" + documentedBody, want: documented},
		"white space around": {body: "\r\n " + documentedBody + "\n", want: documented},
		"documented refresh": {
			body: `{"access_token":"eyJ.access.sig","expires_in":3600,"scope":"identity:scim.me collab:","principal":"jane.doe@example.com"}`,
			want: reply{"eyJ.access.sig", "", time.Hour, "identity:scim.me collab:", "jane.doe@example.com"},
		},
		"unknown fields":          {body: `{"access_token":"a","loa":2,"x":{"y":[1]}}`, want: minimal},
		"other fields of no type": {body: `{"access_token":"a","refresh_token":7,"scope":["a"],"principal":{}}`, want: minimal},
		"nulls":                   {body: `{"access_token":"a","token_type":null,"refresh_token":null,"expires_in":null,"scope":null,"principal":null}`, want: minimal},
		"longest access_token":    {body: `{"access_token":"` + longest + `"}`, want: reply{access: longest, lifetime: time.Hour}},
		"token_type lower-case":   {body: `{"access_token":"a","token_type":"bearer"}`, want: minimal},
		"token_type upper-case":   {body: `{"access_token":"a","token_type":"BEARER"}`, want: minimal},
		"token_type mac":          {body: `{"access_token":"a","token_type":"mac"}`, err: noBearer},
		"token_type empty":        {body: `{"access_token":"a","token_type":""}`, err: noBearer},
		"token_type number":       {body: `{"access_token":"a","token_type":1}`, err: noBearer},

		"access_token missing":    {body: `{"token_type":"Bearer"}`, err: missing},
		"access_token null":       {body: `{"access_token":null}`, err: missing},
		"null":                    {body: `null`, err: missing},
		"access_token empty":      {body: `{"access_token":""}`, err: noText},
		"access_token number":     {body: `{"access_token":123}`, err: noText},
		"access_token object":     {body: `{"access_token":{"a":"b"}}`, err: noText},
		"access_token CR":         {body: `{"access_token":"a\r\nX-Injected: 1"}`, err: noHeader},
		"access_token LF at end":  {body: `{"access_token":"a\n"}`, err: noHeader},
		"access_token space":      {body: `{"access_token":"a b"}`, err: noHeader},
		"access_token control":    {body: `{"access_token":"a\u0000b"}`, err: noHeader},
		"access_token delete":     {body: `{"access_token":"a\u007f"}`, err: noHeader},
		"access_token umlaut":     {body: `{"access_token":"aü"}`, err: noHeader},
		"access_token not UTF-8":  {body: "{\"access_token\":\"a\xff\"}", err: noHeader},
		"access_token too long":   {body: `{"access_token":"a` + longest + `"}`, err: longAccess},
		"refresh_token too long":  {body: `{"access_token":"a","refresh_token":"a` + longest + `"}`, err: "the refresh_token in the reply is longer than 64 KiB"},
		"empty":                   {body: "", err: "the reply is empty"},
		"white space":             {body: " \r\n", err: "the reply is empty"},
		"nothing but a mark":      {body: "\ufeff", err: "the reply is empty"},
		"array":                   {body: `[` + documentedBody + `]`, err: noObject},
		"string":                  {body: `"eyJ"`, err: noObject},
		"truncated":               {body: documentedBody[:len(documentedBody)-1], err: noObject},
		"two objects":             {body: documentedBody + documentedBody, err: noObject},
		"HTML":                    {body: "<!DOCTYPE html><html></html>", err: noObject},
		"form":                    {body: "access_token=a&token_type=bearer", err: noObject},
		"100000 levels of arrays": {body: `{"access_token":"a","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, err: noObject},
		"100000 levels, unclosed": {body: `{"expires_in":` + strings.Repeat(`{"a":`, 100_000), err: noObject},
	} {
		token, err := oauth.DecodeToken([]byte(test.body))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.err {
			t.Errorf("%s: got error %q, want %q", name, got, test.err)
		}
		if diff := cmp.Diff(test.want, reveal(token), cmp.AllowUnexported(reply{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLifetimeOfUnusualExpiresIn(t *testing.T) {
	t.Parallel()

	for expiresIn, want := range map[string]time.Duration{
		`3600`:    time.Hour,
		`"3600"`:  time.Hour,
		`" 60 "`:  time.Minute,
		`60.0`:    time.Minute,
		`60.9`:    time.Minute,
		`"6e1"`:   time.Minute,
		`0`:       0,
		`0.5`:     0,
		`-0`:      0,
		`-1`:      0,
		`"-3600"`: 0,
		`-1e30`:   0,
		`-1e400`:  0,
		`1e-400`:  0,
		`2591999`: oauth.MaxLifetime - time.Second,
		`2592000`: oauth.MaxLifetime,
		`2592001`: oauth.MaxLifetime,
		`1e30`:    oauth.MaxLifetime,
		`1e400`:   oauth.MaxLifetime,
		`"1e400"`: oauth.MaxLifetime,
		`null`:    oauth.DefaultLifetime,
		`""`:      oauth.DefaultLifetime,
		`"soon"`:  oauth.DefaultLifetime,
		`"NaN"`:   oauth.DefaultLifetime,
		`"1h"`:    oauth.DefaultLifetime,
		`true`:    oauth.DefaultLifetime,
		`{}`:      oauth.DefaultLifetime,
		`[60]`:    oauth.DefaultLifetime,
		`"\u0000`: -1, // not JSON
	} {
		token, err := oauth.DecodeToken([]byte(`{"access_token":"a","expires_in":` + expiresIn + `}`))
		if want < 0 {
			if err == nil {
				t.Errorf("%s was accepted", expiresIn)
			}
			continue
		}
		if err != nil || token.Lifetime != want {
			t.Errorf("expires_in %s: got %s (%v), want %s", expiresIn, token.Lifetime, err, want)
		}
	}
}

func FuzzDecodeToken(f *testing.F) {
	for _, seed := range []string{
		documentedBody, "\ufeff" + documentedBody, "null", "[]", `{"access_token":"a\u0000"}`, `{"access_token":"a","expires_in":1e30}`,
		`{"access_token":"a","expires_in":"NaN"}`, `{"access_token":"a","expires_in":"0x1p-2"}`, `{"ACCESS_TOKEN":"a","token_type":{}}`,
		"{\"access_token\":\"\xff\"}", `{"access_token":"a","access_token":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		token, err := oauth.DecodeToken(body)
		access := token.AccessToken.Reveal()
		if err != nil {
			if access != "" || !token.RefreshToken.IsEmpty() {
				t.Fatalf("both a token and the error %v", err)
			}
			return
		}
		if access == "" || len(access) > oauth.MaxTokenLength || strings.ContainsFunc(access, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
			t.Fatalf("the access token %q was accepted", access)
		}
		if token.Lifetime < 0 || token.Lifetime > oauth.MaxLifetime || token.Lifetime%time.Second != 0 {
			t.Fatalf("the lifetime is %s", token.Lifetime)
		}
	})
}
