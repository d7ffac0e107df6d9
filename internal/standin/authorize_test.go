package standin_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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

func TestAllowLeadsToACodeThatCanBeExchanged(t *testing.T) {
	t.Parallel()
	server := start(t)

	back := decide(t, authorizeURL(server, "state", "a b&c", "scope", "collab: x"), "allow")
	if back.status != http.StatusFound {
		t.Fatalf("status %d: %s", back.status, back.text)
	}
	if got := back.location.Query().Get("state"); got != "a b&c" {
		t.Errorf("got state %q", got)
	}
	code := back.location.Query().Get("code")
	if parts := strings.Split(code, "."); len(parts) != 3 || len(code) < 300 || len(code) > 4096 {
		t.Errorf("got code %q, which does not look like one of GoTo's", code)
	}
	got := exchange(t, server, code)
	wantGranted(t, got)
	if got.str("scope") != "collab: x" {
		t.Errorf("got scope %q", got.str("scope"))
	}
}

func TestTheChosenPersonSignsIn(t *testing.T) {
	t.Parallel()
	server := start(t)

	for person, want := range map[string]string{
		"":                     standin.Principal,
		standin.Principal:      standin.Principal,
		standin.OtherPrincipal: standin.OtherPrincipal,
	} {
		back := do(t, newRequest(t, http.MethodPost, authorizeURL(server), url.Values{"decision": {"allow"}, "person": {person}}))
		got := exchange(t, server, back.location.Query().Get("code"))
		if wantGranted(t, got); got.str("principal") != want {
			t.Errorf("%q was signed in as %q", person, got.str("principal"))
		}
	}
	stranger := url.Values{"decision": {"allow"}, "person": {"nobody@example.com"}}
	if got := do(t, newRequest(t, http.MethodPost, authorizeURL(server), stranger)); got.status != http.StatusBadRequest || got.location != nil {
		t.Errorf("unknown person: %d, %v", got.status, got.location)
	}
}

func TestRedirectURIIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	server := start(t, standin.WithRedirectURIs("https://example.com", "https://example.com/in?a=1&a=2"))

	for registered, want := range map[string]string{
		"":                               "https://example.com/?code=",
		"https://example.com":            "https://example.com/?code=",
		"https://example.com/in?a=1&a=2": "https://example.com/in?a=1&a=2&code=",
		server.LandingURI():              server.URL + "/landing?code=",
	} {
		back := decide(t, authorizeURL(server, "redirect_uri", registered), "allow")
		if back.status != http.StatusFound || !strings.HasPrefix(back.location.String(), want) {
			t.Errorf("%q: %d, %v, want %s…", registered, back.status, back.location, want)
		}
		if back.location != nil && back.location.Query().Has("state") {
			t.Errorf("%q: got a state although none was sent", registered)
		}
	}
}

func TestUntrustedAuthorizeCallNeverRedirects(t *testing.T) {
	t.Parallel()
	server := start(t)

	for name, address := range map[string]string{
		"unknown client":   authorizeURL(server, "client_id", "nobody"),
		"no client":        authorizeURL(server, "client_id", ""),
		"unregistered":     authorizeURL(server, "redirect_uri", "https://example.org/oauth-landing"),
		"slash added":      authorizeURL(server, "redirect_uri", standin.RedirectURI+"/"),
		"client twice":     authorizeURL(server) + "&client_id=x",
		"redirect_uri two": authorizeURL(server) + "&redirect_uri=https%3A%2F%2Fexample.org",
	} {
		for method, got := range map[string]reply{"GET": get(t, address), "POST": decide(t, address, "allow")} {
			if got.status != http.StatusBadRequest || got.location != nil || strings.Contains(got.text, "<form") {
				t.Errorf("%s, %s: %d, %v\n%s", name, method, got.status, got.location, got.text)
			}
		}
	}
}

func TestRefusedAuthorizeCallGoesBackToTheClient(t *testing.T) {
	t.Parallel()
	server := start(t, standin.WithScopes("collab:", "identity:"))
	challenge := strings.Repeat("c", 43)

	for want, address := range map[string]string{
		"unsupported_response_type": authorizeURL(server, "response_type", "token"),
		"invalid_scope":             authorizeURL(server, "scope", "collab: more"),
		"invalid_request":           authorizeURL(server, "code_challenge", challenge),
		"invalid_request ":          authorizeURL(server, "code_challenge", "short", "code_challenge_method", "S256"),
		"invalid_request  ":         authorizeURL(server, "code_challenge", challenge, "code_challenge_method", "plain"),
	} {
		back := get(t, address+"&state=s")
		if back.status != http.StatusFound {
			t.Errorf("%s: %d %s", want, back.status, back.text)
			continue
		}
		query := back.location.Query()
		if query.Get("error") != strings.TrimSpace(want) || query.Get("state") != "s" || query.Has("code") {
			t.Errorf("%s: %v", want, back.location)
		}
	}
}

func TestDenyGoesBackWithAccessDenied(t *testing.T) {
	t.Parallel()
	server := start(t)

	query := decide(t, authorizeURL(server, "state", "s"), "deny").location.Query()
	want := url.Values{
		"error": {"access_denied"}, "error_description": {"The person denied the request"}, "state": {"s"},
	}
	if diff := cmp.Diff(want, query); diff != "" {
		t.Error(diff)
	}
	if got := decide(t, authorizeURL(server), "perhaps"); got.status != http.StatusBadRequest {
		t.Errorf("no decision: %d", got.status)
	}
}
