package standin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// authorizeURL returns a valid authorize URL with changes. An empty value removes the parameter.
func authorizeURL(server *standin.Server, changes ...string) string {
	query := url.Values{
		"response_type": {"code"}, "client_id": {standin.ClientID}, "redirect_uri": {standin.RedirectURI},
	}
	for i := 0; i < len(changes); i += 2 {
		if query.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			query.Del(changes[i])
		}
	}
	return server.URL + "/oauth/authorize?" + query.Encode()
}

func decide(t *testing.T, address, decision string) reply {
	t.Helper()
	return do(t, newRequest(t, http.MethodPost, address, url.Values{"decision": {decision}}))
}

func TestAllowReturnsAnExchangeableCode(t *testing.T) {
	t.Parallel()
	server := start(t)

	back := decide(t, authorizeURL(server, "state", "a b&c", "scope", "collab: x"), "allow")
	if back.status != http.StatusFound || back.location.Query().Get("state") != "a b&c" {
		t.Fatalf("got status %d, %v: %s", back.status, back.location, back.text)
	}
	got := exchange(t, server, back.location.Query().Get("code"))
	if wantGranted(t, got); got.str("scope") != "collab: x" {
		t.Errorf("got scope %q", got.str("scope"))
	}
}

func TestUntrustedAuthorizeCallNeverRedirects(t *testing.T) {
	t.Parallel()
	server := start(t)

	for name, address := range map[string]string{
		"unknown client":   authorizeURL(server, "client_id", "nobody"),
		"unregistered":     authorizeURL(server, "redirect_uri", "https://example.org/oauth-landing"),
		"slash added":      authorizeURL(server, "redirect_uri", standin.RedirectURI+"/"),
		"redirect_uri two": authorizeURL(server) + "&redirect_uri=https%3A%2F%2Fexample.org",
	} {
		for method, got := range map[string]reply{"GET": get(t, address), "POST": decide(t, address, "allow")} {
			if got.status != http.StatusBadRequest || got.location != nil || strings.Contains(got.text, "<form") {
				t.Errorf("%s, %s: %d, %v\n%s", name, method, got.status, got.location, got.text)
			}
		}
	}
}

func TestRefusedAuthorizeCallRedirectsWithAnError(t *testing.T) {
	t.Parallel()
	server := start(t)
	challenge := strings.Repeat("c", 43)

	for name, test := range map[string]struct {
		got  reply
		want string
	}{
		"no code":         {get(t, authorizeURL(server, "state", "s", "response_type", "token")), "unsupported_response_type"},
		"no method":       {get(t, authorizeURL(server, "state", "s", "code_challenge", challenge)), "invalid_request"},
		"short challenge": {get(t, authorizeURL(server, "state", "s", "code_challenge", "short", "code_challenge_method", "S256")), "invalid_request"},
		"plain challenge": {get(t, authorizeURL(server, "state", "s", "code_challenge", challenge, "code_challenge_method", "plain")), "invalid_request"},
		"denied":          {decide(t, authorizeURL(server, "state", "s"), "deny"), "access_denied"},
	} {
		if test.got.status != http.StatusFound {
			t.Errorf("%s: %d %s", name, test.got.status, test.got.text)
			continue
		}
		query := test.got.location.Query()
		if query.Get("error") != test.want || query.Get("state") != "s" || query.Has("code") {
			t.Errorf("%s: %v", name, test.got.location)
		}
	}
}
