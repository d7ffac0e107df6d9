package engine_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// holding makes the server process requests and keep the answers back. arrived says that one has been processed.
func (w *world) holding() (arrived chan struct{}, answer func()) {
	arrived, gate := make(chan struct{}, 100), make(chan struct{})
	w.server.Configure(func(b *standin.Behaviour) {
		b.BeforeAnswer = func(*http.Request) {
			arrived <- struct{}{}
			<-gate
		}
	})
	answer = sync.OnceFunc(func() { close(gate) })
	w.Cleanup(answer)
	return arrived, answer
}

// A request that has been processed is waited for although its run is cancelled, and what it brings is stored.
func TestCancelledRunLetsItsRequestComeHome(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*world) engine.Request{"code": (*world).code, "refresh token": (*world).refreshToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newKillingWorld(t)
			request := start(w)
			arrived, answer := w.holding()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			process := w.process()
			go func() {
				_, _, err := process.Token(ctx, request)
				done <- err
			}()
			<-arrived
			cancel()
			answer()
			if err := <-done; err != nil {
				t.Error(err)
			}
			w.server.ResetCounts()
			w.token(request)
			w.counts(0, 0, 0)
		})
	}
}

// An answer that nobody has seen is named by every later run, with the process whose request it was for. A code is
// not sent again.
func TestLostAnswerIsNamed(t *testing.T) {
	t.Parallel()
	w := newKillingWorld(t)
	code, refreshToken := w.code(), w.refreshToken()
	w.server.Configure(func(b *standin.Behaviour) {
		b.BeforeAnswer = func(*http.Request) { panic(http.ErrAbortHandler) }
	})
	for range 2 { // the second one is told the same
		for _, request := range []engine.Request{code, refreshToken} {
			fails(w, request, func(err *oauth.TokenError) bool { return err.Outcome == oauth.Interrupted })
		}
	}
	w.counts(1, 1, 0)
	lostAt := w.time()
	w.server.Configure(func(b *standin.Behaviour) { b.BeforeAnswer = nil })
	for range 3 {
		w.pass(time.Minute)
		isOurs := func(lost engine.Intent) bool { return lost.Process == os.Getpid() && lost.At.Equal(lostAt) }
		fails(w, code, func(err *engine.AnswerLostError) bool { return isOurs(err.Lost) })
		fails(w, refreshToken, func(err *engine.LoginEndedError) bool { return err.Lost != nil && isOurs(*err.Lost) })
		w.counts(0, 1, 0)
	}
}

// The same where the answer is lost and the request repeated within one call.
func TestAnswerLostBetweenRepetitionsIsNamed(t *testing.T) {
	t.Parallel()
	w := newKillingWorld(t)
	request := w.refreshToken()
	var once sync.Once
	w.server.Configure(func(b *standin.Behaviour) {
		b.BeforeAnswer = func(*http.Request) { once.Do(func() { panic(http.ErrAbortHandler) }) }
	})
	process := w.process()
	process.Endpoint.MaxRetries = 1
	process.Endpoint.Wait = func(int) time.Duration { return 0 }
	_, _, err := process.Token(t.Context(), request)
	if ended, ok := errors.AsType[*engine.LoginEndedError](err); !ok || ended.Lost == nil {
		t.Errorf("got %T %v", err, err)
	}
	w.counts(0, 2, 0)
}

// What was not sent is not taken for lost.
func TestNothingIsLostBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, request := range []engine.Request{w.code(), w.refreshToken()} {
		process := w.process()
		ctx, cancel := context.WithCancel(t.Context())
		process.Endpoint.HTTP.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			cancel()
			return nil, errors.New("no connection")
		})
		if _, _, err := process.Token(ctx, request); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		w.counts(0, 0, 0)
		w.token(request)
		w.server.ResetCounts()
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// How a request has failed answers for all processes that would send the same, also for those that have waited for
// longer than it is remembered.
func TestProcessesShareAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, answer := w.holding()
	request := with(oauth.RefreshToken, "a refresh token that GoTo does not know")
	errs := make(chan error)
	ask := func() {
		process := w.process()
		go func() {
			_, _, err := process.Token(t.Context(), request)
			errs <- err
		}()
	}
	const processes = 12
	ask()
	<-arrived
	for range processes - 1 {
		ask()
	}
	w.pass(time.Minute)
	answer()
	for range processes {
		if refused, ok := errors.AsType[*oauth.TokenError](<-errs); !ok || refused.Code != oauth.InvalidGrant {
			t.Errorf("got %v", refused)
		}
	}
	w.counts(0, 1, 0)
	w.pass(time.Minute)
	fails(w, request, func(err *oauth.TokenError) bool { return err.Code == oauth.InvalidGrant })
	w.counts(0, 1, 0)
}

