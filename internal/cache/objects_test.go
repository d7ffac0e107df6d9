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

// If a write fails and so does the read that checks its outcome, one sentence reports both.
func TestUnconfirmedWrite(t *testing.T) {
	t.Parallel()

	isCut := false
	store := &buckettest.Store{Fault: func(operation bucket.Operation, name string) error {
		if operation == bucket.Write {
			isCut = true
			return buckettest.Ambiguous(name)
		}
		if isCut {
			return buckettest.Unreachable(operation, name)
		}
		return nil
	}}
	claimed := claim(t, cache.NewObjects(store, "s3://bucket/prefix", cache.Options{}), key)
	const want = "the token cache s3://bucket/prefix cannot be used: cannot write "
	name := entryOf(key)
	if err := claimed.Write(t.Context(), sealer, []byte("x"), cache.Retained); err == nil ||
		err.Error() != want+name+": no answer, and reading it to find out failed too: unreachable; it may have been written anyway" {
		t.Error(err)
	}
}

// After one wait for a failing store, only writes of results that cannot be obtained again wait for it.
func TestShortTimeoutsDuringOutage(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		const budget, outageTimeout = 30 * time.Second, 2 * time.Second
		isCut := false
		storage := newObjects(&buckettest.Store{Budget: budget, Fault: func(operation bucket.Operation, name string) error {
			if isCut {
				return &bucket.Error{Operation: operation, Object: name, Reason: bucket.Busy, Ambiguous: operation == bucket.Write}
			}
			return nil
		}})
		fails := func(what string, after time.Duration, err error, began time.Time) {
			t.Helper()
			if took := time.Since(began); err == nil || took != after {
				t.Errorf("%s took %v and returned %v, want %v", what, took, err, after)
			}
		}
		claimed := claim(t, storage, key)
		isCut = true
		began := time.Now()
		_, err := storage.Read(t.Context(), entryOf(otherKey))
		fails("reading", budget, err, began)
		began = time.Now()
		_, err = storage.Read(t.Context(), entryOf(otherKey))
		fails("reading again", outageTimeout, err, began)
		began = time.Now()
		fails("an intent, and a look for it", 2*outageTimeout, writeAs(t.Context(), "intent", claimed, sealer, "x"), began)
		began = time.Now()
		fails("a result, and a look for it", budget+outageTimeout, writeAs(t.Context(), "retained", claimed, sealer, "x"), began)
		began = time.Now()
		if err := storage.Prune(t.Context()); err != nil || time.Since(began) > 0 {
			t.Errorf("pruning took %v and returned %v", time.Since(began), err)
		}
		<-time.After(time.Minute)
		began = time.Now()
		_, err = storage.Read(t.Context(), entryOf(otherKey))
		fails("reading after a while", budget, err, began)
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
