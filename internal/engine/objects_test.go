package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// claimLife is the life of the runners' claims in these tests, by the store's clock.
const claimLife = 10 * time.Minute

// runner returns an engine on a new machine, which shares only store with the others.
func (w *world) runner(store cache.Store) *engine.Engine {
	return w.engineOn(cache.NewObjects(store, "s3://bucket/prefix", cache.Options{ClaimLife: claimLife}))
}

// Sixteen machines share one login that is due. The server revokes it when it sees a replaced token. Each round takes
// one refresh, and every machine gets a token.
func TestRunnersShareALogin(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*world) engine.Request{
		"code":          (*world).code,
		"refresh token": (*world).refreshToken,
		"personal access token": func(w *world) engine.Request {
			return with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newReuseDetectingWorld(t)
			store, request := &buckettest.Store{Now: w.time}, start(w)
			for range 5 {
				var waiting sync.WaitGroup
				for range 16 {
					runner := w.runner(store)
					waiting.Go(func() {
						if _, warnings, err := runner.Token(t.Context(), request); err != nil || len(warnings) > 0 {
							t.Errorf("got warnings %v and error %v", warnings, err)
						}
					})
				}
				waiting.Wait()
				if seen := w.server.Counts(); seen.Token != 1 || seen.Refused != 0 {
					t.Errorf("%d token requests, %d refused", seen.Token, seen.Refused)
				}
				w.server.ResetCounts()
				w.pass(time.Hour)
			}
		})
	}
}

// A runner with a stored login reads once, or twice with a profile, and writes nothing.
func TestWarmRunnerReadsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var reads, writes atomic.Int64
	store := &buckettest.Store{Now: w.time, Fault: func(operation bucket.Operation, _ string) error {
		if operation == bucket.Read {
			reads.Add(1)
		} else {
			writes.Add(1)
		}
		return nil
	}}
	request := w.refreshToken()
	request.Profile = "main"
	w.tokenOf(w.runner(store), request)
	request.Profile = ""
	for want, request := range map[int64]engine.Request{1: request, 2: profile("main")} {
		reads.Store(0)
		writes.Store(0)
		runner := w.runner(store)
		for range 100 {
			w.tokenOf(runner, request)
		}
		if reads.Load() != want || writes.Load() != 0 {
			t.Errorf("got %d reads, want %d; got %d writes, want 0", reads.Load(), want, writes.Load())
		}
	}
}

// A killed runner leaves its claim behind. The others continue when the claim ends by the store's clock, and report the
// lost answer.
func TestClaimOfKilledRunnerEnds(t *testing.T) {
	t.Parallel()
	w := newReuseDetectingWorld(t)
	store, request := &buckettest.Store{Now: w.time}, w.refreshToken()
	w.kill(store, request)
	w.waits(store, request)
	w.counts(0, 0, 0)
	w.pass(claimLife + time.Second)
	w.tokenOf(w.runner(store), request)
	w.counts(0, 1, 0)

	// A lost answer to a personal access token does no harm.
	request = with(oauth.PersonalAccessToken, "revoked")
	w.kill(store, request)
	w.pass(claimLife + time.Second)
	_, _, err := w.runner(store).Token(t.Context(), request)
	if refused, ok := errors.AsType[*oauth.TokenError](err); !ok || refused != err { //nolint:errorlint // must be unwrapped
		t.Errorf("got %v", err)
	}
}

// kill kills a runner while its request is in progress.
func (w *world) kill(store cache.Store, request engine.Request) {
	w.Helper()
	killed := w.runner(store)
	killed.Endpoint.HTTP.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
		panic("kill -9")
	})
	defer func() { _ = recover() }()
	_, _, _ = killed.Token(w.Context(), request)
}

