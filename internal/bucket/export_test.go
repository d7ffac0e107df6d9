package bucket

import (
	"cmp"
	"time"
)

// Options shorten the limits for tests. Zero values select the defaults.
type Options struct{ Timeout, Budget time.Duration }

// OpenWith is like [Open] with different limits.
func OpenWith(location Location, options Options) *Bucket {
	b := Open(location)
	b.timeout, b.budget = cmp.Or(options.Timeout, b.timeout), cmp.Or(options.Budget, b.budget)
	return b
}

// ProbePrefix is the prefix of the names of probe objects.
const ProbePrefix = probePrefix

// Unbounded is like [Bucket.Put] without the size limit and without probing the store.
var Unbounded = (*Bucket).put

// Clean makes text from outside the provider fit for a message.
var Clean = clean
