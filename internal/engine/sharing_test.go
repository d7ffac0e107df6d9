package engine_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 3 across processes. See also the command-line stories.
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

// Many blocks that share a refused credential send one request, and a refused code is not sent again.
func TestOneFailureForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	process, code := w.process(), with(oauth.AuthorizationCode, "a code that GoTo does not know")
	isRefused := func(err *oauth.TokenError) bool { return err.Code == oauth.InvalidGrant }
	for range 100 {
		failsOn(w, process, code, isRefused)
	}
	w.counts(1, 0, 0)

	corrected := code
	corrected.Client.Secret = secret.New("another")
	failsOn(w, process, corrected, func(err *oauth.TokenError) bool { return err.Code == oauth.InvalidClient })
	w.counts(1, 0, 0)
	w.pass(time.Minute)
	failsOn(w, process, code, isRefused)
	w.counts(1, 0, 0)
}

// countingStorage counts reads. Each read takes a second of the bubble's time.
type countingStorage struct {
	cache.Storage
	reads atomic.Int64
}

func (s *countingStorage) Read(ctx context.Context, name string) ([]byte, error) {
	s.reads.Add(1)
	<-time.After(time.Second)
	return s.Storage.Read(ctx, name)
}

// One block reads for all blocks of a process, by credential and by profile.
func TestOneReadForManyBlocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "ada"
	w.token(request)
	for name, asked := range map[string]engine.Request{"credential": with(oauth.RefreshToken, request.Grant.Credential.Reveal()), "profile": profile("ada")} {
		storage := &countingStorage{Storage: w.storage(cache.Options{})}
		synctest.Test(t, func(t *testing.T) {
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
		})
		want := int64(1)
		if asked.Profile != "" {
			want = 2 // the name and the login it leads to
		}
		if reads := storage.reads.Load(); reads != want {
			t.Errorf("by %s: got %d reads, want %d", name, reads, want)
		}
	}
	w.counts(0, 1, 0)
}

func TestCredentialsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slow, quick := w.refreshToken(), w.refreshToken()
	arrived, answer := w.holdAnswers()
	process := w.process()
	ended := w.begin(t.Context(), process, slow)
	<-arrived
	w.server.Configure(func(b *standin.Behavior) { b.BeforeAnswer = nil })
	w.tokenOf(process, quick)
	answer()
	ended()
}

// A failed request answers for all processes that would send the same one, including processes that have waited longer
// than the failure is remembered.
func TestProcessesShareAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arrived, answer := w.holdAnswers()
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
	answer()
	for range processes {
		if refused, ok := errors.AsType[*oauth.TokenError](<-errs); !ok || refused.Code != oauth.InvalidGrant {
			t.Errorf("got %v", refused)
		}
	}
	w.counts(0, 1, 0)
	w.pass(time.Minute)
	isRefused := func(err *oauth.TokenError) bool { return err.Code == oauth.InvalidGrant }
	var once sync.Once
	waiting := w.engineOn(&faultyStorage{Storage: w.storage(cache.Options{}), claim: func(cache.Wait) error {
		once.Do(func() {
			fails(w, request, isRefused)
			w.pass(time.Minute)
		})
		return nil
	}})
	failsOn(w, waiting, request, isRefused)
	w.counts(0, 1, 0)
}

// Callers with a valid token don't wait for a request in progress.
func TestValidTokenDoesNotWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "main"
	valid := w.token(request)
	arrived, answer := w.holdAnswers()
	longer := request
	longer.MinValidity = 55 * time.Minute
	w.pass(10 * time.Minute)
	one := w.process() // one of its blocks waits for the answer, the others do not
	ended := w.begin(t.Context(), one, longer)
	<-arrived
	for _, process := range []*engine.Engine{one, w.process()} {
		for _, asked := range []engine.Request{request, profile("main")} {
			login, _, err := process.Token(t.Context(), asked)
			if err != nil || !login.AccessToken.Equal(valid.AccessToken) {
				t.Errorf("got a different token or error %v", err)
			}
		}
	}
	answer()
	ended()
}

// The error names a process that keeps the claim longer than its request can take. All blocks together wait only once.
func TestBusyLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	arrived, answer := w.holdAnswers()
	first := w.process()
	ended := w.begin(t.Context(), first, request)
	<-arrived
	w.pass(2 * longTimeout)
	var waits atomic.Int64
	process := w.engineOn(w.storage(cache.Options{ClaimTimeout: time.Nanosecond,
		Log: func(context.Context, string, ...map[string]any) { waits.Add(1) }}))
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
		t.Errorf("waited %d times, want 1", waits.Load())
	}
	answer()
	ended()
}
