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
	mutex   sync.Mutex
	entries map[string][]byte
}

// NewMemory returns an empty storage.
func NewMemory() *Memory { return &Memory{entries: map[string][]byte{}} }

// Persistent implements [Storage].
func (m *Memory) Persistent() bool { return false }

// Locate implements [Storage].
func (m *Memory) Locate(string) string { return "(in memory)" }

// Lock implements [Storage]. There is no other process to keep out.
func (m *Memory) Lock(ctx context.Context, key Key) (func() error, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("claiming the cache entry %s: %w", key, err)
	}
	return func() error { return nil }, nil
}

// Read implements [Storage].
func (m *Memory) Read(_ context.Context, name string) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if contents, found := m.entries[name]; found {
		return bytes.Clone(contents), nil
	}
	return nil, ErrNotFound
}

// Write implements [Storage].
func (m *Memory) Write(_ context.Context, name string, contents []byte) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.entries[name] = bytes.Clone(contents)
	return nil
}

// WriteIntent implements [Storage].
func (m *Memory) WriteIntent(ctx context.Context, name string, contents []byte) error {
	return m.Write(ctx, name, contents)
}

// WriteHint implements [Storage].
func (m *Memory) WriteHint(ctx context.Context, name string, contents []byte) error {
	return m.Write(ctx, name, contents)
}

// Remove implements [Storage].
func (m *Memory) Remove(_ context.Context, name string) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.entries, name)
	return nil
}

// Prune implements [Storage]. Entries end with the process.
func (m *Memory) Prune(context.Context) error { return nil }
