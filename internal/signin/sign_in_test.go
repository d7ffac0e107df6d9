package signin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/signin"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// desktop is a person's computer: a token cache, a loopback redirect URI, and a browser that the test simulates.
type desktop struct {
	*testing.T
	server    *standin.Server
	directory string
	redirect  string
	timeout   time.Duration
	opened    atomic.Int32
	browsing  sync.WaitGroup
}

func newDesktop(t *testing.T) *desktop {
	t.Helper()
	server, err := standin.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	redirect, err := server.RegisterLoopback(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := &desktop{T: t, server: server, directory: filepath.Join(t.TempDir(), "cache"), redirect: redirect, timeout: time.Hour}
	t.Cleanup(d.browsing.Wait)
	return d
}

// process returns the sign-in flow of a new process. Its browser calls browse.
func (d *desktop) process(browse func(address string) error) *signin.Flow {
	d.Helper()
	server, err := oauth.NewServer(d.server.URL)
	if err != nil {
		d.Fatal(err)
	}
	flow := signin.New(signin.Flow{
		Engine: &engine.Engine{
			Endpoint: &oauth.TokenEndpoint{Server: server, HTTP: httpclient.New(10 * time.Second), Now: time.Now},
			Cache:    cache.New(cache.NewDirectory(d.directory, cache.Options{})),
			Now:      time.Now,
		},
		Server:  server,
		Getenv:  func(name string) string { return map[string]string{"BROWSER": os.Args[0]}[name] },
		Timeout: d.timeout,
		PKCE:    true,
	})
	flow.OpenWith(func(address string) error {
		d.opened.Add(1)
		d.browsing.Add(1)
		defer d.browsing.Done()
		return browse(address)
	})
	return flow
}

func (d *desktop) request(profile string) engine.Request {
	return engine.Request{
		Client:      oauth.Client{ID: standin.ClientID, Secret: secret.New(standin.ClientSecret), RedirectURI: d.redirect},
		Profile:     profile,
		MinValidity: 10 * time.Minute,
	}
}

// press presses a button on the page at address and returns the address of the redirect.
func (d *desktop) press(decision, address string) string {
	d.Helper()
	return d.send(http.MethodPost, address, "", url.Values{"decision": {decision}}).header.Get("Location")
}

type reply struct {
	status int
	header http.Header
	text   string
}

// send sends a request without following redirects. It ignores the cancellation of the test's context, because the run
// may continue before the browser has read the last page.
func (d *desktop) send(method, address, host string, form url.Values) reply {
	d.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(context.WithoutCancel(d.Context()), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		d.Fatal(err)
	}
	request.Host = host
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		d.Error(err)
		return reply{}
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		d.Error(err)
	}
	return reply{response.StatusCode, response.Header, string(body)}
}

// land visits the address of GoTo's redirect, follows the redirect from there, and returns the last page.
func (d *desktop) land(landed string) string {
	d.Helper()
	sent := d.send(http.MethodGet, landed, "", nil)
	clean := sent.header.Get("Location")
	if sent.status != http.StatusSeeOther || clean != d.redirect {
		d.Errorf("redirected to %q with status %d", clean, sent.status)
	}
	return d.send(http.MethodGet, d.redirect, "", nil).text
}

// allow signs in, presses Allow, and follows the redirect.
func (d *desktop) allow(address string) error {
	if page := d.land(d.press("allow", address)); !strings.Contains(page, "Signed in as "+standin.Principal) {
		d.Errorf("the last page is %s", page)
	}
	return nil
}

func (d *desktop) portIsFree() {
	d.Helper()
	for _, network := range []string{"tcp4", "tcp6"} {
		connection, err := (&net.Dialer{}).DialContext(d.Context(), network, strings.Split(d.redirect, "/")[2])
		if err == nil {
			_ = connection.Close()
			d.Errorf("the port is still open on %s", network)
		}
	}
}

