package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// noted tells whether a test looks at a file. It does not at the marker of pruning, nor at lock files on Windows,
// which does not remove them while they are open to be locked.
func noted(name string) bool {
	return name != "pruned" && (runtime.GOOS != "windows" || filepath.Ext(name) != ".lock")
}

// names returns the names of the noted files in a directory.
func names(t *testing.T, directory string) []string {
	t.Helper()
	found, err := os.ReadDir(directory)
	must(t, err)
	var names []string
	for _, file := range found {
		if noted(file.Name()) {
			names = append(names, file.Name())
		}
	}
	return names
}

// put creates a file of some age.
func put(t *testing.T, directory, name string, age time.Duration) {
	t.Helper()
	path := filepath.Join(directory, name)
	must(t, os.WriteFile(path, []byte("x"), 0o600))
	setAge(t, path, age)
}

const seal1, seal2 = "-0123456789abcdef", "-fedcba9876543210"

func TestPruningRemovesOnlyWhatIsOursAndOld(t *testing.T) {
	t.Parallel()

	const young, old = 59 * day, 61 * day
	directory, path := newDirectory(t, cache.DirectoryOptions{})
	id := func(text string) string { return cache.NewKey(text).String() }

	for name, age := range map[string]time.Duration{
		// Gone as a whole.
		id("old") + seal1 + ".v1": old, id("old") + ".lock": old, id("old") + ".probe": old,
		id("old") + seal1 + ".v1.new": old, id("old") + ".probe.new": old,
		// A lock that was never followed by an entry, an entry whose lock is gone, one whose lock is young.
		id("lock only") + ".lock": old, id("no lock") + seal1 + ".v1": old,
		id("young lock") + seal1 + ".v1": old, id("young lock") + ".lock": young,
	} {
		put(t, path, name, age)
	}
	kept := []string{
		// Of one entry the old seal goes and the young one stays, and with it the lock.
		id("two seals") + seal2 + ".v1",
		id("two seals") + ".lock",
		id("young") + seal1 + ".v1",
		id("young") + seal1 + ".v1.new",
		id("young lock only") + ".lock",
	}
	put(t, path, id("two seals")+seal1+".v1", old)
	for _, name := range kept {
		put(t, path, name, young)
	}
	put(t, path, kept[1], old)
	for _, name := range []string{
		id("foreign"), id("foreign") + ".v1", id("foreign") + seal1 + ".v2", id("foreign") + seal1 + ".v12",
		id("foreign") + seal1 + "00.v1", id("foreign") + seal1 + ".v1.bak", "0" + id("foreign") + seal1 + ".v1",
		id("foreign") + seal1 + ".v2.new", id("foreign") + ".lock.new", ".tmp-123", "x.lock", "notes.txt",
		strings.ToUpper(id("foreign")) + seal1 + ".v1",
	} {
		put(t, path, name, old)
		kept = append(kept, name)
	}
	put(t, path, id("future")+seal1+".v1", -100*365*day)
	inTheWay := id("directory") + seal1 + ".v1"
	must(t, os.Mkdir(filepath.Join(path, inTheWay), 0o700))
	setAge(t, filepath.Join(path, inTheWay), old)
	kept = append(kept, id("future")+seal1+".v1", inTheWay)

	must(t, directory.Prune(t.Context()))
	want, got := map[string]bool{}, map[string]bool{}
	for _, name := range kept {
		if noted(name) {
			want[name] = true
		}
	}
	for _, name := range names(t, path) {
		got[name] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsReadIsNotPruned(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	write(t, directory, key, sealer, "used")
	write(t, directory, otherKey, sealer, "unused")
	for _, file := range files(t, path, "*.v1") {
		setAge(t, file, 61*day)
	}
	wantPlaintext(t, directory, key, sealer, "used")
	must(t, directory.Prune(t.Context()))
	wantPlaintext(t, directory, key, sealer, "used")
	if _, err := cache.New(directory).Read(t.Context(), otherKey, sealer); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("the unused entry: %v, want ErrNotFound", err)
	}
}

func TestPruningRestsForADay(t *testing.T) {
	t.Parallel()

	now := time.Now()
	directory, path := newDirectory(t, cache.DirectoryOptions{Now: func() time.Time { return now }})
	must(t, directory.Prune(t.Context()))
	write(t, directory, key, sealer, "x")
	file := onlyFile(t, path, "*.v1")
	setAge(t, file, 100*day)

	now = now.Add(day - time.Minute)
	must(t, directory.Prune(t.Context()))
	if names(t, path) == nil {
		t.Fatal("pruned twice within a day")
	}
	now = now.Add(2 * time.Minute)
	must(t, directory.Prune(t.Context()))
	if left := names(t, path); left != nil {
		t.Errorf("the day after, %q are left", left)
	}

	// A clock that was wrong once must not end pruning for good.
	setAge(t, filepath.Join(path, "pruned"), -1000*day)
	put(t, path, key.String()+seal1+".v1", 100*day)
	must(t, directory.Prune(t.Context()))
	if left := names(t, path); left != nil {
		t.Errorf("with a marker from the future, %q are left", left)
	}
}

func TestPruningPassesOverWhatIsInUse(t *testing.T) {
	t.Parallel()

	now := time.Now()
	directory, path := newDirectory(t, cache.DirectoryOptions{Now: func() time.Time { return now }})
	holders := map[string]*cache.Directory{
		"within the storage": directory,
		"beside the storage": openDirectory(t, path, cache.DirectoryOptions{}),
	}
	for name, holder := range holders {
		write(t, holder, key, sealer, "x")
		unlock := lock(t, holder, key)
		before := names(t, path)
		now = now.Add(100 * day)
		must(t, directory.Prune(t.Context()))
		if diff := cmp.Diff(before, names(t, path)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		must(t, unlock())
		now = now.Add(2 * day)
		must(t, directory.Prune(t.Context()))
		if left := names(t, path); left != nil {
			t.Errorf("%s: %q are left", name, left)
		}
	}
}

// Lock files are removed while others open, lock and wait for them.
func TestPruningLocksKeepsThemExclusive(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	var elapsed atomic.Int64 // days; every pruning is due, and finds every lock file old
	now := func() time.Time { return time.Now().Add(time.Duration(100+elapsed.Add(2)) * day) }

	var holders atomic.Int32
	var lockers, pruners sync.WaitGroup
	for range 4 {
		storage := openDirectory(t, path, cache.DirectoryOptions{})
		lockers.Go(func() {
			for range 100 {
				unlock, err := storage.Lock(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				if holders.Add(1) != 1 {
					t.Error("there is another holder")
				}
				for range 20 {
					runtime.Gosched() // the others' chance
				}
				holders.Add(-1)
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	for range 2 {
		storage := openDirectory(t, path, cache.DirectoryOptions{Now: now})
		pruners.Go(func() {
			for {
				if err := storage.Prune(t.Context()); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	lockers.Wait()
	close(done)
	pruners.Wait()
}

func TestPruningMakesNoDirectory(t *testing.T) {
	t.Parallel()

	directory, path := newDirectory(t, cache.DirectoryOptions{})
	must(t, os.Remove(path))
	must(t, directory.Prune(t.Context()))
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want no directory", err)
	}
}
