package engine_test

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin/faults"
)

// faultyWorld is a world whose token endpoint is on a site that can fail.
type faultyWorld struct {
	*world
	fault   faults.Fault
	site    *faults.Site
	request engine.Request
	broken  bool
}

func newFaultyWorld(t *testing.T, fault faults.Fault, grantType oauth.GrantType) *faultyWorld {
	t.Helper()
	w := &faultyWorld{world: newWorld(t), fault: fault}
	var err error
	if w.site, err = fault.At(w.server, w.time); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.site.Close)
	switch grantType {
	case oauth.AuthorizationCode:
		w.request = w.code()
	case oauth.RefreshToken:
		w.request = w.refreshToken()
	case oauth.PersonalAccessToken:
		w.request = with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
	}
	return w
}

// process returns a new engine that uses the site in its present state.
func (w *faultyWorld) process() *engine.Engine {
	w.Helper()
	e := w.world.process()
	server, err := oauth.NewServer(w.site.URL)
	must(w, err)
	timeout := longTimeout
	if w.fault.Hangs && w.broken {
		timeout = time.Second
	}
	e.Endpoint.Server = server
	e.Endpoint.HTTP = httpclient.New(timeout)
	e.Endpoint.MaxRetries = faults.MaxRetries
	e.Endpoint.Wait = func(int) time.Duration { return time.Microsecond }
	transport, ok := e.Endpoint.HTTP.Transport.(*http.Transport)
	if !ok {
		w.Fatalf("the transport is a %T", e.Endpoint.HTTP.Transport)
	}
	transport.TLSClientConfig.RootCAs = x509.NewCertPool()
	transport.TLSClientConfig.RootCAs.AppendCertsFromPEM(w.site.Authorities)
	// A process reads the environment only once, so the stories test the real one.
	transport.Proxy = nil
	if address, except := w.site.Proxy(); address != "" && except == "" {
		proxy, err := url.Parse(address)
		must(w, err)
		transport.Proxy = http.ProxyURL(proxy)
	}
	return e
}

// token asks a new process for a token and fails the test unless its lifetime is life.
func (w *faultyWorld) token(life time.Duration) {
	w.Helper()
	login, warnings, err := w.process().Token(w.Context(), w.request)
	must(w, err)
	_, short := only[engine.ShortTokenWarning](warnings)
	if left := login.ExpiresAt.Sub(w.time()); left != life || short != (life == 0) || !short && len(warnings) > 0 {
		w.Errorf("the token is valid for %s, with warnings %+v; want %s", left, warnings, life)
	}
	if login.AccessToken.IsEmpty() {
		w.Error("the token is empty")
	}
}

// fails asks a new process for a token and fails the test unless the error is the one in the table for this grant.
func (w *faultyWorld) fails(sent oauth.GrantType) {
	w.Helper()
	_, _, err := w.process().Token(w.Context(), w.request)
	failure, ok := errors.AsType[*oauth.TokenError](err)
	if !ok {
		w.Fatalf("got %T %v", err, err)
	}
	want := w.fault
	if failure.Outcome != want.Outcome || failure.Status != want.Status || failure.Grant != sent ||
		failure.MaybeProcessed() != want.MaybeProcessed() || failure.Endpoint != w.site.URL+"/oauth/token" {
		w.Errorf("outcome %d, status %d, maybe processed: %t: %v", failure.Outcome, failure.Status, failure.MaybeProcessed(), err)
	}
	if !regexp.MustCompile(want.Reason).MatchString(failure.Reason) {
		w.Errorf("the reason is %q, want %q", failure.Reason, want.Reason)
	}
	if early := want.RetryAfter - failure.RetryAfter; early < 0 || early > time.Minute {
		w.Errorf("the error says to wait %s, want %s", failure.RetryAfter, want.RetryAfter)
	}
	output := fmt.Sprintf("%v %+v", err, *failure)
	if strings.ContainsAny(output, "\x1b\r\n\a\u202e") {
		w.Errorf("control characters in %q", output)
	}
	for _, secret := range append(w.server.Secrets(), faults.AccessToken) {
		for _, form := range []string{secret, url.QueryEscape(secret),
			base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			if strings.Contains(output, form) {
				w.Errorf("a secret is in %q", output)
			}
		}
	}
}

// tokenDuringFault asks for a token while the site fails, and checks the result.
func (w *faultyWorld) tokenDuringFault(sent oauth.GrantType) {
	w.Helper()
	must(w, w.site.Break())
	w.broken = true
	w.server.ResetCounts()
	if w.fault.Outcome == 0 {
		w.token(w.fault.Lifetime)
	} else {
		w.fails(sent)
	}
	if err := w.site.Check(); err != nil {
		w.Error(err)
	}
	w.sent(sent, w.fault.Requests, w.fault.CodeRequests)
	must(w, w.site.Fix())
	w.broken = false
}

