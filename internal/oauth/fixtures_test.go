package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

const (
	clientID       = "b7c0d6f2-8a49-4e0c"
	clientSecret   = "3naO10IA2agcvG+9I9TGEQ=="
	theCode        = "eyJhbGciOiJSUzUxMiJ9.co/de+1.c2ln"
	theVerifier    = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	theRefresh     = "rt<1>&\"two\"/three four"
	thePAT         = "pat:50%~é"
	redirectURI    = "https://example.com/callback"
	documentedBody = `{"access_token":"eyJ.access.sig","token_type":"Bearer","refresh_token":"eyJ.refresh.sig",` +
		`"expires_in":3600,"scope":"identity:scim.me collab:","principal":"jane.doe@example.com"}`
)

var (
	theClient   = oauth.Client{ID: clientID, Secret: secret.New(clientSecret), RedirectURI: redirectURI}
	codeGrant   = oauth.Grant{Type: oauth.AuthorizationCode, Credential: secret.New(theCode), CodeVerifier: secret.New(theVerifier)}
	refreshing  = oauth.Grant{Type: oauth.RefreshToken, Credential: secret.New(theRefresh)}
	patGrant    = oauth.Grant{Type: oauth.PersonalAccessToken, Credential: secret.New(thePAT)}
	everyGrant  = []oauth.Grant{codeGrant, refreshing, patGrant}
	theSecrets  = []string{clientSecret, theCode, theVerifier, theRefresh, thePAT, basic(clientID, clientSecret)}
	secretParts = parts(theSecrets)
)

func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret))
}

// parts returns strings that reveal a secret in any encoding.
func parts(secrets []string) []string {
	var parts []string
	for _, text := range secrets {
		quoted, _ := json.Marshal(text)
		parts = append(parts, text, string(quoted[1:len(quoted)-1]),
			url.QueryEscape(text), strings.ToLower(url.QueryEscape(text)), url.PathEscape(text),
			base64.RawStdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	return append(parts, "3naO10IA2agcvG", "eyJhbGciOiJSUzUxMiJ9", "dBjftJeZ4CVP")
}

// leak returns the first part of a secret found in text.
func leak(text string) string {
	for _, part := range secretParts {
		if strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

func checkNoLeak(t *testing.T, what string, value any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
		if part := leak(fmt.Sprintf(verb, value)); part != "" {
			t.Errorf("%s formatted with %s contains %q: %s", what, verb, part, fmt.Sprintf(verb, value))
		}
	}
	encoded, _ := json.Marshal(value) // a value that cannot be encoded reveals nothing
	if part := leak(string(encoded)); part != "" {
		t.Errorf("%s as JSON contains %q: %s", what, part, encoded)
	}
}

// newEndpoint returns a token endpoint at base that retries twice, almost without delay.
func newEndpoint(t *testing.T, base string) *oauth.TokenEndpoint {
	t.Helper()
	server, err := oauth.NewServer(base)
	if err != nil {
		t.Fatalf("NewServer(%q): %v", base, err)
	}
	client := httpclient.New(10 * time.Second)
	t.Cleanup(client.CloseIdleConnections)
	return &oauth.TokenEndpoint{
		Server:     server,
		UserAgent:  "terraform-provider-goto/test",
		HTTP:       client,
		MaxRetries: 2,
		Now:        time.Now,
		Wait:       func(int) time.Duration { return time.Microsecond },
	}
}

func transport(t *testing.T, endpoint *oauth.TokenEndpoint) *http.Transport {
	t.Helper()
	transport, ok := endpoint.HTTP.Transport.(*http.Transport)
	if !ok {
		t.Fatalf("the transport is a %T", endpoint.HTTP.Transport)
	}
	return transport
}

// counted serves handler and counts the requests. It parses their forms before it calls handler.
func counted(t *testing.T, handler http.HandlerFunc) (base string, requests *atomic.Int32) {
	t.Helper()
	requests = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if err := r.ParseForm(); err != nil {
			t.Errorf("cannot parse the form: %v", err)
		}
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

// answer replies with a fixed answer.
func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// tokenError returns err as an *oauth.TokenError, the type required of all failed token requests, and checks that it
// contains no secret.
func tokenError(t *testing.T, err error) *oauth.TokenError {
	t.Helper()
	var failure *oauth.TokenError
	if !errors.As(err, &failure) {
		t.Fatalf("got %T (%v), want *oauth.TokenError", err, err)
	}
	checkNoLeak(t, "the error", err)
	checkNoLeak(t, "the cause", errors.Unwrap(err))
	checkNoLeak(t, "the struct", *failure)
	return failure
}

// refusing returns an address that refuses connections. It is the local address of a connection, so no other
// program can listen on it during the test.
func refusing(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		_ = listener.Close()
	})
	return conn.LocalAddr().String()
}

// ready allows a request to be sent.
func ready() error { return nil }
