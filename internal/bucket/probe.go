package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"time"
)

// proof remembers that this process has seen the store keep its conditions, or break them.
type proof struct {
	turn   chan struct{} // held while proving; a mutex that minds contexts
	done   bool
	refuse error
}

// prove finds out, before the first write to a store that nobody vouches for, whether it refuses what it must refuse.
// Some stores ignore conditions without a word, and then the last of several machines wins and a login is lost.
// What was found is remembered; that it could not be found out is not.
func (b *Bucket) prove(ctx context.Context) error {
	driver, err := b.driver()
	if err != nil || !driver.unproven() {
		return nil // the write itself reports an error
	}
	select {
	case b.proof.turn <- struct{}{}:
		defer func() { <-b.proof.turn }()
	case <-ctx.Done():
		return b.fail(Write, ProbePrefix+"…", failure{reason: Canceled, cause: ctx.Err()})
	}
	if b.proof.done {
		return b.proof.refuse
	}
	err = b.probe(ctx)
	failed, ok := errors.AsType[*Error](err)
	if b.proof.done = err == nil || ok && failed.Reason == Unconditional; b.proof.done {
		b.proof.refuse = err
	}
	return err
}

// ProbePrefix begins the names of probe objects. A killed process leaves its own behind.
const ProbePrefix = "probe-"

// probe tries conditions on an object of its own, which is removed in the end.
func (b *Bucket) probe(ctx context.Context) (err error) {
	name := ProbePrefix + rand.Text() // processes do not disturb each other
	defer func() {
		const enough = 5 * time.Second // also for a run that has been canceled meanwhile
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
		return b.breach(name, err, "it creates an object that already exists, in spite of If-None-Match: *")
	}
	if _, err := write("second", first); errors.Is(err, ErrConflict) {
		return b.breach(name, nil, "it refuses to overwrite an object that has not changed since, with If-Match")
	} else if err != nil {
		return err
	}
	if _, err := write("stale", first); !errors.Is(err, ErrConflict) {
		return b.breach(name, err, "it overwrites an object that has changed since, in spite of If-Match")
	}
	return nil
}

// breach returns err, or what was seen of the store if the request that it had to refuse went through.
func (b *Bucket) breach(name string, err error, what string) error {
	if err != nil {
		return err
	}
	return b.fail(Write, name, failure{reason: Unconditional, detail: what})
}
