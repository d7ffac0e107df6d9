package cache_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// The directory can disappear right after a run has used up a credential.
func TestWriteRecreatesDirectory(t *testing.T) {
	t.Parallel()

	for _, way := range ways {
		directory, path := newDirectory(t, cache.Options{})
		claimed := claim(t, directory, key)
		if err := os.RemoveAll(path); err != nil {
			t.Skipf("this system does not remove open files: %v", err)
		}
		want(t, directory, key, sealer, notFound)
		must(t, directory.Prune(t.Context()))
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after reading and pruning: got %v, want no directory", err)
		}
		must(t, writeAs(t.Context(), way, claimed, sealer, "x"))
		want(t, openDirectory(t, path, cache.Options{}), key, sealer, "x")
	}
}

// unusable lists obstacles that cannot serve as the cache directory: what to put in its place, which path below that to
// open as the directory, and a part of the error.
var unusable = map[string]struct {
	put         func(path string) error
	below, part string
}{
	"file in place":    {touch, "", "not a directory"},
	"below a file":     {touch, "cache", "cannot be"},
	"far below a file": {touch, "some/cache", "cannot be"},
	"too long a name":  {func(string) error { return nil }, strings.Repeat("x", 300), "cannot be"},
}

func touch(path string) error { return os.WriteFile(path, nil, 0o600) }

func TestUnusableDirectory(t *testing.T) {
	t.Parallel()

	for name, test := range unusable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cache")
			if err := test.put(path); errors.Is(err, fs.ErrPermission) {
				t.Skip(err)
			} else {
				must(t, err)
			}
			path = filepath.Join(path, test.below)
			storage, err := cache.OpenLocation(fileURL(path), cache.Options{}) // does not check the directory yet
			must(t, err)
			wantUnusable(t, storage, path, test.part, "token_cache")
		})
	}
	t.Run("lock file that cannot be locked", func(t *testing.T) {
		directory, path := newDirectory(t, cache.Options{})
		must(t, os.Mkdir(directory.Locate(key.String()+".lock"), 0o700)) // stops root as well
		_, err := cache.New(directory).Claim(t.Context(), key)
		wantLocationError(t, err, path, "lock file", "token_cache")
	})
}

func wantUnusable(t *testing.T, storage cache.Storage, parts ...string) {
	t.Helper()
	_, err := storage.Claim(t.Context(), key, cache.UntilFree)
	wantLocationError(t, err, parts...)
	if !errors.Is(err, fs.ErrNotExist) { // without a directory, a read finds no entry
		_, err = storage.Read(t.Context(), entryOf(key))
		wantLocationError(t, err, parts...)
		wantLocationError(t, storage.Prune(t.Context()), parts...)
	}
}
