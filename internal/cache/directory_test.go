package cache_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

func TestEntriesOutliveTheStorage(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "kept")
	wantPlaintext(t, openDirectory(t, path, cache.DirectoryOptions{}), key, sealer, "kept")
	if left := files(t, path, "*.new"); left != nil {
		t.Errorf("writing left %q", left)
	}
}

// A process killed between writing and renaming leaves a whole file under a name of its own.
func TestWriteThatWasCutOffIsCompleted(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "new")
	file := onlyFile(t, path, "*.v1")
	sealed, err := os.ReadFile(file)
	must(t, err)
	for name, before := range map[string]string{"first": "", "in place of another": "old"} {
		t.Run(name, func(t *testing.T) {
			must(t, os.Remove(file))
			if before != "" {
				write(t, directory, key, sealer, before)
			}
			must(t, os.WriteFile(file+".new", sealed, 0o600))
			wantPlaintext(t, directory, key, sealer, "new")
			if left := files(t, path, "*.new"); left != nil {
				t.Errorf("completing left %q", left)
			}
			wantPlaintext(t, directory, key, sealer, "new")
		})
	}
}

func TestHalfAWriteIsNotCompleted(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "new")
	file := onlyFile(t, path, "*.v1")
	sealed, err := os.ReadFile(file)
	must(t, err)
	write(t, directory, key, sealer, "old")
	for length := range sealed {
		must(t, os.WriteFile(file+".new", sealed[:length], 0o600))
		wantPlaintext(t, directory, key, sealer, "old")
	}
	if runtime.GOOS != "windows" { // where making a link takes a privilege
		must(t, os.Remove(file+".new"))
		must(t, os.Symlink(file, file+".new"))
		wantPlaintext(t, directory, key, sealer, "old")
	}
	write(t, directory, key, sealer, "newest") // whatever is in the way
	wantPlaintext(t, directory, key, sealer, "newest")
}

func TestEveryFlippedBitOfAFileIsNoticedAndTheFileKept(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	file := onlyFile(t, path, "*.v1")
	sealed, err := os.ReadFile(file)
	must(t, err)
	for bit := range len(sealed) * 8 {
		sealed[bit/8] ^= 1 << (bit % 8)
		must(t, os.WriteFile(file, sealed, 0o600))
		wantUnreadableFile(t, directory, key, file)
		if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, sealed) {
			t.Fatalf("reading changed the damaged file: %v", err)
		}
		sealed[bit/8] ^= 1 << (bit % 8)
	}
	must(t, os.WriteFile(file, sealed, 0o600))
	wantPlaintext(t, directory, key, sealer, "x")
}

func TestSwappedFilesDoNotOpen(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	write(t, directory, otherKey, sealer, "y")
	one, other := onlyFile(t, path, key.String()+"-*"), onlyFile(t, path, otherKey.String()+"-*")
	must(t, os.Rename(one, one+".aside"))
	must(t, os.Rename(other, one))
	must(t, os.Rename(one+".aside", other))
	wantUnreadableFile(t, directory, key, one)
	wantUnreadableFile(t, directory, otherKey, other)
}

func TestWhatIsNoEntryIsUnreadable(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		put    func(path string) error
		reason string
	}{
		"empty":   {func(path string) error { return os.WriteFile(path, nil, 0o600) }, "not begin like an entry"},
		"foreign": {func(path string) error { return os.WriteFile(path, []byte(`{"a":"b"}`), 0o600) }, "not begin like an entry"},
		"another format": {func(path string) error {
			return os.WriteFile(path, []byte("terraform-provider-goto cache entry v2\n"+strings.Repeat("x", 100)), 0o600)
		}, "not begin like an entry"},
		"half": {func(path string) error {
			return os.WriteFile(path, []byte("terraform-provider-goto cache entry v1\n"+strings.Repeat("x", 10)), 0o600)
		}, "cut short"},
		"too large": {func(path string) error { return os.WriteFile(path, make([]byte, 1<<20+1), 0o600) }, "too large"},
		"directory": {func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, path := newDirectory(t, cache.DirectoryOptions{})
			write(t, directory, key, sealer, "x")
			file := onlyFile(t, path, "*.v1")
			must(t, os.Remove(file))
			must(t, test.put(file))
			wantParts(t, wantUnreadableFile(t, directory, key, file), test.reason)
		})
	}
}

