package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// proof remembers whether this process has seen the store honor conditions.
type proof struct {
	turn   chan struct{} // a mutex that can be awaited with a context
	done   bool
	refuse error
}

// prove checks, before the first write to an S3-compatible store, that the store honors conditions. Some stores
// silently ignore them, so that one writer's objects would replace another's. The result is remembered, but an
// unfinished probe is repeated before the next write.
func (b *Bucket) prove(ctx context.Context) error {
	driver, err := b.driver()
	if err != nil || !driver.unproven() {
		return nil // the write reports the error
	}
	select {
	case b.proof.turn <- struct{}{}:
		defer func() { <-b.proof.turn }()
	case <-ctx.Done():
		return b.fail(Write, probePrefix+"…", failure{reason: Canceled, cause: ctx.Err()})
	}
	if b.proof.done {
		return b.proof.refuse
	}
	err = b.probe(ctx)
	for again := 1; again < maxAttempts && errors.Is(err, ErrConflict) && errors.Is(err, ErrAmbiguous); again++ {
		err = b.probe(ctx) // an answer was lost, and a repeated write conflicted with itself
	}
	failed, ok := errors.AsType[*Error](err)
	if b.proof.done = err == nil || ok && failed.Reason == Unconditional; b.proof.done {
		b.proof.refuse = err
	}
	return err
}

// probePrefix begins the names of probe objects. A killed process may leave one behind.
const probePrefix = "probe-"

// probe tries conditions on an object of its own, and then removes it.
func (b *Bucket) probe(ctx context.Context) (err error) {
	name := probePrefix + rand.Text() // one per process, so that they don't interfere
	defer func() {
		const enough = 5 * time.Second // even if the run has been canceled
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), enough)
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
		return b.breach(name, err, "it creates an object that already exists, despite If-None-Match: *")
	}
	if _, err := write("second", first); errors.Is(err, ErrConflict) && !errors.Is(err, ErrAmbiguous) {
		return b.breach(name, nil, "it refuses to overwrite an unchanged object with If-Match")
	} else if err != nil {
		return err
	}
	if _, err := write("stale", first); !errors.Is(err, ErrConflict) {
		return b.breach(name, err, "it overwrites an object that has changed, despite If-Match")
	}
	return nil
}

// breach returns err or, if it is nil, an error that says that the store accepted what it should have refused.
func (b *Bucket) breach(name string, err error, what string) error {
	if err != nil {
		return err
	}
	return b.fail(Write, name, failure{reason: Unconditional, detail: what})
}
