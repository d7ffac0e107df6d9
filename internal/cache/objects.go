package cache

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// Store is object storage that several machines share, usually a [*bucket.Bucket]. Its errors are of type
// [*bucket.Error].
type Store interface {
	Get(ctx context.Context, name string) (bucket.Object, error)
	Put(ctx context.Context, name string, contents []byte, ifVersion bucket.Version) (bucket.Version, error)
	Delete(ctx context.Context, name string) error
	List(ctx context.Context, prefix string) ([]bucket.Entry, error)
}

// Objects keeps each entry in its own object, without locks. A process that is about to change an entry writes a claim
// into it, provided that the entry has not changed since it was read. It writes its result if the claim is still there.
// A claim without a result ends after claimLife, by the store's clock.
type Objects struct {
	store    Store
	location string
	// claimTimeout is how long to wait for the claims of others, claimLife how long a claim lasts.
	claimTimeout, claimLife time.Duration
	// nonce distinguishes the claims of this process from those of others.
	nonce string
	// failed is when a request to the store last failed because of an outage.
	failed atomic.Pointer[time.Time]
	log    func(ctx context.Context, message string, fields ...map[string]any)
}

// NewObjects returns the storage in store. Location names it in messages.
func NewObjects(store Store, location string, options Options) *Objects {
	o := &Objects{
		store:        store,
		location:     location,
		claimTimeout: cmp.Or(options.ClaimTimeout, defaultClaimTimeout),
		nonce:        rand.Text(),
		log:          options.Log,
	}
	o.claimLife = cmp.Or(options.ClaimLife, o.claimTimeout/2)
	if o.log == nil {
		o.log = func(context.Context, string, ...map[string]any) {}
	}
	return o
}

// Persistent implements [Storage].
func (o *Objects) Persistent() bool { return true }

// Locate implements [Storage].
func (o *Objects) Locate(name string) string { return o.location + "/" + name }

// Read implements [Storage].
func (o *Objects) Read(ctx context.Context, name string) ([]byte, error) {
	object, err := o.get(ctx, name)
	return object.Contents, o.unusable(err)
}

// touchAfter is the age at which an object that is read is also rewritten, so that [Objects.Prune] sees that it is
// used.
const touchAfter = unusedAfter / 2

// get returns the object called name. The error is [ErrNotFound] or the store's.
func (o *Objects) get(ctx context.Context, name string) (object bucket.Object, err error) {
	err = o.do(ctx, false, func(ctx context.Context) error {
		object, err = o.store.Get(ctx, name)
		return err
	})
	if errors.Is(err, bucket.ErrNotFound) {
		return bucket.Object{}, ErrNotFound
	}
	if err != nil {
		return bucket.Object{}, err
	}
	if object.Age() > touchAfter {
		err := o.do(ctx, false, func(ctx context.Context) error {
			version, err := o.store.Put(ctx, name, object.Contents, object.Version)
			if err == nil {
				object.Version = version
			}
			return err
		})
		if err != nil {
			o.log(ctx, "cannot mark a cache entry as used; it may be pruned too early", map[string]any{"error": err.Error()})
		}
	}
	return object, nil
}

const (
	// outageWindow is how long a store counts as failing after a request and its retries have failed.
	outageWindow = time.Minute
	// outageTimeout limits requests to a failing store if they can be made later or skipped.
	outageTimeout = 2 * time.Second
)

// do sends a request to the store. While the store is failing, a request gets only outageTimeout, unless fullTimeout is
// set.
func (o *Objects) do(ctx context.Context, fullTimeout bool, request func(context.Context) error) error {
	if !fullTimeout && o.isFailing() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, outageTimeout)
		defer cancel()
	}
	err := request(ctx)
	if failed, ok := errors.AsType[*bucket.Error](err); ok && failed.IsOutage() {
		o.failed.Store(new(time.Now()))
	}
	return err
}

func (o *Objects) isFailing() bool {
	at := o.failed.Load()
	return at != nil && time.Since(*at) < outageWindow
}

// unusable turns an error of the store into one that [Storage] documents.
func (o *Objects) unusable(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return &LocationError{Location: o.location, Problem: err.Error()}
}
