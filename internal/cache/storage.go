package cache

import (
	"context"
	"errors"
	"fmt"
)

// Storage keeps sealed entries by name. It sees neither secrets nor plaintext.
type Storage interface {
	// Persistent reports whether entries outlive the process.
	Persistent() bool
	// Locate returns where the entry of that name is, for people. If name is empty, it returns where all entries are.
	Locate(name string) string
	// Claim keeps all others from writing key's entry, see [Cache.Claim].
	Claim(ctx context.Context, key Key, wait Wait) (StorageClaim, error)
	// Read returns what was written under name. The error is [ErrNotFound] if there is nothing, and an
	// [*UnreadableError] if there is something that cannot be an entry.
	Read(ctx context.Context, name string) ([]byte, error)
	// Prune is described at [Cache.Prune].
	Prune(ctx context.Context) error
}

// Wait is how long to wait for the claim of another process.
type Wait int

const (
	// NotAtAll returns [ErrHeld] instead of waiting.
	NotAtAll Wait = iota
	// UntilFree waits until the other claim ends.
	UntilFree
	// UntilWritten is UntilFree, but the result is [ErrOvertaken] if the entry was written in the meantime. A storage may
	// treat it as UntilFree.
	UntilWritten
)

// StorageClaim is the right to write one entry of a storage.
type StorageClaim interface {
	// Read returns the contents that the next write replaces. Its errors are those of [Storage.Read].
	Read(ctx context.Context) ([]byte, error)
	// Write stores contents, completely or not at all. If durable is set, they survive a power cut once it returns. The
	// error is [ErrOvertaken] if another process has written in the meantime; Read then returns what it wrote.
	Write(ctx context.Context, contents []byte, durable bool) error
	// WriteIntent is a durable Write that also reserves space for the next Write. The error is
	// [ErrOvertaken] if another process claimed the entry first.
	WriteIntent(ctx context.Context, contents []byte) error
	// End ends the claim. It may be called more than once.
	End() error
	// IsExclusive reports whether the claim keeps others out by itself. If not, it does so once an intent is written.
	IsExclusive() bool
	// Expired reports whether others may consider the claim abandoned.
	Expired() bool
}

// ErrHeld says that another process is changing an entry.
var ErrHeld = errors.New("another run is using the cache entry")

// ErrOvertaken says that another process has written an entry that this process had read or claimed, or waited to
// claim. A claim can be overtaken only in object storage, where it ends by itself.
var ErrOvertaken = errors.New("another run has written the cache entry in the meantime")

// ErrNotFound says that nothing is stored for a key.
var ErrNotFound = errors.New("no such cache entry")

// UnreadableError says that what is stored for a key cannot be opened. It is not removed.
type UnreadableError struct {
	Path   string // where it is
	Reason string // a clause, for people
}

// Error implements the error interface.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the cache entry %s cannot be read: %s", e.Path, e.Reason)
}

// NeedsAnotherSealer reports whether the entry opens with another secret.
func (e *UnreadableError) NeedsAnotherSealer() bool { return e.Reason == sealedWithAnother }

// sealedWithAnother is the reason if an entry is stored for a key, but not with the secret in use.
const sealedWithAnother = "it was stored with another client secret, and is kept"

func entryName(key Key) string { return key.String() + entrySuffix }

// An entry has the same name for all sealers, so that a reader can tell whether other sealers have used it. The name
// includes the format, so that releases with different formats never touch each other's entries.
const entrySuffix = ".v2"
