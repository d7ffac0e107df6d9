package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/terraform-goto/terraform-provider-goto/internal/httpclient"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// world is a stand-in, a cache directory and a clock that both sides read.
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
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	w.server = server
	return w
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

// patience is how long requests and claims may take where a test is not about that: longer than on any
// machine, and shorter than the hour that some answers ask to wait.
const patience = 10 * time.Minute

// process returns a new engine on the cache directory, as a new process has one.
func (w *world) process() *engine.Engine {
	w.Helper()
	return w.engineOn(cache.NewDirectory(w.directory, cache.Options{Now: w.time}))
}

func (w *world) engineOn(storage cache.Storage) *engine.Engine {
	w.Helper()
	server, err := oauth.NewServer(w.server.URL)
	if err != nil {
		w.Fatal(err)
	}
	return &engine.Engine{
		Endpoint: &oauth.TokenEndpoint{
			Server: server,
			HTTP:   httpclient.New(patience),
			Now:    w.time,
		},
		Cache: cache.New(storage),
		Now:   w.time,
	}
}

// token asks a new process, and fails the test unless it gets a token.
func (w *world) token(request engine.Request) engine.Login {
	w.Helper()
	login, warnings, err := w.process().Token(w.Context(), request)
	if err != nil {
		w.Fatal(err)
	}
	for _, warning := range warnings {
		w.Errorf("warning: %+v", warning)
	}
	return login
}

// fails asks a new process, and fails the test unless the error is of type E and as expected.
func fails[E error](w *world, request engine.Request, expected func(E) bool) {
	w.Helper()
	_, _, err := w.process().Token(w.Context(), request)
	if failure, ok := errors.AsType[E](err); !ok || !expected(failure) {
		w.Fatalf("got %T %v", err, err)
	}
}

// counts fails the test unless the token endpoint has seen exactly these requests since the last call.
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
	w.server.Configure(func(b *standin.Behaviour) { b.ReplaceRefreshToken = standin.Always })
}

// Promise 2 and the life of a code: none stored, valid, refreshed, refreshed again.
func TestCodeIsExchangedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) { b.ReuseKillsFamily = true })
	code := w.code()

	first := w.token(code)
	w.counts(1, 0, 0)
	if again := w.token(code); !again.AccessToken.Equal(first.AccessToken) {
		t.Error("the next process got another token")
	}
	w.counts(0, 0, 0)

	for range 2 {
		w.pass(55 * time.Minute)
		if renewed := w.token(code); renewed.AccessToken.Equal(first.AccessToken) {
			t.Error("a token that ends too soon was handed out")
		}
		w.counts(0, 1, 0)
	}
}

func TestCodeWithoutCacheIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code()

	_, _, err := w.engineOn(cache.NewMemory()).Token(t.Context(), code)
	var refused *engine.CacheRequiredError
	if !errors.As(err, &refused) || refused.Grant != oauth.AuthorizationCode {
		t.Errorf("got %v", err)
	}
	_, _, err = w.engineOn(cache.NewMemory()).Token(t.Context(), profile("ada"))
	if !errors.As(err, &refused) || refused.Grant != "" {
		t.Errorf("got %v", err)
	}
	w.counts(0, 0, 0)
	w.token(code)
}

func TestNothingIsSentIntoAnUnwritableCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, refreshToken := w.code(), w.refreshToken()
	storage := cache.NewDirectory(w.directory, cache.Options{})
	full := &faultyStorage{Storage: storage, intent: errors.New("no space left")}

	for _, request := range []engine.Request{code, refreshToken} {
		_, _, err := w.engineOn(full).Token(t.Context(), request)
		if _, ok := errors.AsType[*engine.CacheError](err); !ok {
			t.Errorf("got %v", err)
		}
		w.counts(0, 0, 0)
		w.token(request)
		w.server.ResetCounts()
	}
}

