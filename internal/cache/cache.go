// Package cache keeps small secrets between processes: encrypted, durable, and with one writer per entry.
//
// Anyone may read an entry at any time. A process that wants to change one claims it first, reads it again,
// writes, and ends the claim. The contents are opaque bytes, sealed with a secret of the caller's (the sealer)
// that is itself never stored.
package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// maxEntrySize bounds what is read into memory, and so what may be written. Real entries take a few KiB.
const maxEntrySize = 1 << 20

// Worth tells what is lost with the contents of an entry.
type Worth byte

const (
	// Passing contents matter for some seconds: the next writer drops what another sealer has left.
	Passing Worth = iota
	// Lasting contents are kept until their own sealer writes again.
	Lasting
)

// Cache seals and opens the entries that a [Storage] keeps.
type Cache struct{ storage Storage }

// New returns a cache over storage.
func New(storage Storage) *Cache { return &Cache{storage} }

// Persistent tells whether entries outlive the process. [Memory] forgets them.
func (c *Cache) Persistent() bool { return c.storage.Persistent() }

// Locate says where key's entry is, for people to find it.
func (c *Cache) Locate(key Key) string { return c.storage.Locate(entryName(key)) }

// Read returns the plaintext of key's entry. It needs no claim, and waits for nobody.
//
// The error is [ErrNotFound] if there is nothing, an [*UnreadableError] if there is something that sealer does
// not open, which the caller may treat as nothing after a warning, and any other error is one of input or output.
func (c *Cache) Read(ctx context.Context, key Key, sealer secret.Value) ([]byte, error) {
	id, err := sealOf(key, sealer)
	if err != nil {
		return nil, err
	}
	name := entryName(key)
	contents, err := c.storage.Read(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return c.readFormat1(ctx, key, id, sealer, false)
	}
	if err != nil {
		return nil, err
	}
	sections, err := parse(contents)
	if err != nil {
		return nil, &UnreadableError{c.storage.Locate(name), err.Error()}
	}
	for _, s := range sections {
		if s.seal == id {
			plaintext, err := s.unseal(key, sealer)
			if err != nil {
				return nil, &UnreadableError{c.storage.Locate(name), err.Error()}
			}
			return plaintext, nil
		}
	}
	return c.readFormat1(ctx, key, id, sealer, keepsAny(sections))
}

// readFormat1 returns what the first format has under the same seal. Without one, others tells whether entries
// under other seals are known.
func (c *Cache) readFormat1(ctx context.Context, key Key, id sealID, sealer secret.Value, others bool) ([]byte, error) {
	name := format1Name(key, id)
	contents, err := c.storage.Read(ctx, name)
	if errors.Is(err, ErrNotFound) && others {
		return nil, &UnreadableError{c.storage.Locate(entryName(key)), sealedWithAnother}
	}
	if err != nil {
		return nil, err
	}
	plaintext, err := unsealFormat1(key, sealer, contents)
	if err != nil {
		return nil, &UnreadableError{c.storage.Locate(name), err.Error()}
	}
	return plaintext, nil
}

// Claim takes the right to write key's entry, and keeps it from everybody else who uses the same storage. It
// waits until ctx is done or the storage's limit is reached.
//
// The error is a [*LocationError] if the storage cannot be used at all, a [*ClaimTimeoutError] if the limit was
// reached, and wraps ctx's error if ctx was done.
func (c *Cache) Claim(ctx context.Context, key Key) (*Claim, error) {
	release, err := c.storage.Lock(ctx, key)
	if err != nil {
		return nil, err
	}
	return &Claim{cache: c, key: key, release: release}, nil
}

// Claim is the right to write an entry. It ends with the process at the latest.
type Claim struct {
	cache   *Cache
	key     Key
	release func() error
}

// End gives the claim up. It may be called more than once.
func (c *Claim) End() error { return c.release() }

// Write stores plaintext, sealed with sealer, in place of what was stored with the same sealer. When it returns
// without an error the entry survives a power cut.
//
// A ctx that is done does not keep a [Directory] from writing: what is stored here often cannot be obtained again.
func (c *Claim) Write(ctx context.Context, sealer secret.Value, plaintext []byte, worth Worth) error {
	id, contents, err := c.contents(ctx, sealer, plaintext, worth)
	if err != nil {
		return err
	}
	if err := c.cache.storage.Write(ctx, entryName(c.key), contents); err != nil {
		return err
	}
	// The newer entry is read first. An older one that cannot be removed does no harm, and is pruned.
	_ = c.cache.storage.Remove(ctx, format1Name(c.key, id))
	return nil
}

// WriteIntent is Write before something irreversible whose result has to be stored: it also makes sure that the
// next Write finds room. If it fails, nothing has changed.
func (c *Claim) WriteIntent(ctx context.Context, sealer secret.Value, plaintext []byte) error {
	_, contents, err := c.contents(ctx, sealer, plaintext, Lasting)
	if err != nil {
		return err
	}
	return c.cache.storage.WriteIntent(ctx, entryName(c.key), contents)
}

// contents returns the entry with the sealer's section replaced, and those of other sealers as they are.
func (c *Claim) contents(ctx context.Context, sealer secret.Value, plaintext []byte, worth Worth) (sealID, []byte, error) {
	id, err := sealOf(c.key, sealer)
	if err != nil {
		return id, nil, err
	}
	ours, err := newSection(c.key, id, sealer, plaintext, worth)
	if err != nil {
		return id, nil, err
	}
	name := entryName(c.key)
	before, err := c.cache.storage.Read(ctx, name)
	if unreadable := (*UnreadableError)(nil); err != nil && !errors.Is(err, ErrNotFound) && !errors.As(err, &unreadable) {
		return id, nil, err
	}
	others := slices.DeleteFunc(parseDamaged(before), func(s section) bool { return s.seal == id || s.worth == Passing })
	contents := format(append(others, ours))
	if len(contents) > maxEntrySize {
		return id, nil, fmt.Errorf("writing the cache entry %s: its %d bytes are more than the %d that would be read again",
			c.cache.storage.Locate(name), len(contents), maxEntrySize)
	}
	return id, contents, nil
}

// Hint stores plaintext as key's entry without a claim and without waiting for the disk, unless there is one that
// sealer opens. It is for what helps and can be done without: a power cut may take it.
func (c *Cache) Hint(ctx context.Context, key Key, sealer secret.Value, plaintext []byte) error {
	if _, err := c.Read(ctx, key, sealer); err == nil {
		return nil
	}
	_, contents, err := (&Claim{cache: c, key: key}).contents(ctx, sealer, plaintext, Lasting)
	if err != nil {
		return err
	}
	return c.storage.WriteHint(ctx, entryName(key), contents)
}

// Prune removes what nobody has used for a long time, and costs next to nothing when that was done within the
// last day. The caller holds no claim. A failure is worth a line in the log and no more.
func (c *Cache) Prune(ctx context.Context) error { return c.storage.Prune(ctx) }
