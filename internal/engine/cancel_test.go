package engine_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// A canceled run still waits for the answer to a processed request, and stores the login and its links.
func TestCanceledRunStoresPendingAnswer(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*world) engine.Request{"code": (*world).code, "refresh token": (*world).refreshToken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newReuseDetectingWorld(t)
			request := start(w)
			arrived, answer := w.holdAnswers()
			ctx, cancel := context.WithCancel(t.Context())
			ended := w.begin(ctx, w.process(), request)
			<-arrived
			cancel()
			answer()
			ended()
			w.server.ResetCounts()
			login := w.token(request)
			w.token(with(oauth.RefreshToken, login.RefreshToken.Reveal())) // this link to the login is stored too
			w.counts(0, 0, 0)
		})
	}
}

// A request that was not sent is not reported as lost.
func TestUnsentRequestIsNotLost(t *testing.T) {
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

// Ctrl-C immediately ends the wait for another run, and the error names the reason for the wait.
func TestCanceledWhileWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	arrived, answer := w.holdAnswers()
	first := w.process()
	ended := w.begin(t.Context(), first, request)
	<-arrived
	for _, process := range []*engine.Engine{first, w.process()} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := process.Token(ctx, request)
		if _, ok := errors.AsType[*engine.CanceledError](err); !ok {
			t.Errorf("got %T %v", err, err)
		}
	}
	answer()
	ended()
}

// A run that is canceled after it has stored its login still stores the login's profile.
func TestCanceledRunStoresProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code()
	code.Profile = "main"
	ctx, cancel := context.WithCancel(t.Context())
	storage := w.storage(cache.Options{})
	if _, _, err := w.engineOn(&faultyStorage{Storage: storage, beforeWrite: cancel}).Token(ctx, code); err != nil {
		t.Fatal(err)
	}
	w.token(profile("main"))
	w.counts(1, 0, 0)
}

// A canceled run does not wait long for a profile that another process holds.
func TestCanceledRunDoesNotWaitForProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	request.Profile = "main"
	must(t, w.claim("profile", w.server.URL, client.ID, "main"))
	ctx, cancel := context.WithCancel(t.Context())
	storage := w.storage(cache.Options{ClaimTimeout: time.Hour})
	_, warnings, err := w.engineOn(&faultyStorage{Storage: storage, beforeWrite: cancel}).Token(ctx, request)
	if _, ok := only[engine.ProfileNotStoredWarning](warnings); err != nil || !ok {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
}