// Promise 4: whatever the server does with the old token, the one to use next is stored and handed out.
func TestReplacedRefreshTokenIsKept(t *testing.T) {
	t.Parallel()
	for name, behaviour := range map[string]standin.Behaviour{
		"replaced one dies":         {ReplaceRefreshToken: standin.Always},
		"replaced one lives":        {ReplaceRefreshToken: standin.Always, ReplacedTokenLives: true},
		"reuse kills the family":    {ReplaceRefreshToken: standin.Always, ReuseKillsFamily: true},
		"reply without one":         {ReplaceRefreshToken: standin.Never},
		"the same one is sent back": {ReplaceRefreshToken: standin.Never, EchoRefreshToken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.server.Configure(func(b *standin.Behaviour) {
				b.ReplaceRefreshToken = behaviour.ReplaceRefreshToken
				b.ReplacedTokenLives = behaviour.ReplacedTokenLives
				b.ReuseKillsFamily = behaviour.ReuseKillsFamily
				b.EchoRefreshToken = behaviour.EchoRefreshToken
			})
			request := w.refreshToken()
			for range 5 {
				login := w.token(request)
				w.counts(0, 1, 0)
				replaced := !login.RefreshToken.Equal(request.Grant.Credential)
				if replaced != (behaviour.ReplaceRefreshToken == standin.Always) {
					t.Error("the refresh token handed out is not the one to use next")
				}
				w.pass(time.Hour)
			}
		})
	}
}

// Promise 3, across processes: see also the command-line stories.
func TestOneRequestForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()

	var waiting sync.WaitGroup
	for range 8 {
		process := w.process()
		for range 25 {
			waiting.Go(func() {
				if _, _, err := process.Token(t.Context(), request); err != nil {
					t.Error(err)
				}
			})
		}
	}
	waiting.Wait()
	w.counts(0, 1, 0)
}

// Many blocks with one credential that is refused are one refused request, and a code is not shown again.
func TestOneFailureForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	process, code := w.process(), with(oauth.AuthorizationCode, "a code that GoTo does not know")
	ask := func() {
		t.Helper()
		_, _, err := process.Token(t.Context(), code)
		if refused, ok := errors.AsType[*oauth.TokenError](err); !ok || refused.Code != oauth.InvalidGrant {
			t.Errorf("got %v", err)
		}
	}
	for range 100 {
		ask()
	}
	w.counts(1, 0, 0)

	corrected := code
	corrected.Client.Secret = secret.New("another")
	_, _, err := process.Token(t.Context(), corrected)
	if refused, ok := errors.AsType[*oauth.TokenError](err); !ok || refused.Code != oauth.InvalidClient {
		t.Errorf("another request got %v", err)
	}
	w.counts(1, 0, 0)
	w.pass(time.Minute)
	ask()
	w.counts(1, 0, 0)
}

// countingStorage counts reads.
type countingStorage struct {
	cache.Storage
	reads atomic.Int64
}

func (s *countingStorage) Read(ctx context.Context, name string) ([]byte, error) {
	s.reads.Add(1)
	return s.Storage.Read(ctx, name)
}

// One block reads for all of a process, by credential and by profile.
func TestOneReadForManyBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "ada"
	w.token(request)
	for name, asked := range map[string]engine.Request{"credential": with(oauth.RefreshToken, request.Grant.Credential.Reveal()), "profile": profile("ada")} {
		storage := &countingStorage{Storage: cache.NewDirectory(w.directory, cache.Options{Now: w.time})}
		process := w.engineOn(storage)
		var waiting sync.WaitGroup
		for range 100 {
			waiting.Go(func() {
				if _, _, err := process.Token(t.Context(), asked); err != nil {
					t.Error(err)
				}
			})
		}
		waiting.Wait()
		want := int64(1)
		if asked.Profile != "" {
			want = 2 // the name, and what it leads to
		}
		if reads := storage.reads.Load(); reads != want {
			t.Errorf("by %s: %d reads, want %d", name, reads, want)
		}
	}
	w.counts(0, 1, 0)
}

func TestCredentialsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow, quick := w.refreshToken(), w.refreshToken()
	arrived, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(http.ResponseWriter, *http.Request) bool {
			first := false
			once.Do(func() { first = true })
			if first {
				close(arrived)
				<-release
			}
			return false
		}
	})
	process := w.process()
	done := make(chan error)
	go func() {
		_, _, err := process.Token(t.Context(), slow)
		done <- err
	}()
	<-arrived
	if _, _, err := process.Token(t.Context(), quick); err != nil {
		t.Error(err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestPersonalAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())

	login := w.token(request)
	w.token(request)
	w.counts(0, 0, 1)
	if !login.RefreshToken.IsEmpty() {
		t.Error("a refresh token out of nothing")
	}
	w.pass(time.Hour)
	w.token(request)
	w.counts(0, 0, 1)
}

