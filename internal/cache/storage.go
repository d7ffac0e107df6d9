package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// Storage keeps sealed entries by name. It sees neither secrets nor plaintext.
type Storage interface {
	// Persistent tells whether entries outlive the process.
	Persistent() bool
	// Locate says where the entry of that name is, for people to find it.
	Locate(name string) string
	// Lock keeps everybody else from writing key's entry, see [Cache.Claim]. Unlock may be called more than once.
	Lock(ctx context.Context, key Key) (unlock func() error, err error)
	// Read returns what was written under name. The error is [ErrNotFound] if there is nothing, and an
	// [*UnreadableError] if what is there cannot be an entry.
	Read(ctx context.Context, name string) ([]byte, error)
	// Write stores contents under name, completely or not at all, and durably when it returns.
	Write(ctx context.Context, name string, contents []byte) error
	// WriteIntent is Write, and makes sure that the next Write of name finds room.
	WriteIntent(ctx context.Context, name string, contents []byte) error
	// WriteHint is Write without waiting for the disk.
	WriteHint(ctx context.Context, name string, contents []byte) error
	// Remove removes what is stored under name. That there is nothing is no error.
	Remove(ctx context.Context, name string) error
	// Prune is described at [Cache.Prune].
	Prune(ctx context.Context) error
}

// An entry has one name, whatever it was sealed with: a reader sees at once whether other sealers have used it,
// and needs no listing. The format is part of the name, so that releases which differ in it never touch each
// other's entries.
const entrySuffix = ".v2"

func entryName(key Key) string { return key.String() + entrySuffix }

// format1Name is where the first format kept what was sealed with the sealer of that ID. It is read and no longer
// written.
func format1Name(key Key, id sealID) string {
	return key.String() + "-" + hex.EncodeToString(id[:]) + ".v1"
}

// ErrNotFound says that nothing is stored for a key.
var ErrNotFound = errors.New("no such cache entry")

// sealedWithAnother is the reason given when there is an entry for a key, but not for the secret in use.
const sealedWithAnother = "it was stored with another client secret, and is kept"

// UnreadableError says that something is stored for a key which cannot be opened. It stays where it is.
type UnreadableError struct {
	Path   string // where it is
	Reason string // a clause, for people
}

// Error implements the error interface.
func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the cache entry %s cannot be read: %s", e.Path, e.Reason)
}
