package cache

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/bucket"
)

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
