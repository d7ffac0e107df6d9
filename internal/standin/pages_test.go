package standin_test

import (
	"html"
	"net/http"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestPagesSayThatTheyArePlayed(t *testing.T) {
	t.Parallel()
	server := start(t)

	for _, address := range []string{
		server.URL, server.AuthorizeURL(), server.LandingURI(), authorizeURL(server, "client_id", "nobody"),
	} {
		page := get(t, address)
		if !strings.Contains(page.text, "This is not GoTo.") || !strings.Contains(page.text, `<a href="/">`) {
			t.Errorf("%s:\n%s", address, page.text)
		}
		// Nothing but the style in the page itself, so that it looks the same without a network.
		if policy := page.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:;") {
			t.Errorf("%s: policy %q", address, policy)
		}
	}
}

func TestFirstPageSaysHowToBegin(t *testing.T) {
	t.Parallel()
	server := start(t)
	if err := server.RegisterRedirectURI("http://localhost:49152/callback"); err != nil {
		t.Fatal(err)
	}

	page := html.UnescapeString(get(t, server.URL).text)
	for _, want := range []string{
		"export GOTO_AUTHENTICATION_URL='" + server.URL + "'\n", "export GOTO_API_URL='" + server.URL + "'\n",
		"export GOTO_CLIENT_ID='" + standin.ClientID + "'\n", "export GOTO_CLIENT_SECRET='" + standin.ClientSecret + "'\n",
		"export GOTO_REDIRECT_URI='" + standin.RedirectURI + "'\n", standin.Principal, standin.OtherPrincipal,
		"<code>http://localhost:49152/callback</code>", "<code>" + server.LandingURI() + "</code>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s on the page:\n%s", want, page)
		}
	}
}

func TestSignInPageShowsWhatIsAsked(t *testing.T) {
	t.Parallel()
	server := start(t)

	page := get(t, authorizeURL(server, "scope", "one <two>"))
	if page.status != http.StatusOK {
		t.Fatalf("status %d: %s", page.status, page.text)
	}
	for _, want := range []string{
		standin.ClientID, standin.RedirectURI, "<code>one</code>", "<code>&lt;two&gt;</code>",
		`value="` + standin.Principal + `" checked`, `value="` + standin.OtherPrincipal + `"`,
		`<form method="post">`, `value="allow"`, `value="deny"`,
	} {
		if !strings.Contains(page.text, want) {
			t.Errorf("no %s on the page:\n%s", want, page.text)
		}
	}
	if got := server.Counts(); got != (standin.Counts{Authorize: 1}) {
		t.Errorf("counts %+v", got)
	}
}

func TestLandingPageSaysWhatToDo(t *testing.T) {
	t.Parallel()
	server := start(t, standin.WithRedirectURIs())

	for decision, want := range map[string]string{
		"allow": "Copy this page's address.",
		"deny":  "You are not signed in",
	} {
		page := get(t, decide(t, authorizeURL(server, "redirect_uri", ""), decision).location.String())
		if page.status != http.StatusOK || !strings.Contains(page.text, want) {
			t.Errorf("%s: %d %s", decision, page.status, page.text)
		}
	}
}
