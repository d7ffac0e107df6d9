package oauth_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// failing is the expected failure of a token request. The numbers of requests are for a code and for a reusable
// credential.
type failing struct {
	requests  [2]int32
	outcome   oauth.Outcome
	status    int
	processed bool
	reason    string
}

func (f failing) check(t *testing.T, grant oauth.Grant, err error, requests int32) {
	t.Helper()
	want := f.requests[0]
	if grant.Reusable() {
		want = f.requests[1]
	}
	if requests != want {
		t.Errorf("%s: %d requests, want %d", grant.Type, requests, want)
	}
	failure := tokenError(t, err)
	if failure.Outcome != f.outcome || failure.Status != f.status || failure.MaybeProcessed() != f.processed || failure.Grant != grant.Type {
		t.Errorf("%s: outcome %d, status %d, maybe processed: %t: %v", grant.Type, failure.Outcome, failure.Status, failure.MaybeProcessed(), err)
	}
	if failure.Reason != f.reason && (f.reason[0] != '~' || !regexp.MustCompile(f.reason[1:]).MatchString(failure.Reason)) {
		t.Errorf("%s: got reason\n %s\nwant\n %s", grant.Type, failure.Reason, f.reason)
	}
}

// These failures are not in the table of faults, see TestFaults of the engine.
func TestErrorReplies(t *testing.T) {
	t.Parallel()

	never := time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat)
	after := func(value string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", value)
			next(w, r)
		}
	}
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		failing
	}{
		"429 with a time in the past": {after("Thu, 01 Jan 1970 00:00:00 GMT", answer(429, "", "slow down")),
			failing{[2]int32{3, 3}, oauth.Unavailable, 429, false, "slow down"}},
		"429 for a year": {after(never, answer(429, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 429, false, "an empty reply"}},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/oauth/elsewhere", http.StatusTemporaryRedirect)
		},
			failing{[2]int32{1, 1}, oauth.Refused, 307, false, "a redirect, which is not followed because credentials must not travel to another address"}},
		"500 for an hour":          {after("3600", answer(500, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 500, true, "an empty reply"}},
		"520":                      {answer(520, "", ""), failing{[2]int32{1, 3}, oauth.Unavailable, 520, true, "an empty reply"}},
		"503, body broken off":     {brokenOff(503), failing{[2]int32{3, 3}, oauth.Unavailable, 503, false, "mainten"}},
		"500, body broken off":     {brokenOff(500), failing{[2]int32{1, 3}, oauth.Unavailable, 500, true, "mainten"}},
		"no HTTP, with the secret": {noHTTP, failing{[2]int32{1, 3}, oauth.Interrupted, 0, true, `net/http: HTTP/1.x transport connection broken: malformed HTTP status code "(secret)"`}},
		"unreadable Location": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "http://[::1/?"+r.PostForm.Encode())
			w.WriteHeader(http.StatusFound)
		}, failing{[2]int32{1, 3}, oauth.Interrupted, 0, true, `~failed to parse Location header`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, grant := range everyGrant {
				base, requests := counted(t, test.handler)
				endpoint := newEndpoint(t, base)
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				test.check(t, grant, err, requests.Load())
			}
		})
	}
}

func brokenOff(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("mainten"))
	}
}

func noHTTP(w http.ResponseWriter, r *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write([]byte(r.Header.Get("Authorization") + "\r\n\r\n"))
	_ = conn.Close()
}

func TestRetrySucceeds(t *testing.T) {
	t.Parallel()

	for _, grant := range everyGrant {
		var n atomic.Int32
		var logged []string
		base, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
			if r.PostForm.Get("grant_type") != string(grant.Type) || len(r.PostForm) < 2 {
				t.Errorf("request %d: got form %v", n.Load()+1, r.PostForm)
			}
			switch n.Add(1) {
			case 1:
				w.WriteHeader(http.StatusTooManyRequests)
			case 2:
				w.WriteHeader(http.StatusServiceUnavailable)
			default:
				answer(http.StatusOK, "application/json", documentedBody)(w, r)
			}
		})
		endpoint := newEndpoint(t, base)
		endpoint.Log = func(_ context.Context, message string, fields ...map[string]any) {
			checkNoLeak(t, "the log", fields)
			logged = append(logged, message)
		}
		token, err := endpoint.Token(t.Context(), theClient, grant, ready)
		if err != nil || token.AccessToken.Reveal() != "eyJ.access.sig" || requests.Load() != 3 || len(logged) != 2 {
			t.Errorf("%s: %v after %d requests; logged %v", grant.Type, err, requests.Load(), logged)
		}
	}
}

// The connection errors are simulated to count the attempts. The table of faults has real ones, see TestFaults of the
// engine.
func TestConnectionFailures(t *testing.T) {
	t.Parallel()

	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	unknown := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "goto.invalid", IsNotFound: true}}
	busy := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: "goto.invalid", IsTemporary: true}}
	for name, test := range map[string]struct {
		err error
		failing
	}{
		"refused":        {refused, failing{[2]int32{3, 3}, oauth.NotSent, 0, false, "dial tcp: connection refused"}},
		"untrusted":      {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, failing{[2]int32{1, 1}, oauth.NotSent, 0, false, "tls: failed to verify certificate: x509: certificate signed by unknown authority"}},
		"unknown host":   {unknown, failing{[2]int32{1, 1}, oauth.NotSent, 0, false, "dial tcp: lookup goto.invalid: no such host"}},
		"resolver fails": {busy, failing{[2]int32{3, 3}, oauth.NotSent, 0, false, "dial tcp: lookup goto.invalid: server misbehaving"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, grant := range everyGrant {
				endpoint := newEndpoint(t, "https://goto.invalid")
				var dialled atomic.Int32
				transport(t, endpoint).Proxy = nil
				transport(t, endpoint).DialContext = func(context.Context, string, string) (net.Conn, error) {
					dialled.Add(1)
					return nil, test.err
				}
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				test.check(t, grant, err, dialled.Load())
			}
		})
	}
}
