package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
	"github.com/terraform-goto/terraform-provider-goto/internal/standin"
)

// lyingStorage stores, and reports a failure all the same, as where only the syncing of the directory failed.
type lyingStorage struct {
	cache.Storage
	lies int
}

func (s *lyingStorage) Write(ctx context.Context, name string, contents []byte) error {
	if err := s.Storage.Write(ctx, name, contents); err != nil || s.lies == 0 {
		return err
	}
	s.lies--
	return errors.New("not synced")
}

// unsaved returns a process that holds a login which it could not store, by the storage's word.
func (w *world) unsaved(request engine.Request, wrap func(cache.Storage) cache.Storage) *engine.Engine {
	w.Helper()
	storage, err := cache.OpenDirectory(w.directory, cache.DirectoryOptions{Now: w.time})
	if err != nil {
		w.Fatal(err)
	}
	process := w.engineOn(wrap(storage))
	_, warnings, err := process.Token(w.Context(), request)
	var notStored *engine.NotStoredWarning
	if err != nil || len(warnings) != 1 || !errors.As(warnings[0], &notStored) {
		w.Fatalf("got warnings %v and error %v", warnings, err)
	}
	return process
}

// Another process may have continued the login since: what could not be stored then is older.
func TestUnsavedLoginDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	process := w.unsaved(request, func(s cache.Storage) cache.Storage { return &lyingStorage{s, 1} })

	w.pass(10 * time.Minute)
	longer := request
	longer.MinValidity = 55 * time.Minute
	newest := w.token(longer) // another process, which replaces the refresh token

	login, warnings, err := process.Token(t.Context(), request)
	if err != nil || len(warnings) != 0 {
		t.Fatalf("got warnings %v and error %v", warnings, err)
	}
	if !login.RefreshToken.Equal(newest.RefreshToken) {
		t.Error("the refresh token handed out is not the newest")
	}
	w.pass(time.Hour)
	w.token(request) // only the newest is accepted
	w.counts(0, 3, 0)
}

// A block with the same credential and a wrong client secret must neither be handed the login nor seal it.
func TestUnsavedLoginStaysWithItsClientSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	faulty := &faultyStorage{write: errors.New("no space left")}
	process := w.unsaved(request, func(s cache.Storage) cache.Storage { faulty.Storage = s; return faulty })
	faulty.repair()

	wrong := request
	wrong.Client.Secret = secret.New("another")
	if _, _, err := process.Token(t.Context(), wrong); err == nil {
		t.Error("a wrong client secret was good enough")
	}
	if _, warnings, err := process.Token(t.Context(), request); err != nil || len(warnings) != 0 {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
	w.pass(time.Hour)
	w.token(request) // another process
}

func TestEngineWithUnsavedLoginsAndFailuresPrintsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := w.refreshToken()
	process := w.unsaved(request, func(s cache.Storage) cache.Storage {
		return &faultyStorage{Storage: s, write: errors.New("no space left")}
	})
	if _, _, err := process.Token(t.Context(), with(oauth.AuthorizationCode, "a-code-that-nobody-knows")); err == nil {
		t.Fatal("an unknown code was exchanged")
	}
	secrets := append(w.server.Secrets(), "a-code-that-nobody-knows")
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		if found := standin.Leaks(fmt.Appendf(nil, verb, process), secrets); len(found) > 0 {
			t.Errorf("%s prints %v", verb, found)
		}
	}
}
