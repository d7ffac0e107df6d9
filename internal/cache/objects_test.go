package cache_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// Stores charge for requests, and each request takes time.
func TestStoreRequests(t *testing.T) {
	t.Parallel()

	var requests []bucket.Operation
	storage := newObjects(&buckettest.Store{Fault: func(operation bucket.Operation, _ string) error {
		requests = append(requests, operation)
		return nil
	}})
	takes := func(what string, operations ...bucket.Operation) {
		t.Helper()
		if !slices.Equal(requests, operations) {
			t.Errorf("%s made the requests %v, want %v", what, requests, operations)
		}
		requests = nil
	}
	want(t, storage, key, sealer, notFound)
	takes("reading what is not there", bucket.Read)
	write(t, storage, key, sealer, "x")
	takes("claiming and writing", bucket.Read, bucket.Write)
	want(t, storage, key, sealer, "x")
	takes("reading", bucket.Read)
	want(t, storage, key, otherSealer, unreadable)
	takes("reading what another has sealed", bucket.Read)
}

// If the answer to a write is lost, reading the entry shows whether it took place. If that fails too, one sentence
// reports both.
func TestUnconfirmedWrite(t *testing.T) {
	t.Parallel()

	unreachable := false
	claimed := claim(t, newObjects(&buckettest.Store{Fault: func(operation bucket.Operation, name string) error {
		if operation == bucket.Write {
			return buckettest.Ambiguous(name)
		}
		if unreachable {
			return buckettest.Unreachable(operation, name)
		}
		return nil
	}}), key)
	must(t, writeAs(t.Context(), "retained", claimed, sealer, "x"))
	unreachable = true
	want := "the token cache s3://bucket/prefix cannot be used: cannot write " + entryOf(key) +
		": no answer, and reading it to find out failed too: unreachable; it may have been written anyway"
	if err := writeAs(t.Context(), "retained", claimed, sealer, "y"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// After one wait for a failing store, only writes of results that cannot be obtained again wait for it.
func TestShortTimeoutsDuringOutage(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const budget, brief = 30 * time.Second, 2 * time.Second
		isCut := false
		storage := newObjects(&buckettest.Store{Budget: budget, Fault: func(operation bucket.Operation, name string) error {
			if isCut {
				return &bucket.Error{Operation: operation, Object: name, Reason: bucket.Busy, Ambiguous: operation == bucket.Write}
			}
			return nil
		}})
		takes := func(what string, want time.Duration, do func() error) {
			t.Helper()
			began := time.Now()
			if err := do(); time.Since(began) != want || (err == nil) != (want == 0) {
				t.Errorf("%s took %v and returned %v, want %v", what, time.Since(began), err, want)
			}
		}
		read := func() error { _, err := storage.Read(t.Context(), entryOf(otherKey)); return err }
		claimed := claim(t, storage, key)
		isCut = true
		takes("reading", budget, read)
		takes("reading again", brief, read)
		takes("an intent, and a read of the result", 2*brief, func() error { return writeAs(t.Context(), "intent", claimed, sealer, "x") })
		takes("a result, and a read of it", budget+brief, func() error { return writeAs(t.Context(), "retained", claimed, sealer, "x") })
		takes("pruning", 0, func() error { return storage.Prune(t.Context()) })
		<-time.After(time.Minute)
		takes("reading after a while", budget, read)
	})
}

func TestPruneObjects(t *testing.T) {
	t.Parallel()

	now, used := time.Now(), false
	var storage *cache.Objects
	storage = newObjects(&buckettest.Store{Now: func() time.Time { return now }, Fault: func(operation bucket.Operation, name string) error {
		if used && operation == bucket.Write && name == "pruned" { // between listing the entries and removing them
			used = false
			write(t, storage, otherKey, sealer, "used")
		}
		return nil
	}})
	for _, key := range []cache.Key{key, otherKey} {
		write(t, storage, key, sealer, "unused")
	}
	must(t, storage.Prune(t.Context()))
	for _, after := range []time.Duration{61 * day, day / 2} { // the second pruning is not due
		now = now.Add(after)
		must(t, storage.Prune(t.Context()))
	}
	now, used = now.Add(day), true
	contents, err := storage.Read(t.Context(), "pruned")
	must(t, err)
	wantParts(t, errors.New(string(contents)), entryOf(key), entryOf(otherKey))
	must(t, storage.Prune(t.Context()))
	want(t, storage, key, sealer, notFound)
	want(t, storage, otherKey, sealer, "used")
}
