package cache_test

import (
	"slices"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// Stores charge for requests, and each one takes a while.
func TestRequestsToAStore(t *testing.T) {
	t.Parallel()

	var requests []bucket.Operation
	storage := newObjects(&buckettest.Store{Fault: func(operation bucket.Operation, _ string) error {
		requests = append(requests, operation)
		return nil
	}})
	takes := func(what string, operations ...bucket.Operation) {
		t.Helper()
		if !slices.Equal(requests, operations) {
			t.Errorf("%s takes the requests %v, want %v", what, requests, operations)
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

// A write and the look at what has come of it fail together, which is told in one sentence.
func TestUnclearWrite(t *testing.T) {
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
	if err := claimed.Write(t.Context(), sealer, []byte("x"), cache.Lasting); err == nil ||
		err.Error() != want+name+": no answer, and reading it to find out failed too: unreachable; it may have been written anyway" {
		t.Error(err)
	}
}
