package engine_test

import (
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fails(w, profile("ada"), func(err *engine.NoLoginError) bool {
		return err.Profile == "ada" && err.Location == w.directory && err.Found == nil
	})
	w.counts(0, 0, 0)

	code := w.code()
	code.Profile = "ada"
	first := w.token(code)
	w.counts(1, 0, 0)
	for range 2 { // using the same credential again changes nothing
		if kept := w.token(profile("ada")); !kept.AccessToken.Equal(first.AccessToken) {
			t.Error("the profile does not lead to the login")
		}
		w.token(code)
	}
	fails(w, profile("grace"), func(err *engine.NoLoginError) bool { return err.Profile == "grace" })
	w.counts(0, 0, 0)
}

// A login that is shared by a profile and a credential has one refresh token, so neither use revokes the other's.
func TestProfileAndCredentialShareTheLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	w.server.Configure(func(b *standin.Behavior) { b.ReuseKillsFamily = true })
	bare := w.code()
	named := bare
	named.Profile = "ada"

	w.token(bare)
	w.token(named)
	w.counts(1, 0, 0)
	for range 3 {
		for _, request := range []engine.Request{profile("ada"), bare, named} {
			w.pass(time.Hour)
			w.token(request)
			w.counts(0, 1, 0)
		}
	}
}

// A leftover credential does not point the profile back to the login that the credential began.
func TestProfileKeepsNewerLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := with(oauth.AuthorizationCode, w.server.IssueCode(standin.CodeRequest{Principal: "grace@example.com"}))
	newer := w.code()
	old.Profile, newer.Profile = "main", "main"
	w.token(old)
	w.pass(time.Second)
	warns(w, w.process(), newer, func(moved engine.ProfileMovedWarning) bool {
		return moved.From.Principal == "grace@example.com" && moved.To.Principal == standin.Principal
	})
	for range 2 {
		warns(w, w.process(), old, func(kept engine.ProfileKeptWarning) bool {
			return kept.Held.Principal == standin.Principal && kept.Offered.Principal == "grace@example.com"
		})
		if login := w.token(profile("main")); login.Principal != standin.Principal {
			t.Errorf("the profile leads to %s", login.Principal)
		}
	}
	w.counts(2, 0, 0)
}

// A profile must not lead to a missing login.
func TestUnsavedLoginDoesNotMoveProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.code()
	first.Profile = "main"
	w.token(first)
	second := w.code()
	second.Profile = "main"
	w.unsaved(second)
	w.counts(2, 0, 0)
	w.token(profile("main"))
	w.counts(0, 0, 0)
}

// The warning appears even if the earlier login is private, and so has no stored access token, or if it began with the
// clock ahead, which must not pin the profile to it.
func TestMovedProfileWarns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		private bool
		passes  time.Duration
	}{"from a private login": {true, time.Second}, "after the clock was ahead": {false, -365 * 24 * time.Hour}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			first, second := w.refreshToken(), with(oauth.RefreshToken, w.server.IssueRefreshTokenFor(standin.Login{Principal: "grace@example.com"}))
			first.Private, first.Profile, second.Profile = test.private, "main", "main"
			w.token(first)
			w.pass(test.passes)
			warns(w, w.process(), second, func(moved engine.ProfileMovedWarning) bool { return moved.To.Principal == "grace@example.com" })
		})
	}
}