// Concurrent and later blocks and processes all share one window and one exchange.
func TestOneSignInForAll(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	var all sync.WaitGroup
	for range 3 {
		process := d.process(d.allow)
		for range 5 {
			all.Go(func() {
				login, warnings, err := process.Token(t.Context(), d.request("ada"))
				if err != nil || len(warnings) > 0 || login.Principal != standin.Principal {
					t.Errorf("got login of %q, warnings %v, error %v", login.Principal, warnings, err)
				}
			})
		}
	}
	all.Wait()
	if counts := d.server.Counts(); d.opened.Load() != 1 || counts.Token != 1 || counts.Code != 1 {
		t.Errorf("%d windows and %+v", d.opened.Load(), counts)
	}
	d.portIsFree()
}

// All requests except the answer get an error, and the run keeps waiting.
func TestOtherRequestsAreRefused(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	process := d.process(func(address string) error {
		landed := d.press("allow", address)
		query := url.Values{"code": {"AAAA"}, "state": {"goto-ANOTHER"}}.Encode()
		for name, test := range map[string]struct {
			method, address, host string
			status                int
		}{
			"icon":        {http.MethodGet, strings.Replace(d.redirect, "callback", "favicon.ico", 1), "", http.StatusNotFound},
			"no answer":   {http.MethodGet, d.redirect, "", http.StatusForbidden},
			"wrong state": {http.MethodGet, d.redirect + "?" + query, "", http.StatusForbidden},
			"no state":    {http.MethodGet, d.redirect + "?code=AAAA", "", http.StatusForbidden},
			"two states":  {http.MethodGet, landed + "&state=goto-ANOTHER", "", http.StatusForbidden},
			"wrong host":  {http.MethodGet, landed, "evil.example", http.StatusMisdirectedRequest},
			"form":        {http.MethodPost, landed, "", http.StatusMethodNotAllowed},
			"preflight":   {http.MethodOptions, landed, "", http.StatusMethodNotAllowed},
			"path above":  {http.MethodGet, strings.Replace(landed, "/callback", "/", 1), "", http.StatusNotFound},
			"path below":  {http.MethodGet, strings.Replace(landed, "/callback", "/callback/", 1), "", http.StatusNotFound},
			"no code":     {http.MethodGet, d.redirect + "?" + url.Values{"state": {stateOf(landed)}}.Encode(), "", http.StatusBadRequest},
			"two codes":   {http.MethodGet, landed + "&code=AAAA", "", http.StatusBadRequest},
		} {
			reply := d.send(test.method, test.address, test.host, nil)
			if reply.status != test.status || reply.header.Get("Cache-Control") != "no-store" ||
				reply.header.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(reply.header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("%s: got status %d, want %d, with %v", name, reply.status, test.status, reply.header)
			}
		}
		if reply := d.send(http.MethodGet, landed, "", nil); reply.status != http.StatusSeeOther {
			t.Errorf("answer: got status %d", reply.status)
		}
		if reply := d.send(http.MethodGet, landed, "", nil); reply.status != http.StatusConflict {
			t.Errorf("second answer: got status %d", reply.status)
		}
		if page := d.send(http.MethodGet, d.redirect, "", nil).text; !strings.Contains(page, "Signed in") {
			t.Errorf("the last page is %s", page)
		}
		return nil
	})
	if _, _, err := process.Token(t.Context(), d.request("ada")); err != nil {
		t.Error(err)
	}
	d.portIsFree()
}

func stateOf(landed string) string {
	parsed, err := url.Parse(landed)
	if err != nil {
		return ""
	}
	return parsed.Query().Get("state")
}

// A refusal applies to the whole run, so there is no second window.
func TestRefusalEndsTheRun(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	for range 3 {
		_, _, err := d.process(func(address string) error {
			if page := d.land(d.press("deny", address)); !strings.Contains(page, "access was not allowed") {
				t.Errorf("the last page is %s", page)
			}
			return nil
		}).Token(t.Context(), d.request("ada"))
		if failed, ok := errors.AsType[*signin.FailedError](err); !ok || !failed.Refused || !strings.Contains(failed.Reason, "access_denied") || strings.Contains(failed.Reason, "authorize URL") {
			t.Errorf("got %v", err)
		}
	}
	if d.opened.Load() != 1 {
		t.Errorf("%d windows", d.opened.Load())
	}
	d.portIsFree()
}

