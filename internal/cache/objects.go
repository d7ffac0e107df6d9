package cache

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

// Store is the object storage that several machines share, usually a [*bucket.Bucket]. Its errors are of type
// [*bucket.Error].
type Store interface {
	Get(ctx context.Context, name string) (bucket.Object, error)
	Put(ctx context.Context, name string, contents []byte, ifVersion bucket.Version) (bucket.Version, error)
	Delete(ctx context.Context, name string) error
	List(ctx context.Context, prefix string) ([]bucket.Entry, error)
}

// Objects keeps each entry in an object of its own. There is no lock: a process that is about to change an entry
// writes a claim into it, if the entry still is what it has read, and writes its result if the entry still has the
// claim. A claim that is not followed by a result ends after claimLife, by the store's own clock.
type Objects struct {
	store    Store
	location string
	// claimTimeout is how long to wait for the claims of others, claimLife how long a claim lasts.
	claimTimeout, claimLife time.Duration
	// nonce tells the claims of this process from those of others.
	nonce string
	// failed is when the store has last failed a request.
	failed atomic.Pointer[time.Time]
	log    func(ctx context.Context, message string, fields ...map[string]any)
}

// NewObjects returns the storage in store, which people know as location.
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
	return object.Contents, o.unfit(err)
}

// touchAfter is when an object that is read is written again, so that [Objects.Prune] sees that it is used.
const touchAfter = unusedAfter / 2

// get returns the object called name. The error is [ErrNotFound] or the store's.
func (o *Objects) get(ctx context.Context, name string) (object bucket.Object, err error) {
	err = o.ask(ctx, false, func(ctx context.Context) error {
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
		err := o.ask(ctx, false, func(ctx context.Context) error {
			version, err := o.store.Put(ctx, name, object.Contents, object.Version)
			if err == nil {
				object.Version = version
			}
			return err
		})
		if err != nil {
			o.log(ctx, "cannot mark a cache entry as used, it may be pruned too early", map[string]any{"error": err.Error()})
		}
	}
	return object, nil
}

const (
	// failingFor is how long a store counts as failing after it has failed a request and its repetitions.
	failingFor = time.Minute
	// briefly is how long a failing store is asked for what can be done later, or without.
	briefly = 2 * time.Second
)

// ask sends a request to the store. A patient one takes its time even if the store is failing.
func (o *Objects) ask(ctx context.Context, patient bool, request func(context.Context) error) error {
	if !patient && o.isFailing() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, briefly)
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
	return at != nil && time.Since(*at) < failingFor
}

// unfit makes what the store says into what [Storage] says.
func (o *Objects) unfit(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return &LocationError{Location: o.location, Problem: err.Error()}
}

const (
	// The pauses between looks at another process's claim. They grow, because a store charges for looks.
	firstPause = 25 * time.Millisecond
	lastPause  = time.Second
)

// Claim implements [Storage]. It waits until nobody else has a claim, and writes nothing: the claim is made by the
// first write, which fails if another process was faster.
func (o *Objects) Claim(ctx context.Context, key Key, patient bool) (Held, error) {
	held := &heldObject{objects: o, name: entryName(key)}
	errLimit := &ClaimTimeoutError{Path: o.Locate(held.name), Limit: o.claimTimeout}
	ctx, cancel := context.WithTimeoutCause(ctx, errLimit.Limit, errLimit)
	defer cancel()
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		foreign, err := held.look(ctx)
		if err != nil {
			return nil, o.unfit(err)
		}
		if foreign == nil {
			return held, nil
		}
		if !patient {
			return nil, ErrHeld
		}
		if pause == firstPause {
			o.log(ctx, "waiting for the claim of a cache entry", map[string]any{"object": errLimit.Path})
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if cause := context.Cause(ctx); errors.Is(cause, errLimit) {
				return nil, errLimit
			}
			return nil, fmt.Errorf("waiting for the claim of %s: %w", errLimit.Path, ctx.Err())
		}
	}
}

// heldObject is an entry as this process has read or written it last.
type heldObject struct {
	objects  *Objects
	name     string
	contents []byte
	version  bucket.Version
	since    time.Time // when this process began to write its claim, zero before that
}

