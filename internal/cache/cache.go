// Package cache keeps small secrets between processes, encrypted and durable, with one writer per entry.
//
// Anyone may read an entry at any time. A process that wants to change one claims it first, reads it again, writes, and
// ends the claim. The contents are opaque bytes, sealed with a secret from the caller (the sealer), which is never
// stored.
package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Cache seals and opens the entries that a [Storage] keeps.
type Cache struct{ storage Storage }

// New returns a cache over storage.
func New(storage Storage) *Cache { return &Cache{storage} }

// Persistent reports whether entries outlive the process. Those in [Memory] do not.
func (c *Cache) Persistent() bool { return c.storage.Persistent() }

// Locate returns where key's entry is, for people.
func (c *Cache) Locate(key Key) string { return c.storage.Locate(entryName(key)) }

// Location returns where all entries are.
func (c *Cache) Location() string { return c.storage.Locate("") }

// Read returns the plaintext of key's entry. It needs no claim, and does not wait.
//
// The error is [ErrNotFound] if there is no entry, and an [*UnreadableError] if there is one that sealer does not open,
// which the caller may treat as missing after a warning. Any other error is one of input or output.
func (c *Cache) Read(ctx context.Context, key Key, sealer secret.Value) ([]byte, error) {
	contents, err := c.storage.Read(ctx, entryName(key))
	return c.open(ctx, key, sealer, contents, err)
}

// open returns the plaintext that sealer opens in contents or, failing that, in an entry of the first format.
func (c *Cache) open(ctx context.Context, key Key, sealer secret.Value, contents []byte, err error) ([]byte, error) {
	id, sealErr := sealOf(key, sealer)
	if sealErr != nil {
		return nil, sealErr
	}
	if errors.Is(err, ErrNotFound) {
		return c.readFormat1(ctx, key, id, sealer)
	}
	if err != nil {
		return nil, err
	}
	sections := parse(contents)
	for _, s := range sections {
		if s.seal == id && s.kind != claimKind {
			plaintext, err := s.unseal(key, sealer)
			if err != nil {
				return nil, &UnreadableError{c.Locate(key), err.Error()}
			}
			return plaintext, nil
		}
	}
	plaintext, err := c.readFormat1(ctx, key, id, sealer)
	switch {
	case !errors.Is(err, ErrNotFound):
		return plaintext, err
	case !isComplete(contents):
		return nil, &UnreadableError{c.Locate(key), damage(contents)}
	case hasRetained(sections):
		return nil, &UnreadableError{c.Locate(key), sealedWithAnother}
	}
	return nil, ErrNotFound
}

// Claim takes the exclusive right to write key's entry. It waits until ctx is done or the storage's limit is reached.
//
// The error is a [*LocationError] if the storage cannot be used at all, is a [*ClaimTimeoutError] if the limit was
// reached, and wraps ctx's error if ctx was done.
func (c *Cache) Claim(ctx context.Context, key Key) (*Claim, error) {
	return c.claim(ctx, key, UntilFree)
}

// ClaimUnlessWritten is Claim, but may return [ErrOvertaken] if it had to wait, and another process has written the entry
// in the meantime. Many waiters then read the new contents at the same time instead of one after the other.
func (c *Cache) ClaimUnlessWritten(ctx context.Context, key Key) (*Claim, error) {
	return c.claim(ctx, key, UntilWritten)
}

// TryClaim is Claim without waiting: the error is [ErrHeld] if another process has the claim, even if it only waited for it
// and is about to end it.
func (c *Cache) TryClaim(ctx context.Context, key Key) (*Claim, error) {
	return c.claim(ctx, key, NotAtAll)
}

func (c *Cache) claim(ctx context.Context, key Key, wait Wait) (*Claim, error) {
	held, err := c.storage.Claim(ctx, key, wait)
	if err != nil {
		return nil, err
	}
	return &Claim{cache: c, key: key, held: held}, nil
}

