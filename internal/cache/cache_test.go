package cache_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Reads need no claim, and claims of different entries do not wait for each other.
func TestReadReturnsWhatWasWritten(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		want(t, storage, key, sealer, notFound)
		// Stored logins often cannot be obtained again, so an interrupted run must still store them.
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		claimed := claim(t, storage, key)
		for _, way := range ways {
			for _, plaintext := range []string{"first", "", "second \x00\xff"} {
				must(t, writeAs(canceled, way, claimed, sealer, plaintext))
				write(t, storage, otherKey, sealer, "of another key") // does not wait for the claim
				must(t, cache.New(storage).Prune(t.Context()))
				want(t, storage, key, sealer, plaintext)
			}
		}
		must(t, claimed.End())
		must(t, cache.New(storage).Hint(t.Context(), key, sealer, []byte("gives way to what is there")))
		contents, err := storage.Read(t.Context(), entryOf(key))
		must(t, err)
		clear(contents) // the reader owns them
		want(t, storage, key, sealer, "second \x00\xff")
	})
}

// A retained entry survives writes under another client secret. A transient entry does not.
func TestEntrySurvivesWritesWithAnotherSecret(t *testing.T) {
	t.Parallel()

	// beside maps each way of writing to the result of a read with a client secret that has nothing in the entry.
	beside := map[string]string{"transient": notFound, "retained": unreadable, "intent": unreadable, "hint": unreadable}
	for theirs := range beside {
		for ours := range beside {
			t.Run(ours+" beside "+theirs, func(t *testing.T) {
				everyStorage(t, func(t *testing.T, storage cache.Storage) {
					reason := []string{cache.New(storage).Locate(key), "another client secret"}
					write := func(way string, sealer secret.Value, plaintext string) {
						t.Helper()
						if way == "hint" {
							must(t, cache.New(storage).Hint(t.Context(), key, sealer, []byte(plaintext)))
						} else {
							claimed := claim(t, storage, key)
							must(t, errors.Join(writeAs(t.Context(), way, claimed, sealer, plaintext), claimed.End()))
						}
						want(t, storage, key, sealer, plaintext)
					}
					write(theirs, otherSealer, "theirs")
					want(t, storage, key, sealer, beside[theirs], reason...)
					write(ours, sealer, "ours")
					if theirs == "transient" {
						want(t, storage, key, otherSealer, beside[ours], reason...)
					} else {
						want(t, storage, key, otherSealer, "theirs")
					}
				})
			})
		}
	}
}

func TestEntrySizeLimit(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		const limit = 1<<20 - 1<<10
		write(t, storage, key, otherSealer, "theirs") // counts toward the limit
		write(t, storage, key, sealer, "")
		claimed := claim(t, storage, key)
		small, err := storage.Read(t.Context(), entryOf(key))
		must(t, err)
		largest := strings.Repeat("x", limit-len(small))
		for _, way := range ways {
			must(t, writeAs(t.Context(), way, claimed, sealer, largest))
			wantParts(t, writeAs(t.Context(), way, claimed, sealer, largest+"x"), cache.New(storage).Locate(key))
			want(t, storage, key, sealer, largest)
			want(t, storage, key, otherSealer, "theirs")
		}
	})
}

func TestEntryRevealsOnlyItsHeader(t *testing.T) {
	t.Parallel()

	const text = "plaintext"
	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		write(t, storage, key, sealer, text)
		contents, err := storage.Read(t.Context(), entryOf(key))
		if err != nil || !strings.HasPrefix(string(contents), "terraform-provider-goto cache entry v2\n") {
			t.Errorf("got entry %q and error %v", contents, err)
		}
		hidden := []string{text, hex.EncodeToString([]byte(text)), base64.StdEncoding.EncodeToString([]byte(text)),
			strings.Trim(fmt.Sprintf("%d", []byte(text)), "[]"), sealer.Reveal(), string(seal(t, key, sealer, text)[sealedAt:][:32])}
		for _, carrier := range []any{contents, storage, cache.New(storage), claim(t, storage, key), struct{ storage cache.Storage }{storage}} {
			encoded, _ := json.Marshal(carrier) // a value that cannot be encoded reveals nothing
			printed := fmt.Sprintf("%[1]v %+[1]v %#[1]v %[1]s %[1]x %[1]d %[1]q %[2]s", carrier, encoded)
			for _, hidden := range hidden {
				if strings.Contains(printed, hidden) {
					t.Errorf("%T prints %q: %s", carrier, hidden, printed)
				}
			}
		}
	})
}
