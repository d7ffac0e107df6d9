package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// Promise 8: regardless of the tokens' lifetime, at most one request per opening, and none while the token is in the
// first half of its lifetime.
func TestShortTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) { b.AccessTokenLifetime = 4 * time.Minute })
	request := w.refreshToken()

	for _, step := range []struct {
		pass      time.Duration
		refreshes int
	}{{0, 1}, {time.Minute, 0}, {time.Minute, 0}, {time.Second, 1}, {time.Minute, 0}} {
		w.pass(step.pass)
		warns(w, w.process(), request, func(engine.ShortTokenWarning) bool { return true })
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

// An API may refuse a token that looks valid. No caller gets that token again.
func TestRefusedToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	refused := w.token(request)
	again := request
	again.Refused = refused.AccessToken
	w.counts(0, 1, 0)
	for range 2 { // after one refresh, every caller that reports the old token gets the new one
		if fresh := w.token(again); fresh.AccessToken.Equal(refused.AccessToken) {
			t.Error("the refused token was handed out")
		}
	}
	w.counts(0, 1, 0)
}

func TestExpiringLogin(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t)
	w.server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Never })
	request := w.code()
	request.Profile = "ada"
	issued := w.time()
	if login := w.token(request); !login.RefreshTokenExpiresAt.Equal(issued.UTC().Add(30 * day)) {
		t.Errorf("the refresh token expires at %s", login.RefreshTokenExpiresAt)
	}
	w.pass(22 * day)
	w.token(request)

	w.pass(2 * day)
	warns(w, w.process(), profile("ada"), func(expiring engine.ExpiringLoginWarning) bool {
		return expiring.At.Equal(issued.UTC().Add(30 * day))
	})

	w.replaceAlways()
	w.pass(time.Hour)
	replaced := w.time()
	if login := w.token(request); !login.RefreshTokenExpiresAt.Equal(replaced.UTC().Add(30 * day)) {
		t.Errorf("after its replacement, the refresh token expires at %s", login.RefreshTokenExpiresAt)
	}

	// The issue date of a configured refresh token is unknown.
	w.server.Configure(func(b *standin.Behavior) { b.ReplaceRefreshToken = standin.Never })
	if login := w.token(w.refreshToken()); !login.RefreshTokenExpiresAt.IsZero() {
		t.Errorf("a configured refresh token expires at %s", login.RefreshTokenExpiresAt)
	}
}