// Nobody with a valid token waits for a request that is under way.
func TestValidTokenDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "main"
	valid := w.token(request)
	arrived, answer := w.holding()
	longer := request
	longer.MinValidity = 55 * time.Minute
	w.pass(10 * time.Minute)
	one := w.process() // one of its blocks waits for the answer, the others do not
	done := make(chan error)
	go func() {
		_, _, err := one.Token(t.Context(), longer)
		done <- err
	}()
	<-arrived
	for _, process := range []*engine.Engine{one, w.process()} {
		for _, asked := range []engine.Request{request, profile("main")} {
			login, _, err := process.Token(t.Context(), asked)
			if err != nil || !login.AccessToken.Equal(valid.AccessToken) {
				t.Errorf("got another token, or %v", err)
			}
		}
	}
	answer()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Ctrl-C ends the wait for another run at once, and says what was waited for.
func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	arrived, answer := w.holding()
	done := make(chan error)
	first := w.process()
	go func() {
		_, _, err := first.Token(t.Context(), request)
		done <- err
	}()
	<-arrived
	for _, process := range []*engine.Engine{first, w.process()} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := process.Token(ctx, request)
		if _, ok := errors.AsType[*engine.CancelledError](err); !ok {
			t.Errorf("got %T %v", err, err)
		}
	}
	answer()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A process that keeps the claim for longer than its request can take is named. However many blocks wait for it, they
// wait once.
func TestBusyLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	arrived, answer := w.holding()
	done := make(chan error)
	first := w.process()
	go func() {
		_, _, err := first.Token(t.Context(), request)
		done <- err
	}()
	<-arrived
	w.pass(2 * patience)
	var waits atomic.Int64
	storage := cache.NewDirectory(w.directory, cache.Options{Now: w.time, ClaimTimeout: time.Nanosecond,
		Log: func(context.Context, string, ...map[string]any) { waits.Add(1) }})
	process := w.engineOn(storage)
	var blocks sync.WaitGroup
	for range 5 {
		blocks.Go(func() {
			_, _, err := process.Token(t.Context(), request)
			if busy, ok := errors.AsType[*engine.BusyError](err); !ok || busy.Intent == nil || busy.Intent.Process != os.Getpid() {
				t.Errorf("got %T %v", err, err)
			}
		})
	}
	blocks.Wait()
	if waits.Load() != 1 {
		t.Errorf("waited %d times", waits.Load())
	}
	answer()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A code that brings no refresh token is sent once even where its access token is not kept.
func TestPrivateTokenOfACodeWithoutARefreshToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) { b.OmitReply = []string{"refresh_token"} })
	code := w.code()
	code.Private = true
	w.token(code)
	for range 2 {
		fails(w, code, func(err *engine.LoginEndedError) bool { return err.Private && err.Err == nil })
	}
	w.counts(1, 0, 0)
}

// A personal access token works without a cache, and says so only if a place for it was named.
func TestPersonalAccessTokenNeedsNoCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	storage, err := cache.OpenLocation("file:///"+strings.TrimPrefix(filepath.ToSlash(file), "/"), cache.Options{Now: w.time})
	if err != nil {
		t.Fatal(err)
	}
	process := w.engineOn(storage)
	for range 3 {
		_, warnings, err := process.Token(t.Context(), request)
		if _, ok := only[engine.NotStoredWarning](warnings); err != nil || !ok {
			t.Fatalf("got warnings %v and error %v", warnings, err)
		}
	}
	w.counts(0, 0, 1)
}