// Something that cannot be overwritten has to be found out while there is still something to do about it.
func TestWhatIsInTheWayIsNamedBeforeAndWhenWriting(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	file := onlyFile(t, path, "*.v1")
	must(t, os.Remove(file))
	must(t, os.Mkdir(file, 0o700))

	entries := cache.New(directory)
	for name, err := range map[string]error{
		"ProveWritable": entries.ProveWritable(t.Context(), key),
		"Write":         entries.Write(t.Context(), key, sealer, []byte("y")),
	} {
		if err == nil {
			t.Fatalf("%s succeeded", name)
		}
		wantParts(t, err.Error(), file, "remove it")
	}
	must(t, os.Remove(file))
	must(t, entries.ProveWritable(t.Context(), key))
	write(t, directory, key, sealer, "y")
	wantPlaintext(t, directory, key, sealer, "y")
}

func TestFilesOfAnotherFormatAreLeftAlone(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "x")
	file := onlyFile(t, path, "*.v1")
	next := file[:len(file)-1] + "2"
	must(t, os.Rename(file, next))
	before, err := os.ReadFile(next)
	must(t, err)

	if _, err := cache.New(directory).Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("reading beside another format: %v, want ErrNotFound", err)
	}
	write(t, directory, key, sealer, "y")
	after, err := os.ReadFile(next)
	must(t, err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
}

func TestProvingWritableLeavesNothing(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	must(t, cache.New(directory).ProveWritable(t.Context(), key))
	if left := append(files(t, path, "*"), files(t, path, ".*")...); left != nil {
		t.Errorf("left %q", left)
	}
}

func TestProvingWritableFailsWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	must(t, os.Mkdir(filepath.Join(path, key.String()+".probe"), 0o700)) // in the way of root as well
	err := cache.New(directory).ProveWritable(t.Context(), key)
	if _, ok := errors.AsType[*cache.LocationError](err); !ok {
		t.Fatalf("%v, want a LocationError", err)
	}
	wantParts(t, err.Error(), path, "token_cache", "test file")
}

// The directory can be removed under a run that has just used up a credential.
func TestWriteMakesTheDirectoryAgain(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	must(t, os.RemoveAll(path))
	if _, err := cache.New(directory).Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("reading without a directory: %v, want ErrNotFound", err)
	}
	write(t, directory, key, sealer, "x")
	wantPlaintext(t, directory, key, sealer, "x")
}

func TestReadingMarksAsUsedOnceADay(t *testing.T) {
	t.Parallel()

	now := time.Now().Truncate(time.Second)
	directory, path := newDirectory(t, cache.DirectoryOptions{Now: func() time.Time { return now }})
	write(t, directory, key, sealer, "x")
	file := onlyFile(t, path, "*.v1")
	for age, marked := range map[time.Duration]bool{-day: false, 0: false, 23 * time.Hour: false, 25 * time.Hour: true, 100 * day: true} {
		modified := now.Add(-age)
		must(t, os.Chtimes(file, modified, modified))
		wantPlaintext(t, directory, key, sealer, "x")
		info, err := os.Stat(file)
		must(t, err)
		want := modified
		if marked {
			want = now
		}
		if !info.ModTime().Equal(want) {
			t.Errorf("after reading an entry of age %s its time is %s, want %s", age, info.ModTime(), want)
		}
	}
}

func TestUnfitDirectoriesAreRefused(t *testing.T) {
	t.Parallel()

	temporary := t.TempDir()
	file := filepath.Join(temporary, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for name, path := range map[string]string{
		"file in place":       file,
		"below a file":        filepath.Join(file, "cache"),
		"far below a file":    filepath.Join(file, "some", "cache"),
		"name without an end": filepath.Join(temporary, string(bytes.Repeat([]byte("x"), 300))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := cache.OpenDirectory(path, cache.DirectoryOptions{})
			wantUnfit(t, err, path, "token_cache")
		})
	}
}

func wantUnfit(t *testing.T, err error, parts ...string) {
	t.Helper()
	if _, ok := errors.AsType[*cache.LocationError](err); !ok {
		t.Fatalf("%v, want a LocationError", err)
	}
	wantParts(t, err.Error(), parts...)
}

func wantUnreadableFile(t *testing.T, storage cache.Storage, key cache.Key, path string) (reason string) {
	t.Helper()
	plaintext, err := cache.New(storage).Read(t.Context(), key, sealer)
	var unreadable *cache.UnreadableError
	if !errors.As(err, &unreadable) || plaintext != nil {
		t.Fatalf("read %q, %v; want an UnreadableError", plaintext, err)
	}
	if unreadable.Path != path {
		t.Errorf("it is about %s, want %s", unreadable.Path, path)
	}
	return unreadable.Reason
}
