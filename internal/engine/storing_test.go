package engine_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

func TestUnwritableCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, request := range []engine.Request{w.code(), w.refreshToken()} {
		full := &faultyStorage{Storage: w.storage(cache.Options{}), intent: errNoSpace}
		failsOn(w, w.engineOn(full), request, func(*engine.CacheError) bool { return true })
		w.counts(0, 0, 0)
		w.token(request)
		w.server.ResetCounts()
	}
}

// Promise 4 in the worst case: the server has answered, but the write to disk fails.
func TestStoringFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.replaceAlways()
	request := w.refreshToken()
	process, faulty := w.unsaved(request)
	for range 2 { // the process continues with the login it could not store
		login := warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
		if login.RefreshToken.Equal(request.Grant.Credential) {
			t.Error("the replaced refresh token was handed out")
		}
	}
	w.counts(0, 1, 0)

	faulty.write = nil
	w.tokenOf(process, request)
	w.pass(time.Hour)
	w.token(request) // another process: only the stored token is accepted
	w.counts(0, 1, 0)
}

func TestCacheOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	process := w.engineOn(cache.NewMemory())
	request := w.refreshToken()
	var blocks []func()
	for range 25 { // no claim excludes them from each other
		blocks = append(blocks, w.begin(t.Context(), process, request))
	}
	for _, ended := range blocks {
		ended()
	}
	w.counts(0, 1, 0)

	w.replaceAlways()
	warns(w, w.engineOn(cache.NewMemory()), request, func(engine.ReplacedWarning) bool { return true })
}

// A personal access token works without a cache. A warning appears only if a location was configured.
func TestPersonalAccessTokenNeedsNoCache(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	request := with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken())
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	storage, err := cache.OpenLocation("file:///"+strings.TrimPrefix(filepath.ToSlash(file), "/"), cache.Options{Now: w.time})
	must(t, err)
	process := w.engineOn(storage)
	for range 3 {
		warns(w, process, request, func(engine.NotStoredWarning) bool { return true })
	}
	w.counts(0, 0, 1)
}

// For a login that cannot be obtained again, the engine syncs the intent before the request and the login after it,
// both file and directory. A personal access token can be used again, so it needs no intent. Valid tokens need no sync.
func TestSyncs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("this system cannot sync a directory")
	}
	w := newWorld(t)
	w.token(w.refreshToken()) // creates the directory
	for name, kind := range map[string]struct {
		request engine.Request
		want    int
	}{
		"code":                  {w.code(), 4},
		"refresh token":         {w.refreshToken(), 4},
		"personal access token": {with(oauth.PersonalAccessToken, w.server.IssuePersonalAccessToken()), 2},
	} {
		for _, want := range []int{kind.want, 0} {
			got := 0
			storage := w.storage(cache.Options{Sync: func(file *os.File) error {
				got++
				return file.Sync()
			}})
			if _, warnings, err := w.engineOn(storage).Token(t.Context(), kind.request); err != nil || len(warnings) > 0 {
				t.Fatal(err, warnings)
			}
			if got != want {
				t.Errorf("%s: got %d syncs, want %d", name, got, want)
			}
		}
	}
}
