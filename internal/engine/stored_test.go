package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// stored returns the login that a new process finds under the profile main. An error fails the test.
func (w *world) stored(client oauth.Client) (login *engine.Login, location string) {
	w.Helper()
	login, location, err := w.process().Stored(w.Context(), client, "main")
	if err != nil || filepath.Dir(location) != w.directory {
		w.Fatalf("got location %q and error %v", location, err)
	}
	return login, location
}

func TestStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	login, nowhere := w.stored(client)
	if files, err := os.ReadDir(w.directory); login != nil || len(files) > 0 {
		t.Errorf("without a stored login: got %v, files %v and error %v", login, files, err)
	}

	code := w.code()
	code.Profile = "main"
	first := w.token(code)
	login, location := w.stored(client)
	if login == nil || !reflect.DeepEqual(*login, first) || location == nowhere {
		t.Errorf("got %+v at %s", login, location)
	}
	renamed := client
	renamed.Secret = secret.New("another")
	if login, location := w.stored(renamed); login != nil || location != nowhere {
		t.Errorf("a different client secret opens %+v at %s", login, location)
	}

	w.pass(2 * time.Hour) // the access token expires
	if login, _ = w.stored(client); login == nil || !reflect.DeepEqual(*login, first) {
		t.Errorf("got %+v", login)
	}
	w.counts(1, 0, 0)
	if renewed := w.token(profile("main")); !renewed.RefreshTokenExpiresAt.Equal(login.RefreshTokenExpiresAt) || !renewed.SignedInAt.Equal(login.SignedInAt) {
		t.Errorf("a refresh changed the dates of the login from %+v to %+v", login, renewed)
	}
	if err := os.Remove(location); err != nil {
		t.Error(err)
	}
	fails(w, profile("main"), func(*engine.NoLoginError) bool { return true })
	if login, location = w.stored(client); login != nil || location != nowhere {
		t.Errorf("got %+v at %s after its file was removed", login, location)
	}
}

func TestStoredRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.code()
	code.Profile = "main"
	w.token(code)
	w.server.RevokeAll()
	w.pass(time.Hour)
	fails(w, profile("main"), func(*engine.LoginEndedError) bool { return true })
	login, _ := w.stored(client)
	if login == nil || login.Principal != standin.Principal || !login.RefreshToken.IsEmpty() || !login.RefreshTokenExpiresAt.IsZero() {
		t.Errorf("got %+v", login)
	}
	again := w.code()
	again.Profile = "main"
	w.token(again)
	if login, _ = w.stored(client); login == nil || login.RefreshToken.IsEmpty() {
		t.Errorf("got %+v after another sign-in", login)
	}
}

func TestStoredNeedsCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, _, err := w.engineOn(cache.NewMemory()).Stored(t.Context(), client, "main")
	if refused, ok := errors.AsType[*engine.CacheRequiredError](err); !ok || refused.Grant != "" {
		t.Errorf("got %v", err)
	}
	process := w.process()
	must(t, os.WriteFile(w.directory, nil, 0o600))
	_, _, err = process.Stored(t.Context(), client, "main")
	if _, ok := errors.AsType[*engine.CacheError](err); !ok {
		t.Errorf("got %v", err)
	}
}