// Promise 8: whatever the life of the tokens, one request an opening at most, and none while the
// token is in the first half of its life.
func TestShortTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) { b.AccessTokenLifetime = 4 * time.Minute })
	request := w.refreshToken()

	for _, step := range []struct {
		pass      time.Duration
		refreshes int
	}{{0, 1}, {time.Minute, 0}, {time.Minute, 0}, {time.Second, 1}, {time.Minute, 0}} {
		w.pass(step.pass)
		_, warnings, err := w.process().Token(t.Context(), request)
		if _, ok := only[engine.ShortTokenWarning](warnings); err != nil || !ok {
			t.Fatalf("got warnings %v and error %v, want one about a short token", warnings, err)
		}
		w.counts(0, step.refreshes, 0)
	}
}

func TestMinValidity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	w.token(request)
	w.counts(0, 1, 0)

	w.pass(10 * time.Minute)
	request.MinValidity = 50 * time.Minute
	w.token(request)
	w.counts(0, 0, 0)
	request.MinValidity = 51 * time.Minute
	w.token(request)
	w.counts(0, 1, 0)
}

// A clock that was wrong when the token was stored must not make an ended token look valid.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	w.pass(24 * time.Hour)
	w.token(request)
	w.counts(0, 1, 0)

	w.pass(-24 * time.Hour)
	w.token(request)
	w.counts(0, 1, 0)
}

// Promise 9.
func TestEndedLogin(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized} {
		w := newWorld(t)
		w.server.Configure(func(b *standin.Behaviour) { b.InvalidGrantStatus = status })
		code := w.code()
		code.Profile = "ada"
		w.token(code)
		w.counts(1, 0, 0)
		w.server.RevokeAll()
		w.pass(time.Hour)

		fails(w, code, func(err *engine.LoginEndedError) bool { return err.Grant == oauth.AuthorizationCode })
		fails(w, profile("ada"), func(err *engine.LoginEndedError) bool { return err.Grant == "" })
		w.counts(0, 1, 0) // for both, and the code was not sent again

		signedInAgain := w.code()
		signedInAgain.Profile = "ada"
		w.token(signedInAgain)
		w.token(profile("ada"))
		w.counts(1, 0, 0)
	}
}

func TestConfiguredRefreshTokenStandsInForADeadOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) {
		b.ReplaceRefreshToken = standin.Always
		b.ReplacedTokenLives = true
	})
	request := w.refreshToken()
	w.token(request) // stores another one
	w.counts(0, 1, 0)

	w.pass(time.Hour)
	configured := request.Grant.Credential.Reveal()
	w.server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(rw http.ResponseWriter, r *http.Request) bool {
			if err := r.ParseForm(); err != nil || r.PostForm.Get("refresh_token") == configured {
				return false
			}
			rw.WriteHeader(http.StatusBadRequest)
			_, err := rw.Write([]byte(`{"error":"invalid_grant"}`))
			return err == nil
		}
	})
	w.token(request)
	w.counts(0, 2, 0)
}

// What is neither the credential's nor the login's fault ends nothing.
func TestOtherRefusalsKeepTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "ada"
	w.token(request)
	w.counts(0, 1, 0)
	w.pass(time.Hour)

	wrong := profile("ada")
	wrong.Client.Secret = secret.New("another")
	_, warnings, err := w.process().Token(t.Context(), wrong)
	if none, ok := errors.AsType[*engine.NoLoginError](err); !ok || len(warnings) > 0 || none.Found == nil || !none.Found.NeedsAnotherSealer() {
		t.Errorf("got warnings %v and error %v, want one about the secret", warnings, err)
	}
	w.counts(0, 0, 0)
	w.server.Configure(func(b *standin.Behaviour) {
		b.Intercept = func(rw http.ResponseWriter, _ *http.Request) bool {
			rw.WriteHeader(http.StatusInternalServerError)
			return true
		}
	})
	fails(w, profile("ada"), func(err *oauth.TokenError) bool { return err.Outcome == oauth.Unavailable })
	w.server.Configure(func(b *standin.Behaviour) { b.Intercept = nil })
	w.server.ResetCounts()
	w.pass(time.Minute)
	w.token(profile("ada"))
	w.counts(0, 1, 0)
}

func TestDamagedEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refreshToken, code := w.refreshToken(), w.code()
	w.token(refreshToken)
	w.token(code)
	w.counts(1, 1, 0)
	w.damageEntries()

	_, warnings, err := w.process().Token(t.Context(), refreshToken)
	if _, ok := only[engine.UnreadableWarning](warnings); err != nil || !ok {
		t.Errorf("got warnings %v and error %v, want one about the entry", warnings, err)
	}
	w.counts(0, 1, 0)
	fails(w, code, func(err *engine.LoginEndedError) bool { return err.Grant == oauth.AuthorizationCode })
	w.counts(0, 0, 0) // the entry shows that the code was used
	w.token(refreshToken)
}

