package cache_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// everyStorage runs a test against each storage, because callers do not know which one they have.
func everyStorage(t *testing.T, test func(t *testing.T, storage cache.Storage)) {
	t.Helper()
	t.Run("directory", func(t *testing.T) {
		t.Parallel()
		directory, _ := newDirectory(t, cache.DirectoryOptions{})
		test(t, directory)
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, cache.NewMemory())
	})
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		entries := cache.New(storage)
		if _, err := entries.Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
			t.Fatalf("reading before writing: %v, want ErrNotFound", err)
		}
		must(t, entries.ProveWritable(t.Context(), key))
		if _, err := entries.Read(t.Context(), key, sealer); !errors.Is(err, cache.ErrNotFound) {
			t.Fatalf("reading what was only proven writable: %v, want ErrNotFound", err)
		}
		for _, plaintext := range []string{"first", "", "second \x00\xff"} {
			write(t, storage, key, sealer, plaintext)
			write(t, storage, otherKey, sealer, "of another key")
			must(t, entries.ProveWritable(t.Context(), key))
			must(t, entries.Prune(t.Context()))
			wantPlaintext(t, storage, key, sealer, plaintext)
		}
	})
}

func TestReaderAndWriterOwnTheirBytes(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		name, sealed := cache.Name{Key: key}, []byte("sealed")
		must(t, storage.Write(t.Context(), name, sealed))
		clear(sealed)
		for range 2 {
			got, err := storage.Read(t.Context(), name, func([]byte) bool { return true })
			if err != nil || string(got) != "sealed" {
				t.Fatalf("read %q, %v", got, err)
			}
			clear(got)
		}
	})
}

func TestAnotherSecretNeitherOpensNorDestroys(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		write(t, storage, key, sealer, "first")

		_, err := cache.New(storage).Read(t.Context(), key, otherSealer)
		var unreadable *cache.UnreadableError
		if !errors.As(err, &unreadable) {
			t.Fatalf("reading with another secret: %v, want an UnreadableError", err)
		}
		wantParts(t, err.Error(), "another client secret", unreadable.Path)
		wantPlaintext(t, storage, key, sealer, "first")

		write(t, storage, key, otherSealer, "second")
		wantPlaintext(t, storage, key, sealer, "first")
		wantPlaintext(t, storage, key, otherSealer, "second")
	})
}

func TestTooLargeAnEntryIsNotWritten(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		write(t, storage, key, sealer, "small")
		if err := cache.New(storage).Write(t.Context(), key, sealer, make([]byte, 1<<20)); err == nil {
			t.Error("1 MiB was written, and would not be read")
		}
		wantPlaintext(t, storage, key, sealer, "small")
	})
}

// What is being stored often cannot be had again, and a run that is interrupted still has to keep it.
func TestWriteDoesNotMindACancelledContext(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		must(t, cache.New(storage).Write(cancelled, key, sealer, []byte("kept")))
		wantPlaintext(t, storage, key, sealer, "kept")
	})
}

func TestOnlyTheDirectoryIsPersistent(t *testing.T) {
	t.Parallel()

	directory, _ := newDirectory(t, cache.DirectoryOptions{})
	got := []bool{cache.New(directory).Persistent(), cache.New(cache.NewMemory()).Persistent()}
	if diff := cmp.Diff([]bool{true, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNothingPrintsAnEntry(t *testing.T) {
	t.Parallel()

	hidden := []string{
		"plaintext", hex.EncodeToString([]byte("plaintext")), strings.Trim(fmt.Sprintf("%d", []byte("plaintext")), "[]"),
	}
	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		write(t, storage, key, sealer, "plaintext")
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			for _, carrier := range []any{storage, cache.New(storage), struct{ storage cache.Storage }{storage}} {
				for _, part := range hidden {
					if printed := fmt.Sprintf(verb, carrier); strings.Contains(printed, part) {
						t.Errorf("%s of %T prints %q: %s", verb, carrier, part, printed)
					}
				}
				encoded, _ := json.Marshal(carrier) // what cannot be encoded shows nothing
				if base64d := base64.StdEncoding.EncodeToString([]byte("plaintext")); bytes.Contains(encoded, []byte("plaintext")) || bytes.Contains(encoded, []byte(base64d)) {
					t.Errorf("%T as JSON: %s", carrier, encoded)
				}
			}
		}
	})
}

func BenchmarkLockRead(b *testing.B) {
	directory, _ := newDirectory(b, cache.DirectoryOptions{})
	write(b, directory, key, sealer, string(make([]byte, 4<<10)))
	entries := cache.New(directory)
	for b.Loop() {
		unlock, err := entries.Lock(b.Context(), key)
		must(b, err)
		_, err = entries.Read(b.Context(), key, sealer)
		must(b, err)
		must(b, unlock())
	}
}
