package cache

import (
	"context"
	"errors"
	"fmt"
)

// Storage keeps sealed entries by name. It sees neither secrets nor plaintext.
type Storage interface {
	// Persistent tells whether entries outlive the process.
	Persistent() bool
	// Locate says where the entry of that name is, for people to find it. Without a name it says where all are.
	Locate(name string) string
	// Claim keeps everybody else from writing key's entry, see [Cache.Claim]. Without wait the error is [ErrHeld] if
	// another process does so already.
	Claim(ctx context.Context, key Key, wait bool) (Held, error)
	// Read returns what was written under name. The error is [ErrNotFound] if there is nothing, and an
	// [*UnreadableError] if what is there cannot be an entry.
	Read(ctx context.Context, name string) ([]byte, error)
	// Prune is described at [Cache.Prune].
	Prune(ctx context.Context) error
}

// Held is the right to write one entry, as a storage knows it.
type Held interface {
	// Read returns the contents on which the next write will stand. Its errors are those of [Storage.Read].
	Read(ctx context.Context) ([]byte, error)
	// Write stores contents, completely or not at all; with durable they survive a power cut when it returns. The
	// error is [ErrOvertaken] if somebody else has written meanwhile; Read then returns what.
	Write(ctx context.Context, contents []byte, durable bool) error
	// WriteIntent is a durable Write, and makes sure that the next Write finds room. The error is [ErrOvertaken] if somebody
	// else has claimed the entry first.
	WriteIntent(ctx context.Context, contents []byte) error
	// End gives the claim up. It may be called more than once.
	End() error
	// Excludes tells whether the claim keeps others out by itself, or only once an intent is written.
	Excludes() bool
	// Expired tells whether others may have taken the claim for abandoned.
	Expired() bool
}

// ErrHeld says that another process is changing an entry.
var ErrHeld = errors.New("another run is at work with the cache entry")

// ErrOvertaken says that somebody else has written an entry that this process had read or claimed. It happens in
// object storage only, where a claim ends by itself.
var ErrOvertaken = errors.New("another run has written the cache entry meanwhile")

// ErrNotFound says that nothing is stored for a key.
var ErrNotFound = errors.New("no such cache entry")

// UnreadableError says that something is stored for a key which cannot be opened. It stays where it is.
type UnreadableError struct {
	Path   string // where it is
	Reason string // a clause, for people
}

// Error implements the error interface.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the cache entry %s cannot be read: %s", e.Path, e.Reason)
}

// NeedsAnotherSealer tells that the entry opens with another secret.
func (e *UnreadableError) NeedsAnotherSealer() bool { return e.Reason == sealedWithAnother }

// sealedWithAnother is the reason given when there is an entry for a key, but not for the secret in use.
const sealedWithAnother = "it was stored with another client secret, and is kept"

func entryName(key Key) string { return key.String() + entrySuffix }

// An entry has one name, whatever it was sealed with: a reader sees at once whether other sealers have used it,
// and needs no listing. The format is part of the name, so that releases which differ in it never touch each
// other's entries.
const entrySuffix = ".v2"