func (w *world) damageEntries() {
	w.Helper()
	entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2"))
	if err != nil || len(entries) == 0 {
		w.Fatal("no entries", err)
	}
	for _, entry := range entries {
		contents, err := os.ReadFile(entry)
		if err != nil {
			w.Fatal(err)
		}
		contents[len(contents)-1] ^= 1
		if err := os.WriteFile(entry, contents, 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

// Entries under the client secret of the past are left alone: who has that secret can still use them.
func TestAnotherClientSecretKeepsTheEntry(t *testing.T) {
	t.Parallel()
	const otherSecret = "the client secret after it was renewed"
	w := newWorld(t)
	request := w.refreshToken()
	first := w.token(request)

	renewed := request
	renewed.Client.Secret = secret.New(otherSecret)
	_, warnings, err := w.process().Token(t.Context(), renewed)
	if _, ok := only[engine.UnreadableWarning](warnings); err == nil || !ok {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
	w.server.ResetCounts()
	if again := w.token(request); !again.AccessToken.Equal(first.AccessToken) {
		t.Error("the entry has changed")
	}
	w.counts(0, 0, 0)
}

// Promise 4, the worst case: the server has answered and the disk refuses.
func TestStoringFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	storage := cache.NewDirectory(w.directory, cache.Options{Now: w.time})
	faulty := &faultyStorage{Storage: storage, write: errors.New("no space left")}
	process := w.engineOn(faulty)

	for range 3 { // the rest of the process goes on with what could not be stored
		login, warnings, err := process.Token(t.Context(), request)
		if _, ok := only[engine.NotStoredWarning](warnings); err != nil || !ok {
			t.Fatalf("got warnings %v and error %v", warnings, err)
		}
		if login.RefreshToken.Equal(request.Grant.Credential) {
			t.Error("the replaced refresh token is handed out")
		}
	}
	w.counts(0, 1, 0)

	faulty.repair()
	if _, warnings, err := process.Token(t.Context(), request); err != nil || len(warnings) != 0 {
		t.Errorf("got warnings %v and error %v after the repair", warnings, err)
	}
	w.pass(time.Hour)
	w.token(request) // another process: only the stored token is accepted
	w.counts(0, 1, 0)
}

func TestCacheOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	process := w.engineOn(cache.NewMemory())
	request := w.refreshToken()
	for range 2 {
		if _, warnings, err := process.Token(t.Context(), request); err != nil || len(warnings) != 0 {
			t.Errorf("got warnings %v and error %v", warnings, err)
		}
	}
	w.counts(0, 1, 0)

	w.replaceAlways()
	_, warnings, err := w.engineOn(cache.NewMemory()).Token(t.Context(), request)
	if _, ok := only[engine.ReplacedWarning](warnings); err != nil || !ok {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
}

func TestCancelledRunKeepsWhatTheServerGave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	ctx, cancel := context.WithCancel(t.Context())
	storage := cache.NewDirectory(w.directory, cache.Options{Now: w.time})
	// The reply is there, and Ctrl-C comes before it is stored.
	process := w.engineOn(&faultyStorage{Storage: storage, beforeWrite: cancel})
	if _, _, err := process.Token(ctx, request); err != nil {
		t.Fatal(err)
	}
	w.counts(0, 1, 0)
	w.token(request)
	w.counts(0, 0, 0)
}

func TestNoCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fails(w, engine.Request{Client: client}, func(*engine.NoCredentialError) bool { return true })
	w.counts(0, 0, 0)
}

// Keys never change between releases: a stored login would be lost, and a code exchanged again.
func TestEntriesKeepTheirNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "ada"
	w.token(request)

	for _, parts := range [][]string{
		{"credential", w.server.URL, client.ID, "refresh_token", request.Grant.Credential.Reveal()},
		{"profile", w.server.URL, client.ID, "ada"},
	} {
		pattern := filepath.Join(w.directory, cache.NewKey(parts...).String()+".v2")
		if found, err := filepath.Glob(pattern); err != nil || len(found) != 1 {
			t.Errorf("entries of %s: %v, %v", parts[0], found, err)
		}
	}
}

// faultyStorage fails, or does something first, where it is told to.
type faultyStorage struct {
	cache.Storage
	mutex       sync.Mutex
	intent      error
	write       error
	beforeWrite func()
}

func (s *faultyStorage) repair() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.write = nil
}

