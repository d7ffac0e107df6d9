package oauth_test

import (
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

func TestAuthorizeURL(t *testing.T) {
	t.Parallel()

	const start = "https://authentication.logmeininc.com/oauth/authorize?"
	for name, test := range map[string]struct {
		request oauth.AuthorizationRequest
		want    string
	}{
		"client alone": {
			oauth.AuthorizationRequest{ClientID: clientID},
			start + "client_id=b7c0d6f2-8a49-4e0c&response_type=code",
		},
		"everything": {
			oauth.AuthorizationRequest{
				ClientID: clientID, RedirectURI: redirectURI, Scopes: []string{"b:two", "a.one"},
				State: "xyz", CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
			},
			start + "client_id=b7c0d6f2-8a49-4e0c&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" +
				"&code_challenge_method=S256&redirect_uri=https%3A%2F%2Fexample.com%2Fcallback&response_type=code" +
				"&scope=a.one%20b%3Atwo&state=xyz",
		},
		"special characters": {
			oauth.AuthorizationRequest{ClientID: "a b+c&d", RedirectURI: "http://localhost:8080/cb?a=b+c&d=é", State: `+ &=#%?/"` + "ü"},
			start + "client_id=a%20b%2Bc%26d&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb%3Fa%3Db%2Bc%26d%3D%C3%A9" +
				"&response_type=code&state=%2B%20%26%3D%23%25%3F%2F%22%C3%BC",
		},
	} {
		if got := newServer(t, oauth.DefaultAuthenticationURL).AuthorizeURL(test.request); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}

func newServer(t *testing.T, base string) oauth.Server {
	t.Helper()
	server, err := oauth.NewServer(base)
	if err != nil {
		t.Fatalf("NewServer(%q): %v", base, err)
	}
	return server
}

// The values are from RFC 7636, appendix B.
func TestS256(t *testing.T) {
	t.Parallel()

	if got, want := oauth.S256(secret.New(theVerifier)), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInvalidArgumentsAreRefused(t *testing.T) {
	t.Parallel()

	const (
		challenge  = "an S256 code challenge is 43 characters of unpadded base64url: the SHA-256 of the code verifier"
		verifier   = "a code verifier has 43 to 128 characters, from A-Z a-z 0-9 - . _ ~"
		empty      = "it is an empty string; leave the argument out instead"
		whiteSpace = "it starts or ends with white space, which usually comes from copying"
		control    = "it contains a line break or another control character"
		absolute   = "it is not an absolute URI; copy it exactly as it is registered for the OAuth client, starting with https:// or http://"
		fragment   = "it must not have a fragment (#)"
		address    = "this is an address or a part of one: set `callback_url` to the whole address, or `code` to only the text between code= and the next &"
		noScope    = " is not a scope: a scope is one word without spaces, quotes or backslashes"
	)
	for _, test := range []struct {
		name  string
		check func(string) error
		text  string
		want  string // empty if there is no error
	}{
		{"scope", oauth.CheckScope, "identity:scim.me", ""},
		{"scope", oauth.CheckScope, "collab:", ""},
		{"scope", oauth.CheckScope, "", `""` + noScope},
		{"scope", oauth.CheckScope, "a b", `"a b"` + noScope},
		{"scope", oauth.CheckScope, "a\n", `"a\n"` + noScope},
		{"scope", oauth.CheckScope, `a"`, `"a\""` + noScope},
		{"scope", oauth.CheckScope, `a\`, `"a\\"` + noScope},
		{"scope", oauth.CheckScope, "é", `"é"` + noScope},

		{"challenge", oauth.CheckCodeChallenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", ""},
		{"challenge", oauth.CheckCodeChallenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=", challenge},
		{"challenge", oauth.CheckCodeChallenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\n", challenge},
		{"challenge", oauth.CheckCodeChallenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", challenge},
		{"challenge", oauth.CheckCodeChallenge, "", challenge},

		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("a", 43), ""},
		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("~", 128), ""},
		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("a", 42), verifier},
		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("a", 129), verifier},
		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("a", 43) + "+", verifier},
		{"verifier", oauth.CheckCodeVerifier, strings.Repeat("a", 43) + "\n", verifier},

		{"client ID", oauth.CheckClientID, clientID, ""},
		{"client ID", oauth.CheckClientID, "id:secret", "a client ID contains no colon; this looks like a client ID and a client secret in one"},
		{"client ID", oauth.CheckClientID, "", empty},
		{"client ID", oauth.CheckClientID, "id\n", whiteSpace},

		{"credential", oauth.CheckCredential, clientSecret, ""},
		{"credential", oauth.CheckCredential, "with an é and spaces", ""},
		{"credential", oauth.CheckCredential, "", empty},
		{"credential", oauth.CheckCredential, " a", whiteSpace},
		{"credential", oauth.CheckCredential, "a\r\n", whiteSpace},
		{"credential", oauth.CheckCredential, "a\u00a0", whiteSpace},
		{"credential", oauth.CheckCredential, "a\nb", control},
		{"credential", oauth.CheckCredential, "a\u200bb", control},
		{"credential", oauth.CheckCredential, "\ufeffa", control},

		{"code", oauth.CheckCode, theCode, ""},
		{"code", oauth.CheckCode, "https://example.com/?code=abc", address},
		{"code", oauth.CheckCode, "code=abc&state=x", address},
		{"code", oauth.CheckCode, "", empty},
		{"code", oauth.CheckCode, "abc\n", whiteSpace},

		{"redirect URI", oauth.CheckRedirectURI, "https://example.com", ""},
		{"redirect URI", oauth.CheckRedirectURI, "http://localhost:8080/cb?a=b", ""},
		{"redirect URI", oauth.CheckRedirectURI, "com.example.app:/landing", ""},
		{"redirect URI", oauth.CheckRedirectURI, "localhost:8080/cb", "it is not an absolute URI; copy it exactly as it is registered for the OAuth client, starting with https:// or http://"},
		{"redirect URI", oauth.CheckRedirectURI, "com.example.app:/oauth", ""},
		{"redirect URI", oauth.CheckRedirectURI, "", empty},
		{"redirect URI", oauth.CheckRedirectURI, "https://example.com/cb ", whiteSpace},
		{"redirect URI", oauth.CheckRedirectURI, "https://example.com/c\nb", control},
		{"redirect URI", oauth.CheckRedirectURI, "example.com/cb", absolute},
		{"redirect URI", oauth.CheckRedirectURI, "/cb", absolute},
		{"redirect URI", oauth.CheckRedirectURI, "https://", absolute},
		{"redirect URI", oauth.CheckRedirectURI, "https://[::1", absolute},
		{"redirect URI", oauth.CheckRedirectURI, "https://example.com/#a", fragment},
		{"redirect URI", oauth.CheckRedirectURI, "https://example.com/#", fragment},
	} {
		got := ""
		if err := test.check(test.text); err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s %q:\n got %s\nwant %s", test.name, test.text, got, test.want)
		}
	}
}
