package engine_test

import (
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Another process may have continued the login since then, so the unsaved login is older.
func TestUnsavedLoginDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	faulty := &faultyStorage{Storage: w.storage(cache.Options{}), write: errNoSpace, unsynced: true}
	process := w.engineOn(faulty)
	warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
	faulty.write = nil

	w.pass(10 * time.Minute)
	longer := request
	longer.MinValidity = 55 * time.Minute
	newest := w.token(longer) // another process replaces the refresh token

	if login := w.tokenOf(process, request); !login.RefreshToken.Equal(newest.RefreshToken) {
		t.Error("the refresh token handed out is not the newest")
	}
	w.pass(time.Hour)
	w.token(request) // only the newest is accepted
	w.counts(0, 3, 0)
}

// A process keeps a login that it could not store, regardless of the failures of others, and stores it later.
func TestUnsavedLoginIsStoredLater(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(*world, *engine.Engine, engine.Request){
		"after the refusal of another process": func(w *world, _ *engine.Engine, request engine.Request) {
			fails(w, request, func(*engine.LoginEndedError) bool { return true })
		},
		"after a failed connection of another process": func(w *world, _ *engine.Engine, request engine.Request) {
			process := w.process()
			process.Endpoint.HTTP.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
			failsOn(w, process, request, func(*oauth.TokenError) bool { return true })
		},
		// It must neither get the login nor seal it.
		"after a block with a wrong client secret": func(w *world, process *engine.Engine, request engine.Request) {
			request.Client.Secret = secret.New("another")
			failsOn(w, process, request, func(*oauth.TokenError) bool { return true })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.replaceAlways()
			request := w.refreshToken()
			process, faulty := w.unsaved(request)
			faulty.write = nil
			other(w, process, request)
			w.tokenOf(process, request)
			w.pass(time.Hour)
			w.token(request) // another process: only the stored token is accepted
		})
	}
}

// Later blocks get the token too, even if the cache has become unusable or another process keeps the claim.
func TestUnsavedTokenDoesNotWait(t *testing.T) {
	t.Parallel()
	for name, obstruct := range map[string]func(*world, engine.Request) error{
		"unusable cache": func(w *world, _ engine.Request) error {
			return errors.Join(os.RemoveAll(w.directory), os.WriteFile(w.directory, nil, 0o600))
		},
		"claim of another process": func(w *world, request engine.Request) error {
			return w.claim("credential", w.server.URL, client.ID, string(request.Grant.Type), request.Grant.Credential.Reveal())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			request := w.refreshToken()
			process, _ := w.unsaved(request)
			must(t, obstruct(w, request))
			for range 2 {
				warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
			}
			w.counts(0, 1, 0)
		})
	}
}
