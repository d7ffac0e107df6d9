package engine_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// unsyncedStorage stores entries but reports failures, as if only the sync of the directory had failed.
type unsyncedStorage struct {
	cache.Storage
	failures int
}

func (s *unsyncedStorage) Claim(ctx context.Context, key cache.Key, wait cache.Wait) (cache.StorageClaim, error) {
	held, err := s.Storage.Claim(ctx, key, wait)
	return unsyncedClaim{held, s}, err
}

type unsyncedClaim struct {
	cache.StorageClaim
	storage *unsyncedStorage
}

func (h unsyncedClaim) Write(ctx context.Context, contents []byte, durable bool) error {
	if err := h.StorageClaim.Write(ctx, contents, durable); err != nil || h.storage.failures == 0 {
		return err
	}
	h.storage.failures--
	return errors.New("not synced")
}

// unsaved returns a process that holds a login that, according to the storage, could not be stored.
func (w *world) unsaved(request engine.Request, wrap func(cache.Storage) cache.Storage) *engine.Engine {
	w.Helper()
	process := w.engineOn(wrap(w.storage(cache.Options{})))
	warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
	return process
}

// Another process may have continued the login since then, so the unsaved login is older.
func TestUnsavedLoginDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	process := w.unsaved(request, func(s cache.Storage) cache.Storage { return &unsyncedStorage{s, 1} })

	w.pass(10 * time.Minute)
	longer := request
	longer.MinValidity = 55 * time.Minute
	newest := w.token(longer) // another process replaces the refresh token

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

// A block with the same credential but a wrong client secret must neither get the login nor seal it.
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
		t.Error("a wrong client secret was accepted")
	}
	if _, warnings, err := process.Token(t.Context(), request); err != nil || len(warnings) != 0 {
		t.Errorf("got warnings %v and error %v", warnings, err)
	}
	w.pass(time.Hour)
	w.token(request) // another process
}

// A process keeps a login that it could not store, even if other processes record failed requests.
func TestUnsavedLoginSurvivesFailuresOfOthers(t *testing.T) {
	t.Parallel()
	for name, other := range map[string]func(*world, engine.Request){
		"refused": func(w *world, request engine.Request) {
			fails(w, request, func(*engine.LoginEndedError) bool { return true })
		},
		"not sent": func(w *world, request engine.Request) {
			process := w.process()
			process.Endpoint.HTTP.Transport = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
			if _, _, err := process.Token(w.Context(), request); err == nil {
				w.Error("something was sent")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.replaceAlways()
			request := w.refreshToken()
			faulty := &faultyStorage{write: errors.New("no space left")}
			process := w.unsaved(request, func(s cache.Storage) cache.Storage { faulty.Storage = s; return faulty })
			other(w, request)
			faulty.repair()
			if _, warnings, err := process.Token(t.Context(), request); err != nil || len(warnings) != 0 {
				t.Errorf("got warnings %v and error %v", warnings, err)
			}
			w.pass(time.Hour)
			w.token(request) // another process: the login is stored by then
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
			w.replaceAlways()
			request := w.refreshToken()
			process := w.unsaved(request, func(s cache.Storage) cache.Storage {
				return &faultyStorage{Storage: s, write: errors.New("no space left")}
			})
			if err := obstruct(w, request); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
			}
			w.counts(0, 1, 0)
		})
	}
}
