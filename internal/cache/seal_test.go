package cache_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Entries of key, sealed by the first release of each format. Every release must open them. The second entry holds
// goldenText for sealer and a transient text for otherSealer.
const (
	golden1Name = "d438fe35625191bfc71766c236be77449c276f423a53b8f0e3af54f321dcb6de-08f4fab70aa02ff4.v1"
	golden1     = "dGVycmFmb3JtLXByb3ZpZGVyLWdvdG8gY2FjaGUgZW50cnkgdjEK8kURrU+LPZy+qlndHYEsbvCtsaKRwMIIO1l3jw+LWCSxlK7CWhuMpfl6sGLyIGpEquhgaC1aQ4jlyWwElohyJ5TT"
	golden2Name = "d438fe35625191bfc71766c236be77449c276f423a53b8f0e3af54f321dcb6de.v2"
	golden2     = "dGVycmFmb3JtLXByb3ZpZGVyLWdvdG8gY2FjaGUgZW50cnkgdjIKOOU/znBPRFSK7qpgCdFa/NTeCCCAl+rjoHA3ozkS4EEBCPT6twqgL/QAAABCNGhIhyNey3/WHoI5hQDkpZemaUOuXF169NlxYDG+ISycC9Jo5Iu7YG4JAXtYzFOVbtIEoO7vOJr1qw2aHER6mUOCAAQ/LKyvA9CAAAAAQoeN5GWIqpvbme5MqNh3E3RYY70x+l1kkcuOcoTsANaMSByJ9BgVtSHcmTktwLU9upLMCdKAtVeUs/JE+yLGUhVaxQ=="
	goldenText  = "opaque"
)

// An entry consists of a header, a checksum of the rest, and sections. A section begins with its kind, the seal's ID
// and a length.
const (
	checksumAt = len("terraform-provider-goto cache entry v2\n")
	sectionsAt = checksumAt + sha256.Size
	sealAt     = sectionsAt + 1
	lengthAt   = sealAt + 8
	sealedAt   = lengthAt + 4
)

func decoded(encoded string) []byte {
	contents, _ := base64.StdEncoding.DecodeString(encoded)
	return contents
}

// storing returns a storage that holds contents under a name. Only directories support the first format.
func storing(t testing.TB, name string, contents []byte) cache.Storage {
	t.Helper()
	if strings.HasSuffix(name, ".v1") {
		directory, _ := newDirectory(t, cache.Options{})
		must(t, directory.Put(name, contents))
		return directory
	}
	memory := cache.NewMemory()
	must(t, memory.Put(name, contents))
	return memory
}

// seal returns the contents of an entry that holds plaintext.
func seal(t testing.TB, key cache.Key, sealer secret.Value, plaintext string) []byte {
	t.Helper()
	storage := cache.NewMemory()
	write(t, storage, key, sealer, plaintext)
	contents, err := storage.Read(t.Context(), entryOf(key))
	must(t, err)
	return contents
}

// sum returns contents with a valid checksum, which anyone can compute.
func sum(contents ...[]byte) []byte {
	entry := slices.Concat(contents...)
	right := sha256.Sum256(entry[sectionsAt:])
	copy(entry[checksumAt:], right[:])
	return entry
}

func flipped(contents []byte, bit int) []byte {
	contents = slices.Clone(contents)
	contents[bit/8] ^= 1 << (bit % 8)
	return contents
}

func TestFormatIsStable(t *testing.T) {
	t.Parallel()

	storage := storing(t, golden2Name, decoded(golden2))
	want(t, storage, key, sealer, goldenText)
	want(t, storage, key, otherSealer, "theirs")

	// An entry of the first format is read until a write replaces it. Writes under another client secret keep it.
	directory, _ := newDirectory(t, cache.Options{})
	must(t, directory.Put(golden1Name, decoded(golden1)))
	claimed := claim(t, directory, key)
	for _, way := range ways {
		must(t, writeAs(t.Context(), way, claimed, otherSealer, "theirs"))
		want(t, directory, key, sealer, goldenText)
	}
	for _, way := range []string{"intent", "transient"} {
		must(t, writeAs(t.Context(), way, claimed, sealer, way))
		want(t, directory, key, sealer, way)
	}
	if _, err := directory.Read(t.Context(), golden1Name); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("reading the old entry: got %v, want ErrNotFound", err)
	}
}

func TestDamageIsDetected(t *testing.T) {
	t.Parallel()

	// In the second format, damage elsewhere in the entry does not affect a section whose seal is intact.
	noticed := func(name string, damaged []byte) {
		t.Helper()
		plaintext, err := cache.New(storing(t, name, damaged)).Read(t.Context(), key, sealer)
		if _, ok := errors.AsType[*cache.UnreadableError](err); !ok && (err != nil || name == golden1Name || string(plaintext) != goldenText) {
			t.Errorf("got %q and error %v", plaintext, err)
		}
	}
	for name, contents := range map[string][]byte{golden1Name: decoded(golden1), golden2Name: decoded(golden2)} {
		for bit := range len(contents) * 8 {
			noticed(name, flipped(contents, bit))
		}
		for length := range contents {
			noticed(name, contents[:length])
			noticed(name, contents[length+1:])
		}
	}
	contents := seal(t, key, sealer, "x") // the seal notices flips even if the checksum is valid
	for bit := sectionsAt * 8; bit < len(contents)*8; bit++ {
		storage := storing(t, entryOf(key), sum(flipped(contents, bit)))
		if plaintext, err := cache.New(storage).Read(t.Context(), key, sealer); err == nil {
			t.Errorf("with bit %d flipped, the entry opens as %q", bit, plaintext)
		}
	}
}