func (s *faultyStorage) Claim(ctx context.Context, key cache.Key, wait bool) (cache.Held, error) {
	held, err := s.Storage.Claim(ctx, key, wait)
	return faultyHeld{held, s}, err
}

type faultyHeld struct {
	cache.Held
	storage *faultyStorage
}

func (h faultyHeld) WriteIntent(ctx context.Context, contents []byte) error {
	if h.storage.intent != nil {
		return h.storage.intent
	}
	return h.Held.WriteIntent(ctx, contents)
}

func (h faultyHeld) Write(ctx context.Context, contents []byte, durable bool) error {
	h.storage.mutex.Lock()
	failure := h.storage.write
	h.storage.mutex.Unlock()
	if failure != nil {
		return failure
	}
	if err := ctx.Err(); err != nil { // which a directory does not look at
		return err
	}
	if h.storage.beforeWrite != nil {
		h.storage.beforeWrite()
	}
	return h.Held.Write(ctx, contents, durable)
}

func TestLoginPrintsNoSecret(t *testing.T) {
	t.Parallel()
	login := engine.Login{AccessToken: secret.New("the-access-token"), RefreshToken: secret.New("the-refresh-token")}
	request := with(oauth.AuthorizationCode, "the-code")
	for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%s"} {
		printed := fmt.Sprintf(verb+verb, login, request)
		for _, text := range []string{"the-access-token", "the-refresh-token", "the-code", standin.ClientSecret} {
			if strings.Contains(printed, text) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	}
	encoded, err := json.Marshal([]any{login, request})
	if err != nil || strings.Contains(string(encoded), "the-") {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
}

func TestPrivateTokenIsNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	code := w.code()
	private := code
	private.Private = true

	first, second := w.token(private), w.token(private)
	w.counts(1, 1, 0)
	shared := w.token(code)
	w.counts(0, 1, 0)
	third := w.token(private)
	if again := w.token(code); !again.AccessToken.Equal(shared.AccessToken) {
		t.Error("a private request took the shared token away")
	}
	w.counts(0, 1, 0)
	tokens := []engine.Login{first, second, shared, third}
	for i, one := range tokens {
		for _, other := range tokens[:i] {
			if one.AccessToken.Equal(other.AccessToken) {
				t.Error("a private token was handed out twice")
			}
		}
	}
}

func TestPrivatePersonalAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	private := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
	private.Private = true
	w.token(private)
	w.token(private)
	w.counts(0, 0, 2)
	if entries, err := filepath.Glob(filepath.Join(w.directory, "*.v2")); err != nil || len(entries) > 0 {
		t.Errorf("kept %v, %v", entries, err)
	}
}

// An API may refuse a token that looks valid; it is then not handed out again, to anybody.
func TestRefusedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	refused := w.token(request)
	again := request
	again.Refused = refused.AccessToken
	w.counts(0, 1, 0)
	for range 2 { // once refreshed, the other token serves whoever reports the same
		if fresh := w.token(again); fresh.AccessToken.Equal(refused.AccessToken) {
			t.Error("the refused token was handed out")
		}
	}
	w.counts(0, 1, 0)
}

func TestForesight(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behaviour) { b.ReplaceRefreshToken = standin.Never })
	request := w.code()
	request.Profile = "ada"
	issued := w.time()
	if login := w.token(request); !login.RefreshTokenExpiresAt.Equal(issued.UTC().Add(30 * day)) {
		t.Errorf("ends at %s", login.RefreshTokenExpiresAt)
	}
	w.pass(22 * day)
	w.token(request)

	w.pass(2 * day)
	_, warnings, err := w.process().Token(t.Context(), profile("ada"))
	if expiring, ok := only[engine.ExpiringLoginWarning](warnings); err != nil || !ok ||
		!expiring.At.Equal(issued.UTC().Add(30*day)) {
		t.Errorf("got warnings %v and error %v, want one about the end", warnings, err)
	}

	w.replaceAlways()
	w.pass(time.Hour)
	replaced := w.time()
	if login := w.token(request); !login.RefreshTokenExpiresAt.Equal(replaced.UTC().Add(30 * day)) {
		t.Errorf("after the replacement it ends at %s", login.RefreshTokenExpiresAt)
	}

	// Nobody knows when a configured refresh token was issued.
	w.server.Configure(func(b *standin.Behaviour) { b.ReplaceRefreshToken = standin.Never })
	if login := w.token(w.refreshToken()); !login.RefreshTokenExpiresAt.IsZero() {
		t.Errorf("a configured refresh token ends at %s", login.RefreshTokenExpiresAt)
	}
}
