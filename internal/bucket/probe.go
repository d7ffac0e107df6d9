package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// probing is the result of probing the store in this process.
type probing struct {
	lock chan struct{} // a mutex whose Lock can be canceled with a context
	done bool
	err  error // not nil if the store ignores or refuses conditions
}

// ensureProbed checks, before the first write to an S3-compatible store, that the store honors conditions. Some stores
// ignore them without an error, so that one writer would overwrite another's objects. The result is remembered, but an
// unfinished probe is repeated before the next write.
func (b *Bucket) ensureProbed(ctx context.Context) error {
	driver, err := b.driver()
	if err != nil || !driver.needsProbe() {
		return nil // the write reports the error
	}
	select {
	case b.probing.lock <- struct{}{}:
		defer func() { <-b.probing.lock }()
	case <-ctx.Done():
		return b.fail(Write, probePrefix+"…", failure{reason: Canceled, cause: ctx.Err()})
	}
	if b.probing.done {
		return b.probing.err
	}
	err = b.probe(ctx)
	for attempt := 1; attempt < maxAttempts && errors.Is(err, ErrConflict) && errors.Is(err, ErrAmbiguous); attempt++ {
		err = b.probe(ctx) // an answer was lost, and the retried write conflicted with itself
	}
	failed, ok := errors.AsType[*Error](err)
	if b.probing.done = err == nil || ok && failed.Reason == Unconditional; b.probing.done {
		b.probing.err = err
	}
	return err
}

// probePrefix begins the names of probe objects. A killed process may leave one behind.
const probePrefix = "probe-"

// probe tests conditions on a separate object, and then removes it.
func (b *Bucket) probe(ctx context.Context) (err error) {
	name := probePrefix + rand.Text() // one per process, so that they don't interfere
	defer func() {
		const timeout = 5 * time.Second // the object is removed even if the run has been canceled
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
		defer cancel()
		if failed := b.Delete(ctx, name); err == nil {
			err = failed
		}
	}()
	write := func(what string, ifVersion Version) (Version, error) {
		return b.put(ctx, name, []byte(what+" "+rand.Text()), ifVersion)
	}
	first, err := write("first", Absent)
	if err != nil {
		return err
	}
	if _, err := write("created again", Absent); !errors.Is(err, ErrConflict) {
		return b.violation(name, err, "it creates an object that already exists, despite If-None-Match: *")
	}
	if _, err := write("second", first); errors.Is(err, ErrConflict) && !errors.Is(err, ErrAmbiguous) {
		return b.violation(name, nil, "it refuses to overwrite an unchanged object with If-Match")
	} else if err != nil {
		return err
	}
	if _, err := write("stale", first); !errors.Is(err, ErrConflict) {
		return b.violation(name, err, "it overwrites an object that has changed, despite If-Match")
	}
	return nil
}

// violation returns err or, if err is nil, an error that describes how the store violates conditions.
func (b *Bucket) violation(name string, err error, what string) error {
	if err != nil {
		return err
	}
	return b.fail(Write, name, failure{reason: Unconditional, detail: what})
}
