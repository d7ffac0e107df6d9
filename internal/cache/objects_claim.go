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
	// The pauses between checks of another process's claim. They grow, because stores charge for requests.
	firstPause = 25 * time.Millisecond
	lastPause  = time.Second
)

// Claim implements [Storage]. It waits until no other process has a claim, and writes nothing. The first write makes
// the claim, and fails if another process was faster.
func (o *Objects) Claim(ctx context.Context, key Key, wait Wait) (Held, error) {
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
		if wait == NotAtAll {
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

// heldObject is an entry as this process last read or wrote it.
type heldObject struct {
	objects  *Objects
	name     string
	contents []byte
	version  bucket.Version
	since    time.Time // when this process began to write its claim; zero before that
}

// look reads the entry, and returns another process's claim if it is still valid.
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

// Write implements [Held]. If another process has claimed the entry in between, Write keeps that claim, which ends by
// itself. The contents that follow an intent often cannot be obtained again.
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

// put replaces the version that was last read or written. No contents are ever written twice, so if an answer is lost,
// put recognizes its own write by the contents.
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
	case h.version == before: // so the write did not arrive
		return h.objects.unfit(err)
	case h.version == bucket.Absent:
		h.objects.log(ctx, "the cache entry was removed while it was in use", map[string]any{"object": h.objects.Locate(h.name)})
	}
	return ErrOvertaken
}

// unclear returns an error that says that a write has failed, and that reading the result has failed too.
func unclear(err, lookErr error) error {
	write, look := (*bucket.Error)(nil), (*bucket.Error)(nil)
	if !errors.As(err, &write) || !errors.As(lookErr, &look) {
		return err
	}
	both := *write
	both.Problem += ", and reading it to find out failed too: " + look.Problem
	return &both
}

// End implements [Held]. A written result has ended the claim already; otherwise it ends by itself.
func (h *heldObject) End() error { return nil }

// Excludes implements [Held].
func (h *heldObject) Excludes() bool { return false }

// ClaimSlack is how much longer a claim lasts than the requests that it protects.
const ClaimSlack = 30 * time.Second

// Expired implements [Held]. The rest of a claim has to be long enough for the requests.
func (h *heldObject) Expired() bool {
	return !h.since.IsZero() && time.Since(h.since) > ClaimSlack
}

// claimNote is a claim in an entry, unsealed. What its process is doing is in the intent, which is sealed.
type claimNote struct {
	Nonce   string `json:"nonce"`   // of the process
	Seconds int    `json:"seconds"` // how long it lasts after the object was written
	ID      string `json:"id"`
}

// claimed is the worth of the section that holds a claim. The next write drops it.
const (
	claimed   Worth = 2
	claimRoom       = 1 << 10
)

func withClaim(contents []byte, note claimNote) []byte {
	text, err := json.Marshal(note)
	if err != nil {
		panic(err) // strings and a number
	}
	return format(append(parse(contents), section{worth: claimed, sealed: text}))
}

// foreign returns the claim in the entry, unless it belongs to this process.
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
