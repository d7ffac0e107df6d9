package cache

import (
	"bytes"
	"context"
	"fmt"
	"sync"
)

// Memory keeps entries until the process ends. It is used if the cache is off. The entries are sealed like any others,
// so that printing one by accident reveals nothing.
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

// Read implements [Storage].
func (m *Memory) Read(_ context.Context, name string) ([]byte, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if contents, found := m.entries[name]; found {
		return bytes.Clone(contents), nil
	}
	return nil, ErrNotFound
}

// Prune implements [Storage]. Entries end with the process.
func (m *Memory) Prune(context.Context) error { return nil }

// Claim implements [Storage]. No other process has access.
func (m *Memory) Claim(ctx context.Context, key Key, _ Wait) (StorageClaim, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("claiming the cache entry %s: %w", key, err)
	}
	return memoryClaim{m, entryName(key)}, nil
}

type memoryClaim struct {
	memory *Memory
	name   string
}

func (h memoryClaim) Read(ctx context.Context) ([]byte, error) { return h.memory.Read(ctx, h.name) }

func (h memoryClaim) Write(_ context.Context, contents []byte, _ bool) error {
	h.memory.mutex.Lock()
	defer h.memory.mutex.Unlock()
	h.memory.entries[h.name] = bytes.Clone(contents)
	return nil
}

func (h memoryClaim) WriteIntent(ctx context.Context, contents []byte) error {
	return h.Write(ctx, contents, true)
}

func (h memoryClaim) End() error { return nil }

func (h memoryClaim) IsExclusive() bool { return true }

func (h memoryClaim) Expired() bool { return false }
