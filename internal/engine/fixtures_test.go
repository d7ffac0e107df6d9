package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// world combines a stand-in, a cache directory and a clock that both sides read.
type world struct {
	*testing.T
	server    *standin.Server
	directory string

	mutex sync.Mutex
	now   time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, directory: filepath.Join(t.TempDir(), "cache"), now: time.Now()}
	server, err := standin.Start(standin.WithClock(w.time))
	must(t, err)
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.server = server
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) time() time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.now
}

func (w *world) pass(duration time.Duration) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.now = w.now.Add(duration)
}

// longTimeout limits requests and claims in tests of other behavior: longer than they take on any machine, and shorter
// than the hour that some answers ask clients to wait.
const longTimeout = 10 * time.Minute

// process returns a new engine on the cache directory, as in a new process.
func (w *world) process() *engine.Engine {
	w.Helper()
	return w.engineOn(w.storage(cache.Options{}))
}

// storage returns a new storage in the cache directory, as in a new process.
func (w *world) storage(options cache.Options) cache.Storage {
	options.Now = w.time
	return cache.NewDirectory(w.directory, options)
}

// begin lets process ask for a token while the test continues. The returned function waits for the answer and fails the
// test unless it is a token.
func (w *world) begin(ctx context.Context, process *engine.Engine, request engine.Request) (ended func()) {
	done := make(chan error)
	go func() {
		_, warnings, err := process.Token(ctx, request)
		done <- withWarnings(warnings, err)
	}()
	return func() {
		w.Helper()
		if err := <-done; err != nil {
			w.Error(err)
		}
	}
}

func (w *world) engineOn(storage cache.Storage) *engine.Engine {
	w.Helper()
	server, err := oauth.NewServer(w.server.URL)
	must(w, err)
	return &engine.Engine{
		Endpoint: &oauth.TokenEndpoint{
			Server: server,
			HTTP:   httpclient.New(longTimeout),
			Now:    w.time,
		},
		Cache: cache.New(storage),
		Now:   w.time,
	}
}

// token asks a new process for a token and fails the test unless it gets one.
func (w *world) token(request engine.Request) engine.Login {
	w.Helper()
	return w.tokenOf(w.process(), request)
}

// tokenOf asks process for a token and fails the test unless it gets one, without warnings.
func (w *world) tokenOf(process *engine.Engine, request engine.Request) engine.Login {
	w.Helper()
	login, warnings, err := process.Token(w.Context(), request)
	must(w, withWarnings(warnings, err))
	return login
}

// fails asks a new process for a token and fails the test unless it gets the expected error of type E.
func fails[E error](w *world, request engine.Request, expected func(E) bool) {
	w.Helper()
	failsOn(w, w.process(), request, expected)
}

// failsOn is fails for a given process.
func failsOn[E error](w *world, process *engine.Engine, request engine.Request, expected func(E) bool) {
	w.Helper()
	_, _, err := process.Token(w.Context(), request)
	if failure, ok := errors.AsType[E](err); !ok || !expected(failure) {
		w.Fatalf("got %T %v", err, err)
	}
}

// counts fails the test unless the token endpoint has received exactly these requests since the last call.
func (w *world) counts(codes, refreshes, personalAccessTokens int) {
	w.Helper()
	got := w.server.Counts()
	if got.Code != codes || got.Refresh != refreshes || got.PersonalAccessToken != personalAccessTokens {
		w.Errorf("token requests: %d with a code, %d refreshes, %d with a personal access token; want %d, %d, %d",
			got.Code, got.Refresh, got.PersonalAccessToken, codes, refreshes, personalAccessTokens)
	}
	w.server.ResetCounts()
}

var client = oauth.Client{
	ID:          standin.ClientID,
	Secret:      secret.New(standin.ClientSecret),
	RedirectURI: standin.RedirectURI,
}

func with(grantType oauth.GrantType, credential string) engine.Request {
	return engine.Request{
		Client:      client,
		Grant:       oauth.Grant{Type: grantType, Credential: secret.New(credential)},
		MinValidity: 10 * time.Minute,
	}
}

func (w *world) code() engine.Request {
	return with(oauth.AuthorizationCode, w.server.IssueCode(standin.CodeRequest{}))
}

