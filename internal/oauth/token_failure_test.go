package oauth_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// failing tells how a token request must end, for a code and for what may be sent again.
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
		t.Errorf("%s: the reason is\n %s\nwant\n %s", grant.Type, failure.Reason, f.reason)
	}
}

func TestAnsweredFailures(t *testing.T) {
	t.Parallel()

	const page = "a web page instead of a reply, probably from a gateway or proxy"
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
		"400": {answer(400, "application/json", `{"error":"invalid_grant","error_description":"code expired"}`),
			failing{[2]int32{1, 1}, oauth.Refused, 400, false, "invalid_grant (code expired)"}},
		"401 invalid_grant": {answer(401, "application/json", `{"error":"invalid_grant"}`),
			failing{[2]int32{1, 1}, oauth.Refused, 401, false, "invalid_grant"}},
		"401 invalid_client": {answer(401, "application/json", `{"error":"invalid_client","error_description":"client not found"}`),
			failing{[2]int32{1, 1}, oauth.Refused, 401, false, "invalid_client (client not found)"}},
		"404": {answer(404, "text/html", "<html>"), failing{[2]int32{1, 1}, oauth.Refused, 404, false, page}},
		"429": {answer(429, "", ""), failing{[2]int32{3, 3}, oauth.Unavailable, 429, false, "an empty reply"}},
		"429 with a time in the past": {after("Thu, 01 Jan 1970 00:00:00 GMT", answer(429, "", "slow down")),
			failing{[2]int32{3, 3}, oauth.Unavailable, 429, false, "slow down"}},
		"429 for an hour":          {after("3600", answer(429, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 429, false, "an empty reply"}},
		"429 for a year":           {after(never, answer(429, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 429, false, "an empty reply"}},
		"429 for ever":             {after("99999999999999999999", answer(429, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 429, false, "an empty reply"}},
		"500":                      {answer(500, "application/json", `{"error":"server_error"}`), failing{[2]int32{1, 3}, oauth.Unavailable, 500, true, "server_error"}},
		"500 for an hour":          {after("3600", answer(500, "", "")), failing{[2]int32{1, 1}, oauth.Unavailable, 500, true, "an empty reply"}},
		"502":                      {answer(502, "text/html", "<html>Bad Gateway"), failing{[2]int32{1, 3}, oauth.Unavailable, 502, true, page}},
		"503":                      {answer(503, "", "maintenance"), failing{[2]int32{3, 3}, oauth.Unavailable, 503, false, "maintenance"}},
		"504":                      {answer(504, "", ""), failing{[2]int32{1, 3}, oauth.Unavailable, 504, true, "an empty reply"}},
		"520":                      {answer(520, "", ""), failing{[2]int32{1, 3}, oauth.Unavailable, 520, true, "an empty reply"}},
		"503, body broken off":     {brokenOff(503), failing{[2]int32{3, 3}, oauth.Unavailable, 503, false, "mainten"}},
		"500, body broken off":     {brokenOff(500), failing{[2]int32{1, 3}, oauth.Unavailable, 500, true, "mainten"}},
		"200, body broken off":     {brokenOff(200), failing{[2]int32{1, 3}, oauth.Interrupted, 0, true, "reading the reply: unexpected EOF"}},
		"connection closed":        {hangUp(false), failing{[2]int32{1, 3}, oauth.Interrupted, 0, true, "EOF"}},
		"connection reset":         {hangUp(true), failing{[2]int32{1, 3}, oauth.Interrupted, 0, true, "~reset by peer|forcibly closed"}},
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

// hangUp breaks the connection off after the request was read.
func hangUp(reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		if tcp, isTCP := conn.(*net.TCPConn); isTCP && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
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

func TestRetryAfterIsReported(t *testing.T) {
	t.Parallel()

	base, _ := counted(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := newEndpoint(t, base).Token(t.Context(), theClient, codeGrant, ready)
	if got := tokenError(t, err).RetryAfter; got != time.Hour {
		t.Errorf("got %s", got)
	}
}

func TestRepetitionSucceeds(t *testing.T) {
	t.Parallel()

	for _, grant := range everyGrant {
		var n atomic.Int32
		var told []string
		base, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
			if r.PostForm.Get("grant_type") != string(grant.Type) || len(r.PostForm) < 2 {
				t.Errorf("request %d has the form %v", n.Load()+1, r.PostForm)
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
			told = append(told, message)
		}
		token, err := endpoint.Token(t.Context(), theClient, grant, ready)
		if err != nil || token.AccessToken.Reveal() != "eyJ.access.sig" || requests.Load() != 3 || len(told) != 2 {
			t.Errorf("%s: %v after %d requests; told %v", grant.Type, err, requests.Load(), told)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()

	other, travelled := counted(t, answer(http.StatusOK, "application/json", documentedBody))
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, location := range []string{"/oauth/token", other + "/oauth/token"} {
			for _, grant := range everyGrant {
				var n atomic.Int32
				base, requests := counted(t, func(w http.ResponseWriter, r *http.Request) {
					if n.Add(1) > 3 { // an end for clients that do follow
						w.WriteHeader(http.StatusBadRequest)
						return
					}
					http.Redirect(w, r, location, status)
				})
				_, err := newEndpoint(t, base).Token(t.Context(), theClient, grant, ready)
				failing{[2]int32{1, 1}, oauth.Refused, status, false,
					"a redirect, which is not followed because credentials must not travel to another address"}.check(t, grant, err, requests.Load())
			}
		}
	}
	if got := travelled.Load(); got != 0 {
		t.Errorf("the other server was sent %d requests", got)
	}
}

// Repetitions after this are counted in [TestSilence].
func TestHangingServers(t *testing.T) {
	t.Parallel()

	for name, handler := range map[string]http.HandlerFunc{
		"no answer": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"byte by byte": func(w http.ResponseWriter, r *http.Request) {
			ticker := time.NewTicker(10 * time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-r.Context().Done():
					return
				case <-ticker.C:
					_, _ = w.Write([]byte("{"))
					_ = http.NewResponseController(w).Flush()
				}
			}
		},
	} {
		for _, grant := range everyGrant {
			t.Run(name+", "+string(grant.Type), func(t *testing.T) {
				t.Parallel()

				base, requests := counted(t, handler)
				endpoint := newEndpoint(t, base)
				endpoint.HTTP = httpclient.New(500 * time.Millisecond)
				endpoint.MaxRetries = 0
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				failing{[2]int32{1, 1}, oauth.Interrupted, 0, true, "no answer within 500ms"}.check(t, grant, err, requests.Load())
			})
		}
	}
}

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

func TestRefusedConnection(t *testing.T) {
	t.Parallel()

	base := "http://" + refusing(t)
	for _, grant := range everyGrant {
		_, err := newEndpoint(t, base).Token(t.Context(), theClient, grant, ready)
		failing{outcome: oauth.NotSent, reason: "~dial tcp .* refused"}.check(t, grant, err, 0)
	}
}

func TestTLSFailures(t *testing.T) {
	t.Parallel()

	var requests atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := counted(t, answer(http.StatusOK, "application/json", documentedBody))

	for name, test := range map[string]struct {
		base      string
		configure func(*tls.Config)
		dials     int32
		reason    string
	}{
		"not trusted": {"https://127.0.0.1:" + port, func(*tls.Config) {}, 1, "tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		"expired": {"https://127.0.0.1:" + port, func(config *tls.Config) {
			config.RootCAs = roots
			config.Time = func() time.Time { return time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC) }
		}, 1, "~tls: failed to verify certificate: x509: certificate has expired or is not yet valid"},
		"wrong host": {"https://localhost:" + port, func(config *tls.Config) { config.RootCAs = roots }, 1,
			"~tls: failed to verify certificate: x509: certificate is valid for"},
		"not TLS": {strings.Replace(plain, "http:", "https:", 1), func(*tls.Config) {}, 3, "http: server gave HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			for _, grant := range everyGrant {
				endpoint := newEndpoint(t, test.base)
				test.configure(transport(t, endpoint).TLSClientConfig)
				var dials atomic.Int32
				transport(t, endpoint).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					dials.Add(1)
					address := strings.TrimPrefix(test.base, "https://")
					return new(net.Dialer).DialContext(ctx, network, strings.Replace(address, "localhost", "127.0.0.1", 1))
				}
				_, err := endpoint.Token(t.Context(), theClient, grant, ready)
				failing{[2]int32{test.dials, test.dials}, oauth.NotSent, 0, false, test.reason}.check(t, grant, err, dials.Load())
			}
		})
	}
	t.Cleanup(func() {
		if got := requests.Load(); got != 0 {
			t.Errorf("%d requests got through", got)
		}
	})
}

func TestTLSSucceeds(t *testing.T) {
	t.Parallel()

	server := httptest.NewTLSServer(answer(http.StatusOK, "application/json", documentedBody))
	t.Cleanup(server.Close)
	endpoint := newEndpoint(t, server.URL)
	config := transport(t, endpoint).TLSClientConfig
	if config.MinVersion != tls.VersionTLS12 {
		t.Errorf("the lowest TLS version is %x", config.MinVersion)
	}
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AddCert(server.Certificate())
	if _, err := endpoint.Token(t.Context(), theClient, codeGrant, ready); err != nil {
		t.Error(err)
	}
}
