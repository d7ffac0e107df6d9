package bench

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// With the token in the cache, the first opening of a process opens the entry but not its lock file.
func TestWarmOpeningOpensOneFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0)
	w.provider().open(nil)
	warm := w.provider()
	watch, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	must(t, err)
	t.Cleanup(func() { _ = syscall.Close(watch) })
	_, err = syscall.InotifyAddWatch(watch, w.cache(), syscall.IN_OPEN)
	must(t, err)
	warm.open(nil)
	warm.open(nil)

	events := make([]byte, 1<<16)
	size, err := syscall.Read(watch, events)
	must(t, err)
	var opened []string // suffixes
	for events = events[:size]; len(events) > 0; {
		length := int(binary.NativeEndian.Uint32(events[12:]))
		name, _, _ := bytes.Cut(events[syscall.SizeofInotifyEvent:][:length], []byte{0})
		opened = append(opened, filepath.Ext(string(name)))
		events = events[syscall.SizeofInotifyEvent+length:]
	}
	if !slices.Equal(opened, []string{".v2"}) {
		t.Errorf("opened %q", opened)
	}
}