// look reads the entry, and returns the claim of another process that is still good.
func (h *heldObject) look(ctx context.Context) (*claimNote, error) {
	object, err := h.objects.get(ctx, h.name)
	if errors.Is(err, ErrNotFound) {
		h.contents, h.version = nil, bucket.Absent
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.contents, h.version = object.Contents, object.Version
	if note := h.foreign(); note != nil && object.Age() < time.Duration(note.Seconds)*time.Second {
		return note, nil
	}
	return nil, nil
}

// Read implements [Held].
func (h *heldObject) Read(context.Context) ([]byte, error) {
	if h.version == bucket.Absent {
		return nil, ErrNotFound
	}
	return bytes.Clone(h.contents), nil
}

// Write implements [Held]. The claim of another process that came between stays: it ends by itself. What follows an intent
// often cannot be obtained again.
func (h *heldObject) Write(ctx context.Context, contents []byte, _ bool) error {
	if note := h.foreign(); note != nil {
		contents = withClaim(contents, *note)
	}
	isResult := !h.since.IsZero()
	return h.put(ctx, contents, isResult)
}

// WriteIntent implements [Held].
func (h *heldObject) WriteIntent(ctx context.Context, contents []byte) error {
	h.since = time.Now()
	seconds := int(h.objects.claimLife / time.Second)
	return h.put(ctx, withClaim(contents, claimNote{Nonce: h.objects.nonce, Seconds: seconds, ID: rand.Text()}), false)
}

// put replaces what was read or written last. Contents are never written twice, so that finding them there tells
// one's own write whose answer was lost from another process's.
func (h *heldObject) put(ctx context.Context, contents []byte, patient bool) (err error) {
	var version bucket.Version
	err = h.objects.ask(ctx, patient, func(ctx context.Context) error {
		version, err = h.objects.store.Put(ctx, h.name, contents, h.version)
		return err
	})
	if err == nil {
		h.contents, h.version = contents, version
		return nil
	}
	if !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, bucket.ErrAmbiguous) {
		return h.objects.unfit(err)
	}
	before := h.version
	if _, lookErr := h.look(ctx); lookErr != nil {
		return h.objects.unfit(unclear(err, lookErr))
	}
	switch {
	case bytes.Equal(h.contents, contents):
		return nil
	case h.version == before: // and so it has not arrived
		return h.objects.unfit(err)
	case h.version == bucket.Absent:
		h.objects.log(ctx, "the cache entry was removed while it was in use", map[string]any{"object": h.objects.Locate(h.name)})
	}
	return ErrOvertaken
}

// unclear says in one sentence that a write has failed, and the look at what has come of it too.
func unclear(err, lookErr error) error {
	write, look := (*bucket.Error)(nil), (*bucket.Error)(nil)
	if !errors.As(err, &write) || !errors.As(lookErr, &look) {
		return err
	}
	both := *write
	both.Problem += ", and reading it to find out failed too: " + look.Problem
	return &both
}

// End implements [Held]. The result has ended the claim, or its time will.
func (h *heldObject) End() error { return nil }

// Excludes implements [Held].
func (h *heldObject) Excludes() bool { return false }

// ClaimSlack is how much longer a claim lasts than the requests that it is for.
const ClaimSlack = 30 * time.Second

// Expired implements [Held]. What is left of a claim has to be enough for the requests.
func (h *heldObject) Expired() bool {
	return !h.since.IsZero() && time.Since(h.since) > ClaimSlack
}

// claimNote is a claim as it stands in an entry, in the open. What is being done stands sealed in the intent.
type claimNote struct {
	Nonce   string `json:"nonce"`   // of the process
	Seconds int    `json:"seconds"` // how long it lasts from when the object was written
	ID      string `json:"id"`
}

// claimed is the worth of the section that holds a claim. It drops out of whatever is written next.
const (
	claimed   Worth = 2
	claimRoom       = 1 << 10
)

func withClaim(contents []byte, note claimNote) []byte {
	text, err := json.Marshal(note)
	if err != nil {
		panic(err) // texts and a number
	}
	return format(append(parse(contents), section{worth: claimed, sealed: text}))
}

// foreign returns the claim in the entry, unless it is this process's.
func (h *heldObject) foreign() *claimNote {
	sections := parse(h.contents)
	i := slices.IndexFunc(sections, func(s section) bool { return s.worth == claimed })
	if i < 0 {
		return nil
	}
	var note claimNote
	if json.Unmarshal(sections[i].sealed, &note) != nil || note.Nonce == h.objects.nonce {
		return nil
	}
	return &note
}

// pruneFor bounds pruning.
const pruneFor = 10 * time.Second

// pruning is what is noted between two prunings. The ID makes each note another one, for stores that take equal
// contents for the same version.
type pruning struct {
	ID     string               `json:"id"`
	Unused map[string]time.Time `json:"unused"`
}

// Prune implements [Storage]. It removes objects that two prunings in a row, at least a day apart, found unwritten for
// 60 days; what is read is written again before that. All times are the store's.
//
// A run that has a token waits for it, so it does not take long: what it does not finish, the next one does.
func (o *Objects) Prune(ctx context.Context) error {
	if o.isFailing() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pruneFor)
	defer cancel()
	marker, err := o.store.Get(ctx, pruneMarker)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
	case err != nil:
		return err
	case marker.Age() < pruneEvery:
		return nil
	}
	var before pruning
	_ = json.Unmarshal(marker.Contents, &before) // nothing was found then
	entries, err := o.store.List(ctx, "")
	if err != nil {
		return err
	}
	now := pruning{ID: rand.Text(), Unused: map[string]time.Time{}}
	for _, entry := range entries {
		if _, own := ownerOf(entry.Name); own && entry.Age() > unusedAfter {
			now.Unused[entry.Name] = entry.Modified
		}
	}
	contents, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if _, err := o.store.Put(ctx, pruneMarker, contents, marker.Version); err != nil {
		return err // another process prunes
	}
	for name, modified := range now.Unused {
		if !before.Unused[name].Equal(modified) {
			continue
		}
		object, lookErr := o.store.Get(ctx, name) // it may have been used meanwhile, and not all stores delete on a condition
		if lookErr == nil && object.Age() > unusedAfter {
			lookErr = o.store.Delete(ctx, name)
		}
		err = errors.Join(err, lookErr)
	}
	return err
}
