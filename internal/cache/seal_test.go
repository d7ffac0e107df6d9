package cache_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// fixed is a storage in which any bytes can be put as the entry to read, and which keeps what is written.
type fixed struct {
	cache.Storage
	sealed []byte
	name   cache.Name
}

func (f *fixed) Locate(name cache.Name) string { return name.String() }

func (f *fixed) Read(context.Context, cache.Name, func([]byte) bool) ([]byte, error) {
	return f.sealed, nil
}

func (f *fixed) Write(_ context.Context, name cache.Name, sealed []byte) error {
	f.name, f.sealed = name, sealed
	return nil
}

func open(t testing.TB, key cache.Key, sealer secret.Value, sealed []byte) ([]byte, error) {
	t.Helper()
	return cache.New(&fixed{sealed: sealed}).Read(t.Context(), key, sealer)
}

func seal(t testing.TB, key cache.Key, sealer secret.Value, plaintext string) []byte {
	t.Helper()
	storage := &fixed{}
	write(t, storage, key, sealer, plaintext)
	return storage.sealed
}

// An entry that was sealed by the first release. Every release opens it, or the format got another name.
const (
	goldenEntry = "dGVycmFmb3JtLXByb3ZpZGVyLWdvdG8gY2FjaGUgZW50cnkgdjEK8kURrU+LPZy+qlndHYEsbvCtsaKRwMIIO1l3jw+LWCSxlK7CWhuMpfl6sGLyIGpEquhgaC1aQ4jlyWwElohyJ5TT"
	goldenName  = "d438fe35625191bfc71766c236be77449c276f423a53b8f0e3af54f321dcb6de-08f4fab70aa02ff4.v1"
	goldenText  = "opaque"
)

func TestFormatIsTheSameInEveryRelease(t *testing.T) {
	t.Parallel()

	sealed, err := base64.StdEncoding.DecodeString(goldenEntry)
	must(t, err)
	if plaintext, err := open(t, key, sealer, sealed); err != nil || string(plaintext) != goldenText {
		t.Errorf("opened %q, %v; want %q", plaintext, err, goldenText)
	}
	storage := &fixed{}
	write(t, storage, key, sealer, "")
	if storage.name.String() != goldenName {
		t.Errorf("the entry's name is %s, want %s", storage.name, goldenName)
	}
}

func TestEntrySaysWhatItIsAndNothingElse(t *testing.T) {
	t.Parallel()

	sealed := seal(t, key, sealer, "plaintext")
	first, _, _ := strings.Cut(string(sealed), "\n")
	if first != "terraform-provider-goto cache entry v1" {
		t.Errorf("the entry begins with %q", first)
	}
	for _, hidden := range []string{"plaintext", sealer.Reveal(), key.String(), string(key[:])} {
		if bytes.Contains(sealed, []byte(hidden)) {
			t.Errorf("the entry contains %q", hidden)
		}
	}
	if bytes.Equal(sealed, seal(t, key, sealer, "plaintext")) {
		t.Error("sealing twice gives the same bytes")
	}
}

func TestEveryFlippedBitIsNoticed(t *testing.T) {
	t.Parallel()

	sealed := seal(t, key, sealer, "x")
	for bit := range len(sealed) * 8 {
		damaged := slices.Clone(sealed)
		damaged[bit/8] ^= 1 << (bit % 8)
		wantUnreadable(t, key, sealer, damaged)
	}
}

func TestEveryOtherLengthIsNoticed(t *testing.T) {
	t.Parallel()

	sealed := seal(t, key, sealer, "x")
	for length := range sealed {
		wantUnreadable(t, key, sealer, sealed[:length])
		wantUnreadable(t, key, sealer, sealed[length+1:])
	}
	wantUnreadable(t, key, sealer, append(slices.Clone(sealed), 0))
}

func TestEntryOpensOnlyWithItsKeyAndSecret(t *testing.T) {
	t.Parallel()

	sealed := seal(t, key, sealer, "x")
	wantUnreadable(t, otherKey, sealer, sealed)
	wantUnreadable(t, key, otherSealer, sealed)
	if _, err := open(t, key, sealer, sealed); err != nil {
		t.Errorf("with the right ones: %v", err)
	}
}

func wantUnreadable(t *testing.T, key cache.Key, sealer secret.Value, sealed []byte) {
	t.Helper()
	plaintext, err := open(t, key, sealer, sealed)
	var unreadable *cache.UnreadableError
	if !errors.As(err, &unreadable) || plaintext != nil {
		t.Errorf("opening %q: %q, %v; want an UnreadableError", sealed, plaintext, err)
		return
	}
	if unreadable.Path == "" || unreadable.Reason == "" {
		t.Errorf("%#v says too little", unreadable)
	}
}

func TestNothingIsSealedWithoutASecret(t *testing.T) {
	t.Parallel()

	for _, sealer := range []secret.Value{{}, secret.New("")} {
		storage := &fixed{}
		if err := cache.New(storage).Write(t.Context(), key, sealer, []byte("x")); err == nil || storage.sealed != nil {
			t.Errorf("writing without a secret: %v, stored %q", err, storage.sealed)
		}
		if _, err := open(t, key, sealer, nil); err == nil || errors.Is(err, cache.ErrNotFound) {
			t.Errorf("reading without a secret: %v", err)
		}
	}
}

// FuzzUnseal takes text for an entry, which it is not, and for the text of one, in which any flipped bit is noticed.
func FuzzUnseal(f *testing.F) {
	golden, err := base64.StdEncoding.DecodeString(goldenEntry)
	must(f, err)
	f.Add(golden, uint(0))
	f.Add(golden[:len(golden)-1], uint(311))
	f.Add(golden[:len("terraform-provider-goto cache entry v1\n")], uint(312))
	f.Add([]byte{}, uint(1<<20))
	f.Add([]byte("{}"), uint(1000))
	f.Fuzz(func(t *testing.T, text []byte, bit uint) {
		plaintext, err := open(t, key, sealer, text)
		if err == nil && !bytes.Equal(text, golden) {
			t.Fatalf("%q was accepted and opened as %q", text, plaintext)
		}
		sealed := seal(t, key, sealer, string(text))
		if plaintext, err := open(t, key, sealer, sealed); err != nil || !bytes.Equal(plaintext, text) {
			t.Fatalf("%q was sealed and opened as %q, %v", text, plaintext, err)
		}
		bit %= uint(len(sealed)) * 8
		sealed[bit/8] ^= 1 << (bit % 8)
		wantUnreadable(t, key, sealer, sealed)
	})
}