// sent fails the test unless n requests were sent with this grant, or withCode requests if the grant is a code.
func (w *faultyWorld) sent(grantType oauth.GrantType, n, withCode int) {
	w.Helper()
	switch grantType {
	case oauth.AuthorizationCode:
		w.counts(withCode, 0, 0)
	case oauth.RefreshToken:
		w.counts(0, n, 0)
	case oauth.PersonalAccessToken:
		w.counts(0, 0, n)
	}
}

// Each fault in the table meets each grant, both without a stored login and with a login that is due for renewal. After
// the fault, the same request succeeds, except with a code that may have been used up.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, fault := range faults.Table() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			if fault.Hangs {
				soak(t)
			}
			for _, grantType := range []oauth.GrantType{oauth.AuthorizationCode, oauth.RefreshToken, oauth.PersonalAccessToken} {
				t.Run(string(grantType), func(t *testing.T) {
					t.Parallel()
					faultWithoutLogin(newFaultyWorld(t, fault, grantType))
				})
				t.Run(string(grantType)+", stored", func(t *testing.T) {
					t.Parallel()
					faultWithStoredLogin(newFaultyWorld(t, fault, grantType))
				})
			}
		})
	}
}

func faultWithoutLogin(w *faultyWorld) {
	w.Helper()
	grantType := w.request.Grant.Type
	w.tokenDuringFault(grantType)
	if w.fault.MaybeProcessed() && grantType == oauth.AuthorizationCode {
		for range 2 {
			w.pass(time.Minute)
			_, _, err := w.process().Token(w.Context(), w.request)
			if lost, ok := errors.AsType[*engine.AnswerLostError](err); !ok || lost.Lost.Process != os.Getpid() {
				w.Errorf("got %T %v", err, err)
			}
		}
		w.counts(0, 0, 0)
		return
	}
	w.recovers(grantType)
}

func faultWithStoredLogin(w *faultyWorld) {
	w.Helper()
	// The server replaces the refresh token, so the stored one differs from the configured one.
	w.replaceAlways()
	w.token(time.Hour)
	w.server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Never })
	w.pass(61 * time.Minute)

	// The code has been exchanged and is not sent again.
	sent := w.request.Grant.Type
	if sent == oauth.AuthorizationCode {
		sent = oauth.RefreshToken
	}
	w.tokenDuringFault(sent)
	w.recovers(sent)
}

// recovers asks for a token again after the failure is no longer remembered.
func (w *faultyWorld) recovers(sent oauth.GrantType) {
	w.Helper()
	if w.fault.Outcome != 0 {
		w.pass(time.Minute)
	}
	switch {
	case w.fault.Outcome == 0 && w.fault.Lifetime > 0: // a token is stored
		w.token(w.fault.Lifetime)
		w.counts(0, 0, 0)
		return
	case w.fault.Outcome == 0 && sent == oauth.AuthorizationCode: // a login is stored without a token
		sent = oauth.RefreshToken
	}
	w.token(time.Hour)
	w.sent(sent, 1, 1)
}

// The machine's clock jumps by a day and back; the server's clock does not. The stored login continues each time: no
// doubtful token is considered valid, and no code is sent again.
func TestClockMovedByADay(t *testing.T) {
	t.Parallel()
	for _, grantType := range []oauth.GrantType{oauth.AuthorizationCode, oauth.RefreshToken, oauth.PersonalAccessToken} {
		for _, by := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
			t.Run(fmt.Sprintf("%s, %s", grantType, by), func(t *testing.T) {
				t.Parallel()
				w := newFaultyWorld(t, faults.Fault{}, grantType)
				w.replaceAlways()
				w.token(time.Hour)
				w.sent(grantType, 1, 1)
				renewing := grantType
				if renewing == oauth.AuthorizationCode {
					renewing = oauth.RefreshToken
				}
				for _, offset := range []time.Duration{by, 0} {
					moved := func() time.Time { return w.time().Add(offset) }
					for n := 1; n >= 0; n-- { // renewed once, then valid by this clock
						e := w.process()
						e.Now, e.Endpoint.Now = moved, moved
						login, warnings, err := e.Token(t.Context(), w.request)
						if err != nil || len(warnings) > 0 || login.ExpiresAt.Sub(moved()) != time.Hour {
							t.Fatalf("at %s: got error %v, warnings %v and a token that expires at %s", offset, err, warnings, login.ExpiresAt)
						}
						w.sent(renewing, n, n)
					}
				}
			})
		}
	}
}
