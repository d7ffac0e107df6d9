package cache

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// Memory keeps entries until the process ends. It stands in where no cache is wanted. The entries are sealed like
// any others, so that printing one by accident tells nothing.
type Memory struct {
	locks   keyedLocks
	mutex   sync.Mutex
	entries map[Name][]byte
}

// NewMemory returns an empty storage.
func NewMemory() *Memory { return &Memory{entries: map[Name][]byte{}} }

// Persistent implements [Storage].
func (m *Memory) Persistent() bool { return false }

// Locate implements [Storage].
func (m *Memory) Locate(Name) string { return "(in memory)" }

// Lock implements [Storage]. It waits as long as ctx allows.
func (m *Memory) Lock(ctx context.Context, key Key) (func() error, error) {
	unlock, err := m.locks.lock(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("waiting for the lock of the cache entry %s: %w", key, err)
	}
	return sync.OnceValue(func() error { unlock(); return nil }), nil
}

// Read implements [Storage].
func (m *Memory) Read(_ context.Context, name Name, _ func([]byte) bool) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if sealed, found := m.entries[name]; found {
		return bytes.Clone(sealed), nil
	}
	for other := range m.entries {
		if other.Key == name.Key {
			return nil, &UnreadableError{m.Locate(other), sealedWithAnother}
		}
	}
	return nil, ErrNotFound
}

// Write implements [Storage].
func (m *Memory) Write(_ context.Context, name Name, sealed []byte) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.entries[name] = bytes.Clone(sealed)
	return nil
}

// ProveWritable implements [Storage]. Memory is always writable.
func (m *Memory) ProveWritable(context.Context, Key) error { return nil }

// Prune implements [Storage]. Entries end with the process.
func (m *Memory) Prune(context.Context) error { return nil }
