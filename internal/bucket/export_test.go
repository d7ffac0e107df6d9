package bucket

import (
	"cmp"
	"time"
)

// Options are limits that tests need not wait for. Zero stands for the usual ones.
type Options struct{ Timeout, Budget time.Duration }

// OpenWith opens a bucket like [Open], with other limits.
func OpenWith(location Location, options Options) *Bucket {
	b := Open(location)
	b.timeout, b.budget = cmp.Or(options.Timeout, b.timeout), cmp.Or(options.Budget, b.budget)
	return b
}

// ProbePrefix begins the names of probe objects.
const ProbePrefix = probePrefix

// Unbounded writes like [Bucket.Put], whatever the size and without proving the store.
var Unbounded = (*Bucket).put

// Clean makes a text of others fit for a message.
var Clean = clean
