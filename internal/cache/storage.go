package cache

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
)

// Storage keeps sealed entries under locks. It sees neither secrets nor plaintext.
type Storage interface {
	// Persistent tells whether entries outlive the process.
	Persistent() bool
	// Locate says where the entry of that name is, for people to find it.
	Locate(name Name) string
	// Lock is described at [Cache.Lock].
	Lock(ctx context.Context, key Key) (unlock func() error, err error)
	// Read returns what was written under name. The error is [ErrNotFound] if nothing is stored for the key, and
	// an [*UnreadableError] if what is stored is no entry, or only entries under other seals of the same key.
	// A write that was cut off is completed first where whole says that nothing of it is missing.
	Read(ctx context.Context, name Name, whole func(sealed []byte) bool) ([]byte, error)
	// Write stores sealed under name, completely or not at all, and durably when it returns.
	Write(ctx context.Context, name Name, sealed []byte) error
	// ProveWritable is described at [Cache.ProveWritable].
	ProveWritable(ctx context.Context, key Key) error
	// Prune is described at [Cache.Prune].
	Prune(ctx context.Context) error
}

// suffix ends the name of every entry. Another format gets another suffix, so that releases which differ in
// format never touch each other's entries.
const suffix = ".v1"

// Name is what an entry is stored under. The seal is part of it, so that entries of one key which were sealed
// with different secrets lie side by side: writing with one secret never destroys what another still opens.
type Name struct {
	Key  Key
	Seal [8]byte // tells secrets apart without telling anything about them
}

// String returns the name as a file name.
func (n Name) String() string { return n.Key.String() + "-" + hex.EncodeToString(n.Seal[:]) + suffix }

// ErrNotFound says that nothing is stored for a key.
var ErrNotFound = errors.New("no such cache entry")

// sealedWithAnother is the reason given when there are entries for a key, but none for the secret in use.
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