func TestCanceledWhileWaiting(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, _, err := d.process(func(string) error { cancel(); return nil }).Token(ctx, d.request("ada"))
	if canceled, ok := errors.AsType[*engine.CanceledError](err); !ok || !canceled.SigningIn {
		t.Errorf("got %v", err)
	}
	d.portIsFree()
}

// A canceled run opens no window and says that it was canceled. Other runs don't treat this as a refusal.
func TestCanceledRunOpensNoWindow(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 { // select picks ready channels at random
		_, _, err := d.process(func(string) error { t.Error("opened a window"); return nil }).Token(ctx, d.request("ada"))
		if canceled, ok := errors.AsType[*engine.CanceledError](err); !ok || !canceled.SigningIn {
			t.Fatalf("got %v", err)
		}
	}

	ctx, cancel = context.WithCancel(t.Context())
	process := d.process(func(address string) error {
		d.send(http.MethodGet, d.press("allow", address), "", nil)
		return nil
	})
	process.Engine.Log = func(_ context.Context, message string, _ ...map[string]any) {
		if message == "requesting a token" {
			cancel()
		}
	}
	if _, _, err := process.Token(ctx, d.request("ada")); err == nil {
		t.Error("got a token although the run was canceled before the request")
	}
	if _, _, err := d.process(d.allow).Token(t.Context(), d.request("ada")); err != nil {
		t.Error(err)
	}
}

// watched is a storage that calls read after each read.
type watched struct {
	cache.Storage
	read func()
}

func (w watched) Read(ctx context.Context, name string) ([]byte, error) {
	defer w.read()
	return w.Storage.Read(ctx, name)
}

// watch makes process call read each time it has read an entry without a claim.
func (d *desktop) watch(process *signin.Flow, read func()) {
	process.Engine.Cache = cache.New(watched{cache.NewDirectory(d.directory, cache.Options{}), read})
}

// Another process may store the login at any time. The run then opens no window, or stops waiting for its own.
func TestLoginFromAnotherProcessIsUsed(t *testing.T) {
	t.Parallel()
	for moment := 1; moment < 8; moment++ {
		d := newDesktop(t)
		d.timeout = 10 * time.Second
		process := d.process(func(string) error { return nil })
		reads := 0
		d.watch(process, func() {
			if reads++; reads != moment {
				return
			}
			pasted := d.request("ada")
			pasted.Grant = oauth.Grant{Type: oauth.AuthorizationCode, Credential: secret.New(d.server.IssueCode(standin.CodeRequest{RedirectURI: d.redirect}))}
			if _, _, err := d.process(nil).Token(t.Context(), pasted); err != nil {
				t.Error(err)
			}
		})
		if _, _, err := process.Token(t.Context(), d.request("ada")); err != nil {
			t.Errorf("login after read %d: %v", moment, err)
		}
	}
}

// If a process times out while waiting for another process's window, the window stays open.
func TestWindowStaysOpenWhenAnotherProcessTimesOut(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	looked := make(chan struct{}, 1)
	process := d.process(func(address string) error {
		impatient := d.process(func(string) error { t.Error("a second window"); return nil })
		impatient.Timeout = time.Nanosecond
		_, _, err := impatient.Token(t.Context(), d.request("ada"))
		if failed, ok := errors.AsType[*signin.FailedError](err); !ok || !strings.Contains(failed.Reason, "another sign-in uses the port") {
			t.Errorf("impatient process: got %v", err)
		}
		for range 6 {
			<-looked
		}
		return d.allow(address)
	})
	d.watch(process, func() {
		select {
		case looked <- struct{}{}:
		default:
		}
	})
	if _, _, err := process.Token(t.Context(), d.request("ada")); err != nil {
		t.Error(err)
	}
}

// A failed sign-in on another machine, whose clock is ahead, must not affect this run.
func TestFailureOnAnotherMachineIsIgnored(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	process := d.process(d.allow)
	failed := engine.FailedSignIn{Run: "1@another", At: time.Now().Add(24 * time.Hour), Window: true, Refused: true, Reason: "access_denied"}
	if err := process.Engine.SignInFailed(t.Context(), d.request("ada").Client, "ada", failed); err != nil {
		t.Fatal(err)
	}
	if _, _, err := process.Token(t.Context(), d.request("ada")); err != nil {
		t.Error(err)
	}
}