func (w *world) refreshToken() engine.Request {
	return with(oauth.RefreshToken, w.server.IssueRefreshToken())
}

func profile(name string) engine.Request {
	return engine.Request{Client: client, Profile: name, MinValidity: 10 * time.Minute}
}

func (w *world) replaceAlways() {
	w.server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Always })
}

// faultyStorage fails, or calls a function first, where its fields say so.
type faultyStorage struct {
	cache.Storage
	claim         func(cache.Wait) error
	intent, write error
	unsynced      bool // a write that fails takes effect
	beforeWrite   func()
}

var errNoSpace = errors.New("no space left")

func (s *faultyStorage) Claim(ctx context.Context, key cache.Key, wait cache.Wait) (cache.StorageClaim, error) {
	if s.claim != nil {
		if err := s.claim(wait); err != nil {
			return nil, err
		}
	}
	held, err := s.Storage.Claim(ctx, key, wait)
	return faultyClaim{held, s}, err
}

type faultyClaim struct {
	cache.StorageClaim
	storage *faultyStorage
}

func (h faultyClaim) WriteIntent(ctx context.Context, contents []byte) error {
	if h.storage.intent != nil {
		return h.storage.intent
	}
	return h.StorageClaim.WriteIntent(ctx, contents)
}

func (h faultyClaim) Write(ctx context.Context, contents []byte, durable bool) error {
	if h.storage.write != nil && !h.storage.unsynced {
		return h.storage.write
	}
	if err := ctx.Err(); err != nil { // a directory ignores the context
		return err
	}
	if h.storage.beforeWrite != nil {
		h.storage.beforeWrite()
	}
	return errors.Join(h.StorageClaim.Write(ctx, contents, durable), h.storage.write)
}

// unsaved returns a process that holds a login that it could not store.
func (w *world) unsaved(request engine.Request) (*engine.Engine, *faultyStorage) {
	w.Helper()
	faulty := &faultyStorage{Storage: w.storage(cache.Options{}), write: errNoSpace}
	process := w.engineOn(faulty)
	warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
	return process, faulty
}

// holdAnswers makes the server process requests but hold back the answers. arrived receives a value for each processed
// request.
func (w *world) holdAnswers() (arrived chan struct{}, answer func()) {
	arrived, gate := make(chan struct{}, 100), make(chan struct{})
	w.server.Configure(func(b *standin.Behavior) {
		b.BeforeAnswer = func(*http.Request) {
			arrived <- struct{}{}
			<-gate
		}
	})
	answer = sync.OnceFunc(func() { close(gate) })
	w.Cleanup(answer)
	return arrived, answer
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// claim claims the entry of the key with these parts and keeps the claim, like another process.
func (w *world) claim(parts ...string) error {
	claim, err := cache.New(w.storage(cache.Options{})).Claim(w.Context(), cache.NewKey(parts...))
	if err == nil {
		w.Cleanup(func() { _ = claim.End() }) // also protects it from the garbage collector
	}
	return err
}

// warns asks process for a token and fails the test unless it gets exactly one warning, the expected one of type W.
func warns[W engine.Warning](w *world, process *engine.Engine, request engine.Request, expected func(W) bool) engine.Login {
	w.Helper()
	login, warnings, err := process.Token(w.Context(), request)
	if warning, ok := only[W](warnings); err != nil || !ok || !expected(warning) {
		w.Fatalf("got warnings %+v and error %v", warnings, err)
	}
	return login
}

// only returns the warning of type W if it is the only warning.
func only[W engine.Warning](warnings []engine.Warning) (warning W, ok bool) {
	if len(warnings) == 1 {
		warning, ok = warnings[0].(W)
	}
	return warning, ok
}

// withWarnings returns err joined with an error if there are warnings.
func withWarnings(warnings []engine.Warning, err error) error {
	if len(warnings) > 0 {
		return errors.Join(err, fmt.Errorf("warnings: %+v", warnings))
	}
	return err
}

// newReuseDetectingWorld returns a world whose server replaces every refresh token, and revokes the whole login when it
// sees a replaced one.
func newReuseDetectingWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) {
		b.ReplaceRefreshToken = standin.Always
		b.ReuseKillsFamily = true
	})
	return w
}
