package cache_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// cutOff leaves behind what a process leaves that was killed between writing an entry and putting it in its
// place. It returns the place.
func cutOff(t *testing.T, directory, plaintext string, sealer secret.Value) (file string) {
	t.Helper()
	aside, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, aside, key, sealer, plaintext)
	written := onlyFile(t, path, "*.v1")
	file = filepath.Join(directory, filepath.Base(written))
	must(t, os.Rename(written, file+".new"))
	return file
}

// Whatever there was before a write, it is what another process sees until the write is through, and a crash
// at any moment leaves either the old entry or the new one.
func TestEveryCrashOfAWriteLeavesTheOldEntryOrTheNewOne(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "new")
	file := onlyFile(t, path, "*.v1")
	sealed, err := os.ReadFile(file)
	must(t, err)
	for _, before := range []string{"", "old"} {
		for _, pending := range []string{"none", "created", "half", "half of it zeros", "whole"} {
			t.Run(fmt.Sprintf("%q, %s", before, pending), func(t *testing.T) {
				must(t, os.RemoveAll(path))
				if before != "" {
					write(t, directory, key, sealer, before)
				} else {
					must(t, os.Mkdir(path, 0o700))
				}
				want := before
				switch pending {
				case "created":
					must(t, os.WriteFile(file+".new", nil, 0o600))
				case "half":
					must(t, os.WriteFile(file+".new", sealed[:len(sealed)/2], 0o600))
				case "half of it zeros": // the file system knew the size and had not written the contents
					zeros := append(sealed[:len(sealed)/2:len(sealed)/2], make([]byte, len(sealed)-len(sealed)/2)...)
					must(t, os.WriteFile(file+".new", zeros, 0o600))
				case "whole":
					must(t, os.WriteFile(file+".new", sealed, 0o600))
					want = "new"
				}
				if want == "" {
					if _, err := cache.New(directory).Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
						t.Fatalf("%v, want ErrNotFound", err)
					}
				} else {
					wantPlaintext(t, directory, key, sealer, want)
				}
				must(t, cache.New(directory).ProveWritable(t.Context(), key))
				write(t, directory, key, sealer, "newest")
				wantPlaintext(t, directory, key, sealer, "newest")
				if left := files(t, path, "*.new"); left != nil {
					t.Errorf("left %q", left)
				}
			})
		}
	}
}

// A code that was exchanged with another client secret must not be shown again, even if the process that did so
// was killed before its entry had its name.
func TestWriteThatWasCutOffUnderAnotherSecretIsAnEntry(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	file := cutOff(t, path, "theirs", otherSealer)

	_, err := cache.New(directory).Read(t.Context(), key, sealer)
	if _, ok := errors.AsType[*cache.UnreadableError](err); !ok {
		t.Fatalf("%v, want an UnreadableError", err)
	}
	wantParts(t, err.Error(), "another client secret", file)
	write(t, directory, key, sealer, "ours")
	wantPlaintext(t, directory, key, otherSealer, "theirs")
	wantPlaintext(t, directory, key, sealer, "ours")
}

// What is in the place of an entry is not replaced, and what was to take its place is not lost.
func TestWriteThatWasCutOffWaitsForWhatIsInItsWay(t *testing.T) {
	t.Parallel()

	for name, put := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o700) },
		"link":      func(path string) error { return os.Symlink(path+".none", path) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "link" && runtime.GOOS == "windows" {
				t.Skip("making a link takes a privilege")
			}
			directory, path := newDirectory(t, cache.DirectoryOptions{})
			file := cutOff(t, path, "new", sealer)
			must(t, put(file))

			_, err := cache.New(directory).Read(t.Context(), key, sealer)
			if err == nil {
				t.Fatal("read past what is in the way")
			}
			wantParts(t, err.Error(), file, "remove it")
			if info, err := os.Lstat(file); err != nil || info.Mode().IsRegular() {
				t.Errorf("what was in the way is %v, %v", info, err)
			}
			must(t, os.Remove(file))
			wantPlaintext(t, directory, key, sealer, "new")
		})
	}
}

// Windows replaces no file that another program, a virus scanner for one, has open. The next read makes up for it.
func TestWriteWhileAnotherProgramReadsIsNotLost(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "old")
	reader, err := os.Open(onlyFile(t, path, "*.v1"))
	must(t, err)
	err = cache.New(directory).Write(t.Context(), key, sealer, []byte("new"))
	must(t, reader.Close())
	if runtime.GOOS != "windows" {
		must(t, err)
	}
	wantPlaintext(t, directory, key, sealer, "new")
}

// While it is still time to do something about it.
func TestWhatIsInTheWayOfWritingIsFoundBefore(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "old")
	pending := onlyFile(t, path, "*.v1") + ".new"
	must(t, os.MkdirAll(pending+"/full", 0o700))

	entries := cache.New(directory)
	wantPlaintext(t, directory, key, sealer, "old")
	for name, err := range map[string]error{
		"ProveWritable": entries.ProveWritable(t.Context(), key),
		"Write":         entries.Write(t.Context(), key, sealer, []byte("new")),
	} {
		if err == nil {
			t.Fatalf("%s succeeded", name)
		}
		wantParts(t, err.Error(), pending)
	}
	wantPlaintext(t, directory, key, sealer, "old")
}

// Another release has its own entries, pending ones included, under the same locks.
func TestReleasesOfTwoFormatsShareADirectory(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	name := strings.TrimSuffix(cutOff(t, path, "ours", sealer), "1") + "2"
	next := map[string]string{name: "theirs", name + ".new": "theirs, not in its place yet"}
	for file, contents := range next {
		must(t, os.WriteFile(file, []byte(contents), 0o600))
		setAge(t, file, 100*day)
	}

	must(t, lock(t, directory, key)())
	wantPlaintext(t, directory, key, sealer, "ours")
	must(t, cache.New(directory).ProveWritable(t.Context(), key))
	write(t, directory, key, sealer, "ours again")
	must(t, directory.Prune(t.Context()))
	wantPlaintext(t, directory, key, sealer, "ours again")
	for file, contents := range next {
		got, err := os.ReadFile(file)
		must(t, err)
		if diff := cmp.Diff(contents, string(got)); diff != "" {
			t.Error(diff)
		}
	}
	must(t, os.Remove(strings.TrimSuffix(name, "2")+"1"))
	if _, err := cache.New(directory).Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("beside entries of another format only: %v, want ErrNotFound", err)
	}
}
