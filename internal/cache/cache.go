// Package cache keeps small secrets between processes: encrypted, durable, and under one lock per entry.
//
// Whoever works with an entry takes its lock first, reads, does its work, writes, and unlocks. The contents
// are opaque bytes, sealed with a secret of the caller's (the sealer) that is itself never stored.
package cache

import (
	"context"
	"fmt"

	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// maxEntrySize bounds what is read into memory, and so what may be written. Real entries take a few KiB.
const maxEntrySize = 1 << 20

// Cache seals and opens the entries that a [Storage] keeps.
type Cache struct{ storage Storage }

// New returns a cache over storage.
func New(storage Storage) *Cache { return &Cache{storage} }

// Persistent tells whether entries outlive the process. [Memory] forgets them.
func (c *Cache) Persistent() bool { return c.storage.Persistent() }

// Lock takes the lock of key's entry, which shuts out every other holder: in this process, and in every other
// one that uses the same storage. It waits until ctx is done or the storage's limit is reached.
//
// The error is a [*LocationError] if the storage cannot be used at all, a [*LockTimeoutError] if the limit was
// reached, and wraps ctx's error if ctx was done. Unlock may be called more than once.
func (c *Cache) Lock(ctx context.Context, key Key) (unlock func() error, err error) {
	return c.storage.Lock(ctx, key)
}

// Read returns the plaintext of key's entry. The caller holds the lock.
//
// The error is [ErrNotFound] if there is nothing, an [*UnreadableError] if there is something that sealer does
// not open, which the caller may treat as nothing after a warning, and any other error is one of input or output.
func (c *Cache) Read(ctx context.Context, key Key, sealer secret.Value) ([]byte, error) {
	name, err := nameOf(key, sealer)
	if err != nil {
		return nil, err
	}
	path := c.storage.Locate(name)
	sealed, err := c.storage.Read(ctx, name, func(sealed []byte) bool {
		_, err := unseal(path, key, sealer, sealed)
		return err == nil
	})
	if err != nil {
		return nil, err
	}
	return unseal(path, key, sealer, sealed)
}

// Write stores plaintext as key's entry, sealed with sealer, in place of what was stored with the same sealer.
// When it returns without an error the entry survives a power cut. The caller holds the lock.
//
// A ctx that is done does not keep a [Directory] from writing: what is stored here often cannot be obtained again.
func (c *Cache) Write(ctx context.Context, key Key, sealer secret.Value, plaintext []byte) error {
	name, err := nameOf(key, sealer)
	if err != nil {
		return err
	}
	sealed, err := seal(key, sealer, plaintext)
	if err != nil {
		return err
	}
	if len(sealed) > maxEntrySize {
		return fmt.Errorf("writing the cache entry %s: its %d bytes are more than the %d that would be read again",
			c.storage.Locate(name), len(sealed), maxEntrySize)
	}
	return c.storage.Write(ctx, name, sealed)
}

// ProveWritable finds out whether a Write would succeed, by doing everything that Write does with a file of an
// entry's size. It is for callers about to do something irreversible whose result they must store. The caller
// holds the lock.
func (c *Cache) ProveWritable(ctx context.Context, key Key) error {
	return c.storage.ProveWritable(ctx, key)
}

// Prune removes what nobody has used for a long time, and costs next to nothing when that was done within the
// last day. The caller holds no lock. A failure is worth a line in the log and no more.
func (c *Cache) Prune(ctx context.Context) error { return c.storage.Prune(ctx) }