// A login that GoTo has ended is replaced as if it were missing.
func TestEndedLoginIsReplaced(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	if _, _, err := d.process(d.allow).Token(t.Context(), d.request("ada")); err != nil {
		t.Fatal(err)
	}
	d.server.RevokeAll()
	refused := d.request("ada")
	refused.MinValidity = 2 * time.Hour
	refused.Private = true
	if _, _, err := d.process(d.allow).Token(t.Context(), refused); err != nil {
		t.Error(err)
	}
	if d.opened.Load() != 2 {
		t.Errorf("%d windows", d.opened.Load())
	}
}

// Without a refresh token, a private access token of one block is useless to the next, and signing in for each would
// open one window per block. The error says what to change.
func TestPrivateTokenWithoutRefreshTokenOpensNoWindow(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	d.server.Configure(func(b *standin.Behavior) { b.OmitReply = []string{"refresh_token"} })
	private := d.request("ada")
	private.Private = true
	if _, _, err := d.process(d.allow).Token(t.Context(), private); err != nil {
		t.Fatal(err)
	}
	_, _, err := d.process(func(string) error { t.Error("a second window"); return nil }).Token(t.Context(), private)
	if ended, ok := errors.AsType[*engine.LoginEndedError](err); !ok || !ended.Private {
		t.Errorf("got %v", err)
	}
	if _, _, err := d.process(d.allow).Token(t.Context(), d.request("ada")); err != nil {
		t.Errorf("with a shared token: %v", err)
	}
}

// Two people sign in one after the other on the same port.
func TestTwoProfilesSignInOneAfterTheOther(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	var all sync.WaitGroup
	for _, profile := range []string{"ada", "grace"} {
		process := d.process(d.allow)
		all.Go(func() {
			if _, _, err := process.Token(t.Context(), d.request(profile)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if d.opened.Load() != 2 {
		t.Errorf("%d windows", d.opened.Load())
	}
}

func TestBrowserSignInIsUnavailable(t *testing.T) {
	t.Parallel()
	d := newDesktop(t)
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for name, test := range map[string]struct {
		environment map[string]string
		redirect    string
		want        string
	}{
		"pipeline":        {map[string]string{"CI": "true", "BROWSER": os.Args[0]}, d.redirect, "CI is set"},
		"automation":      {map[string]string{"TF_IN_AUTOMATION": "1", "BROWSER": os.Args[0]}, d.redirect, "TF_IN_AUTOMATION is set"},
		"no redirect URI": {map[string]string{"BROWSER": os.Args[0]}, "", "there is no redirect_uri"},
		"not loopback":    {map[string]string{"BROWSER": os.Args[0]}, "http://192.0.2.1:8976/callback", "is not a loopback address"},
		"mapped IPv4":     {map[string]string{"BROWSER": os.Args[0]}, "http://[::ffff:127.0.0.1]:8976/callback", "is not a loopback address"},
		"long IPv6":       {map[string]string{"BROWSER": os.Args[0]}, "http://[0:0:0:0:0:0:0:1]:8976/callback", "is not a loopback address"},
		"https":           {map[string]string{"BROWSER": os.Args[0]}, "https://localhost:8976/callback", "is not a loopback address"},
		"no such browser": {map[string]string{"BROWSER": "no-such-browser --new"}, d.redirect, "BROWSER does not name a program that can be run: no-such-browser --new"},
		"port taken":      {map[string]string{"BROWSER": os.Args[0]}, other.URL + "/callback", strings.TrimPrefix(other.URL, "http://")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			process := d.process(func(string) error { t.Error("opened a window"); return nil })
			process.Getenv = func(name string) string { return test.environment[name] }
			request := d.request(name)
			request.Client.RedirectURI = test.redirect
			_, _, err := process.Token(t.Context(), request)
			unavailable, ok := errors.AsType[*signin.UnavailableError](err)
			if !ok || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v", err)
			}
			if _, ok := errors.AsType[*engine.NoLoginError](unavailable.Cause); !ok {
				t.Errorf("got cause %v", unavailable.Cause)
			}
		})
	}
}