func TestEntryNeedsItsKeyAndSecret(t *testing.T) {
	t.Parallel()

	contents := seal(t, key, sealer, "x")
	id := func(key cache.Key, sealer secret.Value) []byte { return seal(t, key, sealer, "")[sealAt:lengthAt] }
	as := func(id []byte) []byte { return sum(contents[:sealAt], id, contents[lengthAt:]) }
	first := decoded(golden1)
	sealed := first[checksumAt:]

	for name, test := range map[string]struct {
		name     string
		contents []byte
		key      cache.Key
		sealer   secret.Value
	}{
		"another key":                  {entryOf(otherKey), contents, otherKey, sealer},
		"another secret":               {entryOf(key), contents, key, otherSealer},
		"said to be of another key":    {entryOf(otherKey), as(id(otherKey, sealer)), otherKey, sealer},
		"said to be of another secret": {entryOf(key), as(id(key, otherSealer)), key, otherSealer},
		"first format in the second":   {entryOf(key), sum(contents[:sealedAt-1], []byte{byte(len(sealed))}, sealed), key, sealer},
		"first format, another key":    {otherKey.String() + "-" + hex.EncodeToString(id(otherKey, sealer)) + ".v1", first, otherKey, sealer},
	} {
		t.Run(name, func(t *testing.T) {
			want(t, storing(t, test.name, test.contents), test.key, test.sealer, unreadable)
		})
	}
}

// Each section is sealed separately: damage to one does not affect the others, and each client secret still opens its
// own.
func TestDamageAffectsOneSection(t *testing.T) {
	t.Parallel()

	storage := cache.NewMemory()
	all := []secret.Value{otherSealer, sealer, thirdSealer}
	for _, sealer := range all {
		write(t, storage, key, sealer, "kept")
	}
	contents, err := storage.Read(t.Context(), entryOf(key))
	must(t, err)
	size := (len(contents) - sectionsAt) / len(all) // of each section
	const kept = "kept"
	for name, test := range map[string]struct {
		damaged                   []byte
		reason, first, ours, last string
	}{
		"in the checksum":      {flipped(contents, checksumAt*8), "", kept, kept, kept},
		"in our sealed bytes":  {flipped(contents, (size+sealedAt)*8), "damaged", kept, unreadable, kept},
		"in our length":        {flipped(contents, (size+lengthAt)*8), "damaged", kept, unreadable, unreadable},
		"in the first one's":   {flipped(contents, sealedAt*8), "damaged", unreadable, kept, kept},
		"cut off in the last":  {contents[:len(contents)-1], "truncated", kept, kept, unreadable},
		"cut off after a head": {contents[:2*size+sealedAt], "truncated", kept, kept, unreadable},
		"cut off in a head":    {contents[:2*size+lengthAt], "truncated", kept, kept, unreadable},
		"cut off in the sum":   {contents[:checksumAt+1], "truncated", unreadable, unreadable, unreadable},
		"in the header":        {flipped(contents, 0), "not start with the header", unreadable, unreadable, unreadable},
		"as a whole":           {nil, "not start with the header", unreadable, unreadable, unreadable},
		"almost too large":     {make([]byte, 1<<20), "not start with the header", unreadable, unreadable, unreadable},
		"too large":            {make([]byte, 1<<20+1), "too large", unreadable, unreadable, unreadable},
	} {
		t.Run(name, func(t *testing.T) {
			directory, _ := newDirectory(t, cache.Options{})
			file := directory.Locate(entryOf(key))
			must(t, os.WriteFile(file, test.damaged, 0o600))
			for i, expected := range []string{test.first, test.ours, test.last} {
				want(t, directory, key, all[i], expected, file, test.reason)
			}
			if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, test.damaged) {
				t.Errorf("reading changed the damaged file: %v", err)
			}
			write(t, directory, key, sealer, "new")
			want(t, directory, key, sealer, "new")
			want(t, directory, key, otherSealer, test.first)
			want(t, directory, key, thirdSealer, test.last)
		})
	}
}

func TestEmptySecretIsRefused(t *testing.T) {
	t.Parallel()

	storage := cache.NewMemory()
	for _, way := range ways {
		wantParts(t, writeAs(t.Context(), way, claim(t, storage, key), secret.Value{}, "x"), "no client secret")
	}
	_, err := cache.New(storage).Read(t.Context(), key, secret.Value{})
	wantParts(t, err, "no client secret")
	want(t, storage, key, sealer, notFound)
}

// FuzzUnseal reads contents as an entry, which must not open.
func FuzzUnseal(f *testing.F) {
	whole := decoded(golden2)
	for _, seed := range [][]byte{whole, whole[:len(whole)-1], whole[:sealedAt], sum(whole[:sealedAt]), decoded(golden1), {}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, contents []byte) {
		plaintext, err := cache.New(storing(t, entryOf(key), contents)).Read(t.Context(), key, sealer)
		if err == nil && string(plaintext) != goldenText {
			t.Fatalf("%q was accepted and opened as %q", contents, plaintext)
		}
	})
}
