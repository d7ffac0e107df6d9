package cache_test

import (
	"slices"
	"testing"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
	"github.com/terraform-goto/terraform-provider-goto/internal/bucket/buckettest"
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
