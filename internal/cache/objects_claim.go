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
	// Pauses between checks of another process's claim. They grow, because stores charge for requests.
	firstPause = 25 * time.Millisecond
	lastPause  = time.Second
)

// Claim implements [Storage]. It waits until no other process has a claim. It writes nothing: the first write makes
// the claim, and fails if another process was faster.
func (o *Objects) Claim(ctx context.Context, key Key, wait Wait) (StorageClaim, error) {
	held := &objectClaim{objects: o, name: entryName(key)}
	errLimit := &ClaimTimeoutError{Path: o.Locate(held.name), Limit: o.claimTimeout}
	ctx, cancel := context.WithTimeoutCause(ctx, errLimit.Limit, errLimit)
	defer cancel()
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		other, err := held.reload(ctx)
		if err != nil {
			return nil, o.unusable(err)
		}
		if other == nil {
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

// objectClaim is an entry as this process last read or wrote it.
type objectClaim struct {
	objects  *Objects
	name     string
	contents []byte
	version  bucket.Version
	since    time.Time // when this process began to write its claim; zero before that
}

// reload reads the entry, and returns another process's claim if it is still valid.
func (h *objectClaim) reload(ctx context.Context) (*claimNote, error) {
	object, err := h.objects.get(ctx, h.name)
	if errors.Is(err, ErrNotFound) {
		h.contents, h.version = nil, bucket.Absent
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	h.contents, h.version = object.Contents, object.Version
	if note := h.otherClaim(); note != nil && object.Age() < time.Duration(note.Seconds)*time.Second {
		return note, nil
	}
	return nil, nil
}

// Read implements [StorageClaim].
func (h *objectClaim) Read(context.Context) ([]byte, error) {
	if h.version == bucket.Absent {
		return nil, ErrNotFound
	}
	return bytes.Clone(h.contents), nil
}

// Write implements [StorageClaim]. If another process has claimed the entry since then, Write keeps that claim, which
// expires. The contents that follow an intent often cannot be obtained again.
func (h *objectClaim) Write(ctx context.Context, contents []byte, _ bool) error {
	if note := h.otherClaim(); note != nil {
		contents = withClaim(contents, *note)
	}
	afterIntent := !h.since.IsZero()
	return h.put(ctx, contents, afterIntent)
}

// WriteIntent implements [StorageClaim].
func (h *objectClaim) WriteIntent(ctx context.Context, contents []byte) error {
	h.since = time.Now()
	seconds := int(h.objects.claimLife / time.Second)
	return h.put(ctx, withClaim(contents, claimNote{Nonce: h.objects.nonce, Seconds: seconds, ID: rand.Text()}), false)
}

// put replaces the version that was last read or written. The same contents are never written twice, so if an answer is
// lost, put recognizes its own write by the contents.
func (h *objectClaim) put(ctx context.Context, contents []byte, fullTimeout bool) (err error) {
	var version bucket.Version
	err = h.objects.do(ctx, fullTimeout, func(ctx context.Context) error {
		version, err = h.objects.store.Put(ctx, h.name, contents, h.version)
		return err
	})
	if err == nil {
		h.contents, h.version = contents, version
		return nil
	}
	if !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, bucket.ErrAmbiguous) {
		return h.objects.unusable(err)
	}
	before := h.version
	if _, readErr := h.reload(ctx); readErr != nil {
		return h.objects.unusable(withReadError(err, readErr))
	}
	switch {
	case bytes.Equal(h.contents, contents):
		return nil
	case h.version == before: // the write did not arrive
		return h.objects.unusable(err)
	case h.version == bucket.Absent:
		h.objects.log(ctx, "the cache entry was removed while it was in use", map[string]any{"object": h.objects.Locate(h.name)})
	}
	return ErrOvertaken
}

// withReadError adds to the error of a write that reading its result has failed too.
func withReadError(err, readErr error) error {
	write, look := (*bucket.Error)(nil), (*bucket.Error)(nil)
	if !errors.As(err, &write) || !errors.As(readErr, &look) {
		return err
	}
	both := *write
	both.Problem += ", and reading it to find out failed too: " + look.Problem
	return &both
}

// End implements [StorageClaim]. Writing a result ends the claim; otherwise it expires.
func (h *objectClaim) End() error { return nil }

// IsExclusive implements [StorageClaim].
func (h *objectClaim) IsExclusive() bool { return false }

// ClaimSlack is how much longer a claim lasts than the requests that it protects.
const ClaimSlack = 30 * time.Second

// Expired implements [StorageClaim]. What is left of a claim must be long enough for the requests.
func (h *objectClaim) Expired() bool {
	return !h.since.IsZero() && time.Since(h.since) > ClaimSlack
}

// claimNote is a claim in an entry. It is not sealed; the intent, which says what its process is doing, is.
type claimNote struct {
	Nonce   string `json:"nonce"`   // of the process
	Seconds int    `json:"seconds"` // how long it lasts after the object was written
	ID      string `json:"id"`
}

const (
	// claimKind is the kind of the section that holds a claim. The next write drops it.
	claimKind Kind = 2
	// maxClaimSize is more than such a section takes up.
	maxClaimSize = 1 << 10
)

func withClaim(contents []byte, note claimNote) []byte {
	text, err := json.Marshal(note)
	if err != nil {
		panic(err) // strings and a number
	}
	return format(append(parse(contents), section{kind: claimKind, sealed: text}))
}

// otherClaim returns the claim in the entry, or nil if there is none or it belongs to this process.
func (h *objectClaim) otherClaim() *claimNote {
	sections := parse(h.contents)
	i := slices.IndexFunc(sections, func(s section) bool { return s.kind == claimKind })
	if i < 0 {
		return nil
	}
	var note claimNote
	if json.Unmarshal(sections[i].sealed, &note) != nil || note.Nonce == h.objects.nonce {
		return nil
	}
	return &note
}
