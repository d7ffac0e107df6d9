package engine_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

func TestPersonalAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())

	login := w.token(request)
	w.token(request)
	w.counts(0, 0, 1)
	if !login.RefreshToken.IsEmpty() {
		t.Error("got a refresh token without a stored login")
	}
	w.pass(time.Hour)
	w.token(request)
	w.counts(0, 0, 1)
}

func TestNoCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fails(w, engine.Request{Client: client}, func(*engine.NoCredentialError) bool { return true })
	w.counts(0, 0, 0)
}

// Keys never change between releases. Otherwise, stored logins would be lost and codes would be exchanged again.
func TestEntryNamesAreStable(t *testing.T) {
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
			t.Errorf("entries of %s: got %v and error %v", parts[0], found, err)
		}
	}
}
