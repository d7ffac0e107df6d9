package cache_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// Readers see the old entry until a write completes, and a crash at any moment leaves either the old entry or the new
// one. The next claim decides which; a read does not.
func TestCrashDuringWriteLeavesOldOrNewEntry(t *testing.T) {
	t.Parallel()

	whole := seal(t, key, sealer, "new")
	half := whole[:len(whole)/2]
	for name, pending := range map[string][]byte{
		"nothing":               nil,
		"half":                  half,
		"half of it zeros":      slices.Concat(half, make([]byte, len(whole)-len(half))), // has the size, but not the contents
		"over something longer": append(slices.Clone(whole), 0),                          // not truncated yet
		"reserved space":        bytes.Repeat([]byte("r"), 16<<10),
		"whole":                 whole,
	} {
		for _, suffix := range []string{".new", ".intent"} {
			for _, before := range []string{notFound, "old"} {
				t.Run(fmt.Sprintf("%s in %s after %s", name, suffix, before), func(t *testing.T) {
					t.Parallel()
					directory, path := newDirectory(t, cache.Options{})
					file := directory.Locate(entryOf(key))
					if before != notFound {
						write(t, directory, key, sealer, before)
					}
					must(t, os.WriteFile(file+suffix, pending, 0o600))
					want(t, directory, key, sealer, before)
					if left, err := os.ReadFile(file + suffix); err != nil || !bytes.Equal(left, pending) {
						t.Errorf("reading changed the pending file: %v", err)
					}
					claimed := claim(t, directory, key)
					after := before
					if name == "whole" && suffix == ".new" {
						after = "new"
					}
					want(t, directory, key, sealer, after)
					for _, way := range []string{"retained", "intent", "transient"} {
						must(t, writeAs(t.Context(), way, claimed, sealer, way))
						want(t, directory, key, sealer, way)
						reserved, err := os.ReadFile(file + ".new")
						if way == "intent" && (err != nil || len(reserved) < 16<<10 || bytes.Count(reserved, []byte{0}) > 1<<10) {
							t.Errorf("%d bytes, many of them zero, do not reserve space on every disk: %v", len(reserved), err)
						}
						must(t, claimed.End())
						claimed = claim(t, directory, key) // must not take the reserved space for an entry
						want(t, directory, key, sealer, way)
					}
					if diff := cmp.Diff([]string{directory.Locate(key.String() + ".lock"), file}, files(t, path, "*")); diff != "" {
						t.Error(diff)
					}
				})
			}
		}
	}
}

// obstacles put an obstacle at the path of an entry. The file at entry holds a valid one.
var obstacles = map[string]func(path, entry string) error{
	"directory": func(path, _ string) error { return os.Mkdir(path, 0o700) },
}

// An interrupted write waits until the obstacle is gone.
func TestEntryPathIsNotARegularFile(t *testing.T) {
	t.Parallel()

	for name, put := range obstacles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, path := newDirectory(t, cache.Options{ClaimTimeout: 1}) // no claim has to wait
			file, entry := directory.Locate(entryOf(key)), filepath.Join(t.TempDir(), "entry")
			must(t, errors.Join(os.WriteFile(entry, seal(t, key, sealer, "x"), 0o600), put(file+".new", entry)))
			write(t, directory, key, sealer, "over what is pending")
			want(t, directory, key, sealer, "over what is pending")
			must(t, errors.Join(os.Remove(file), put(file, entry)))

			want(t, directory, key, sealer, unreadable, file, "not a regular file", "remove it")
			claimed := claim(t, directory, key)
			for _, way := range ways {
				wantParts(t, writeAs(t.Context(), way, claimed, sealer, "y"), file, "remove it")
			}
			must(t, claimed.End())
			if left := files(t, path, "*.v2.*"); left != nil {
				t.Errorf("writing left %q", left)
			}
			must(t, os.WriteFile(file+".new", seal(t, key, sealer, "new"), 0o600))
			_, err := cache.New(directory).Claim(t.Context(), key)
			wantLocationError(t, err, file, "remove it", "interrupted write")
			if info, err := os.Lstat(file); err != nil || info.Mode().IsRegular() {
				t.Errorf("the obstacle is %v (error %v)", info, err)
			}
			must(t, os.Remove(file))
			must(t, claim(t, directory, key).End()) // the failed claim holds nothing
			want(t, directory, key, sealer, "new")
		})
	}
}

// An intent fails before the request is sent, so no credential is used up.
func TestIntentFailsIfWritingIsImpossible(t *testing.T) {
	t.Parallel()

	for _, suffix := range []string{".new", ".intent"} {
		directory, path := newDirectory(t, cache.Options{})
		write(t, directory, key, sealer, "old")
		pending := directory.Locate(entryOf(key)) + suffix
		must(t, os.MkdirAll(filepath.Join(pending, "full"), 0o700))

		claimed := claim(t, directory, key)
		wantLocationError(t, writeAs(t.Context(), "intent", claimed, sealer, "new"), path, pending, "token_cache")
		if suffix == ".new" {
			wantParts(t, writeAs(t.Context(), "retained", claimed, sealer, "new"), pending)
		}
		if diff := cmp.Diff([]string{pending}, files(t, path, "*.v2.*")); diff != "" {
			t.Error(diff)
		}
		want(t, directory, key, sealer, "old")
	}
}

// Windows does not replace a file that another program, such as a virus scanner, has open. The next claim completes the
// write.
func TestWriteWhileAnotherProgramReads(t *testing.T) {
	t.Parallel()

	directory, _ := newDirectory(t, cache.Options{})
	write(t, directory, key, sealer, "old")
	reader, err := os.Open(directory.Locate(entryOf(key)))
	must(t, err)
	claimed := claim(t, directory, key)
	err = writeAs(t.Context(), "retained", claimed, sealer, "new")
	if runtime.GOOS != "windows" {
		must(t, err)
	}
	must(t, errors.Join(reader.Close(), claimed.End(), claim(t, directory, key).End()))
	want(t, directory, key, sealer, "new")
}