// A runner that was stopped until its claim ended stores its token during another runner's request. The other runner's
// claim remains: a third runner waits for it, and reports a lost answer only if the other runner was killed.
func TestStoppedRunnerKeepsAnotherClaim(t *testing.T) {
	t.Parallel()
	for name, isKilled := range map[string]bool{"which is killed": true, "which is refused": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newReuseDetectingWorld(t)
			store, request := &buckettest.Store{Now: w.time}, w.refreshToken()
			arrived, goOn := w.holdAnswers()
			ended := w.begin(t.Context(), w.runner(store), request)
			<-arrived
			w.pass(claimLife + time.Second)
			w.server.Configure(func(b *standin.Behavior) { b.BeforeAnswer = nil })

			other := w.runner(store)
			wake := sync.OnceFunc(func() {
				goOn()
				ended()
			})
			transport := other.Endpoint.HTTP.Transport
			other.Endpoint.HTTP.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
				wake()
				response, err := transport.RoundTrip(r) // sends a replaced token, which ends the login
				if isKilled {
					panic("kill -9")
				}
				return response, err
			})
			request.Private = true // otherwise the first runner's token would suffice
			var err error
			func() {
				defer func() { _ = recover() }()
				_, _, err = other.Token(t.Context(), request)
			}()
			if isKilled {
				w.waits(store, request)
				w.pass(claimLife + time.Second)
				_, _, err = w.runner(store).Token(t.Context(), request)
			}
			gone, isEnded := errors.AsType[*engine.LoginEndedError](err)
			if isLost := isEnded && gone.Lost != nil; err == nil || isLost != isKilled {
				t.Errorf("got %#v", err)
			}
		})
	}
}

// Other runners assume that a runner that was stopped with a refusal has lost its answer. The runner itself knows
// better.
func TestStoppedRunnerWasRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store, request := &buckettest.Store{Now: w.time}, with(oauth.RefreshToken, "ended")
	arrived, goOn := w.holdAnswers()
	stopped, done := w.runner(store), make(chan error)
	go func() {
		_, _, err := stopped.Token(t.Context(), request)
		done <- err
	}()
	<-arrived
	w.pass(claimLife + time.Second)
	w.server.Configure(func(b *standin.Behavior) { b.BeforeAnswer = nil })
	failsOn(w, w.runner(store), request, func(err *engine.LoginEndedError) bool { return err.Lost != nil })
	goOn()
	err := <-done
	_, isRefused := errors.AsType[*oauth.TokenError](err)
	if _, isEnded := errors.AsType[*engine.LoginEndedError](err); !isRefused || isEnded {
		t.Errorf("got %v, want the refusal and no lost answer", err)
	}
}

// waits checks that a new runner waits for a claim in store.
func (w *world) waits(store cache.Store, request engine.Request) {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	runner := w.engineOn(cache.NewObjects(store, "s3://bucket/prefix", cache.Options{ClaimLife: claimLife,
		Log: func(context.Context, string, ...map[string]any) { cancel() }}))
	if _, _, err := runner.Token(ctx, request); !errors.Is(err, context.Canceled) {
		w.Errorf("did not wait for the claim: %v", err)
	}
}

// A run waits only once for a store that keeps failing, in any operation. Everything after that is quick, and all
// blocks of the run get the token that GoTo has granted.
func TestRunWaitsOnceForFailingStore(t *testing.T) {
	t.Parallel()
	for from := range 12 {
		for _, onlyWrites := range []bool{false, true} {
			t.Run(fmt.Sprintf("after %d operations, only writes: %t", from, onlyWrites), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { failStore(t, from, onlyWrites) })
			})
		}
	}
}

func failStore(t *testing.T, from int, onlyWrites bool) {
	const budget, more = 30 * time.Second, 15 * time.Second
	operations := 0
	store := &buckettest.Store{Budget: budget, Fault: func(operation bucket.Operation, name string) error {
		operations++
		if isWrite := operation == bucket.Write; operations > from && (isWrite || !onlyWrites) {
			return &bucket.Error{Operation: operation, Object: name, Reason: bucket.Busy, Ambiguous: isWrite && !onlyWrites}
		}
		return nil
	}}
	goTo, err := oauth.NewServer("https://goto.invalid")
	must(t, err)
	isGranted := false
	transport := roundTripper(func(*http.Request) (*http.Response, error) {
		isGranted = true
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(
			`{"access_token":"access","refresh_token":"replaced","expires_in":3600}`))}, nil
	})
	runner := &engine.Engine{
		Endpoint: &oauth.TokenEndpoint{Server: goTo, HTTP: &http.Client{Transport: transport}, Now: time.Now},
		Cache:    cache.New(cache.NewObjects(store, "s3://bucket/prefix", cache.Options{ClaimLife: claimLife})),
		Now:      time.Now,
	}
	request := with(oauth.RefreshToken, "configured")
	request.Profile = "main"
	for block, limit := range []time.Duration{budget + more, more, more} {
		began := time.Now()
		_, warnings, err := runner.Token(t.Context(), request)
		if took := time.Since(began); took > limit || (err == nil) != isGranted {
			t.Errorf("block %d waited %v and got warnings %v and error %v", block, took, warnings, err)
		}
	}
}
