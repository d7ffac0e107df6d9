package engine_test

import (
	"os"
	"runtime"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// What cannot be obtained again waits for the disk: the intent before the request and the login after it, each with
// its contents and its name. A personal access token can, so it needs no intent. Valid tokens wait for nothing.
func TestSyncs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("it cannot sync a directory")
	}
	w := newWorld(t)
	w.token(w.refreshToken()) // makes the directory
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
			storage := cache.NewDirectory(w.directory, cache.Options{Now: w.time, Sync: func(file *os.File) error {
				got++
				return file.Sync()
			}})
			if _, warnings, err := w.engineOn(storage).Token(t.Context(), kind.request); err != nil || len(warnings) > 0 {
				t.Fatal(err, warnings)
			}
			if got != want {
				t.Errorf("%s: %d syncs, want %d", name, got, want)
			}
		}
	}
}
