package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
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
	warm, watch := w.provider(), watchOpened(w)
	warm.open(nil)
	warm.open(nil)
	if opened := watch(); !slices.Equal(opened, []string{".v2"}) {
		t.Errorf("opened %q", opened)
	}
}

// watchOpened starts watching the cache. The returned function returns the suffixes of the files opened since then.
func watchOpened(w *world) func() (opened []string) {
	watch, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	must(w, err)
	w.Cleanup(func() { _ = syscall.Close(watch) })
	_, err = syscall.InotifyAddWatch(watch, w.cache(), syscall.IN_OPEN)
	must(w, err)
	return func() (opened []string) {
		events := make([]byte, 1<<16)
		size, err := syscall.Read(watch, events)
		if errors.Is(err, syscall.EAGAIN) {
			return nil
		}
		must(w, err)
		for events = events[:size]; len(events) > 0; {
			length := int(binary.NativeEndian.Uint32(events[12:]))
			name, _, _ := bytes.Cut(events[syscall.SizeofInotifyEvent:][:length], []byte{0})
			opened = append(opened, filepath.Ext(string(name)))
			events = events[syscall.SizeofInotifyEvent+length:]
		}
		return opened
	}
}