// Hint stores plaintext as key's entry, unless there is one that sealer opens or another process has claimed it. It
// waits neither for a claim nor for the disk, so it is only for data that is useful but not required.
func (c *Cache) Hint(ctx context.Context, key Key, sealer secret.Value, plaintext []byte) (err error) {
	if _, err := c.Read(ctx, key, sealer); err == nil {
		return nil
	}
	claim, err := c.TryClaim(ctx, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claim.End()) }()
	if _, err := claim.Read(ctx, sealer); err == nil {
		return nil
	}
	_, contents, err := claim.contents(ctx, sealer, plaintext, Retained)
	if err != nil {
		return err
	}
	return claim.held.Write(ctx, contents, false)
}

// Prune removes entries that have not been used for a long time. It does almost nothing if that was done within the
// last day. The caller must hold no claim. A failure should only be logged.
func (c *Cache) Prune(ctx context.Context) error { return c.storage.Prune(ctx) }

// Claim is the right to write an entry. It ends with the process at the latest; in object storage, after a fixed time.
type Claim struct {
	cache *Cache
	key   Key
	held  StorageClaim
}

// Read is like [Cache.Read], but returns the contents that the next write replaces.
func (c *Claim) Read(ctx context.Context, sealer secret.Value) ([]byte, error) {
	contents, err := c.held.Read(ctx)
	return c.cache.open(ctx, c.key, sealer, contents, err)
}

// Write stores plaintext, sealed with sealer, in place of what was stored with the same sealer. When it returns
// without an error, the entry survives a power cut.
//
// A [Directory] writes even if ctx is done, because the contents often cannot be obtained again. The error is
// [ErrOvertaken] if another process has written in the meantime; Read then returns what it wrote.
func (c *Claim) Write(ctx context.Context, sealer secret.Value, plaintext []byte, kind Kind) error {
	id, contents, err := c.contents(ctx, sealer, plaintext, kind)
	if err != nil {
		return err
	}
	if err := c.held.Write(ctx, contents, true); err != nil {
		return err
	}
	c.cache.removeFormat1(c.key, id)
	return nil
}

// WriteIntent is a Write before something irreversible whose result has to be stored. It also reserves space for the
// next Write. If it fails, nothing has changed. The error is [ErrOvertaken] if another process claimed the entry first.
func (c *Claim) WriteIntent(ctx context.Context, sealer secret.Value, plaintext []byte) error {
	_, contents, err := c.contents(ctx, sealer, plaintext, Retained)
	if err != nil {
		return err
	}
	return c.held.WriteIntent(ctx, contents)
}

// End ends the claim. It may be called more than once.
func (c *Claim) End() error { return c.held.End() }

// IsExclusive reports whether the claim keeps others out by itself. If not, it does so once an intent is written.
func (c *Claim) IsExclusive() bool { return c.held.IsExclusive() }

// Expired reports whether others may consider the claim abandoned by now.
func (c *Claim) Expired() bool { return c.held.Expired() }

// Kind says whether contents are worth keeping.
type Kind byte

const (
	// Transient contents matter only for seconds. Writes with another sealer drop them.
	Transient Kind = iota
	// Retained contents are kept until their own sealer writes again.
	Retained
)

// contents returns the entry with the sealer's section replaced and the sections of other sealers unchanged.
func (c *Claim) contents(ctx context.Context, sealer secret.Value, plaintext []byte, kind Kind) (sealID, []byte, error) {
	before, err := c.held.Read(ctx)
	if unreadable := (*UnreadableError)(nil); err != nil && !errors.Is(err, ErrNotFound) && !errors.As(err, &unreadable) {
		return sealID{}, nil, err
	}
	id, err := sealOf(c.key, sealer)
	if err != nil {
		return id, nil, err
	}
	ours, err := newSection(c.key, id, sealer, plaintext, kind)
	if err != nil {
		return id, nil, err
	}
	others := slices.DeleteFunc(parse(before), func(s section) bool {
		return s.seal == id || s.kind == Transient || s.kind == claimKind
	})
	contents := format(append(others, ours))
	if len(contents) > maxEntrySize-maxClaimSize {
		return id, nil, fmt.Errorf("writing the cache entry %s: its %d bytes exceed the limit of %d",
			c.cache.Locate(c.key), len(contents), maxEntrySize-maxClaimSize)
	}
	return id, contents, nil
}

// maxEntrySize limits what is read into memory, and so what may be written. Real entries take a few KiB.
const maxEntrySize = 1 << 20
