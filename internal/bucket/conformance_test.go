package bucket_test

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/servers"
)

// TestConformance checks that each store behaves as callers expect.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *bucket.Bucket){
		"missing object":              testMissing,
		"created once":                testCreate,
		"overwritten by version":      testOverwrite,
		"gone since it was read":      testGone,
		"deleted":                     testDelete,
		"listed":                      testList,
		"neither too large nor empty": testSize,
		"twelve writers":              testTwelveWriters,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, store *servers.Server, name string) {
				test(t, open(t, store.Location(name, "some/prefix", store.Endpoint), bucket.Options{}))
			})
		})
	}
}

func testMissing(t *testing.T, b *bucket.Bucket) {
	_, err := b.Get(t.Context(), "object")
	if !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func testCreate(t *testing.T, b *bucket.Bucket) {
	version := put(t, b, "object", "first", bucket.Absent)
	_, err := b.Put(t.Context(), "object", []byte("second"), bucket.Absent)
	if !errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrAmbiguous) {
		t.Errorf("creating it again: got %v", err)
	}
	object := expectContents(t, b, "object", "first")
	if object.Version != version || version == bucket.Absent {
		t.Errorf("read version %q, wrote version %q", object.Version, version)
	}
	if age := object.Age(); age < -time.Second || age > time.Minute {
		t.Errorf("the object's age is %v", age)
	}
}

func testOverwrite(t *testing.T, b *bucket.Bucket) {
	first := put(t, b, "object", "first", bucket.Absent)
	second := put(t, b, "object", "second", first)
	if second == first {
		t.Errorf("overwriting did not change the version %q", first)
	}
	_, err := b.Put(t.Context(), "object", []byte("stale"), first)
	if !errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrAmbiguous) {
		t.Errorf("overwriting a newer version: got %v", err)
	}
	expectContents(t, b, "object", "second")
	put(t, b, "object", "third", expectContents(t, b, "object", "second").Version)
}

func testGone(t *testing.T, b *bucket.Bucket) {
	version := put(t, b, "object", "first", bucket.Absent)
	if err := b.Delete(t.Context(), "object"); err != nil {
		t.Fatal(err)
	}
	_, err := b.Put(t.Context(), "object", []byte("second"), version)
	if !errors.Is(err, bucket.ErrConflict) || errors.Is(err, bucket.ErrAmbiguous) {
		t.Errorf("got %v", err)
	}
	testMissing(t, b)
}

func testDelete(t *testing.T, b *bucket.Bucket) {
	put(t, b, "object", "contents", bucket.Absent)
	for _, when := range []string{"once", "again"} {
		if err := b.Delete(t.Context(), "object"); err != nil {
			t.Errorf("deleting the object %s: %v", when, err)
		}
		testMissing(t, b)
	}
	put(t, b, "object", "contents", bucket.Absent)
}

func testList(t *testing.T, b *bucket.Bucket) {
	for _, name := range []string{"b-2", "a-1", "b-1"} {
		put(t, b, name, name, bucket.Absent)
	}
	for prefix, want := range map[string][]string{"": {"a-1", "b-1", "b-2"}, "b-": {"b-1", "b-2"}, "c": nil} {
		entries, err := b.List(t.Context(), prefix)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(entries, func(a, b bucket.Entry) int { return cmp.Compare(a.Name, b.Name) })
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name)
			if age := entry.Age(); age < -time.Second || age > time.Minute {
				t.Errorf("%s: the age is %v", entry.Name, age)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("with the prefix %q: got %q, want %q", prefix, names, want)
		}
	}
}

func testSize(t *testing.T, b *bucket.Bucket) {
	large := bytes.Repeat([]byte("x"), bucket.MaxSize+1)
	_, err := b.Put(t.Context(), "large", large, bucket.Absent)
	expectFailure(t, err, bucket.TooLarge)
	testMissing(t, b)

	put(t, b, "largest", string(large[:bucket.MaxSize]), bucket.Absent)
	expectContents(t, b, "largest", string(large[:bucket.MaxSize]))

	if _, err := bucket.Unbounded(b, t.Context(), "large", large, bucket.Absent); err != nil {
		t.Fatal(err)
	}
	_, err = b.Get(t.Context(), "large")
	expectFailure(t, err, bucket.TooLarge)

	put(t, b, "empty", "", bucket.Absent)
	expectContents(t, b, "empty", "")
}

// testTwelveWriters lets twelve writers increment one number. A lost write shows in the sum.
func testTwelveWriters(t *testing.T, b *bucket.Bucket) {
	const writers, additions = 12, 5
	put(t, b, "counter", "0", bucket.Absent)
	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			for range additions {
				if err := add(t, b); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	expectContents(t, b, "counter", strconv.Itoa(writers*additions))
}

// add adds 1, retrying until no other writer intervenes.
func add(t *testing.T, b *bucket.Bucket) error {
	for {
		object, err := b.Get(t.Context(), "counter")
		if err != nil {
			return err
		}
		number, err := strconv.Atoi(string(object.Contents))
		if err != nil {
			return err
		}
		_, err = b.Put(t.Context(), "counter", []byte(strconv.Itoa(number+1)), object.Version)
		if !errors.Is(err, bucket.ErrConflict) {
			return err
		}
	}
}
