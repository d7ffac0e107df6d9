package cache_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
)

// listener is a Log that tells when somebody waits for a lock.
func listener() (log func(context.Context, string, ...map[string]any), waiting <-chan struct{}) {
	heard := make(chan struct{}, 1000)
	return func(_ context.Context, message string, _ ...map[string]any) {
		if strings.HasPrefix(message, "waiting") {
			heard <- struct{}{}
		}
	}, heard
}

func lock(t testing.TB, storage cache.Storage, key cache.Key) (unlock func() error) {
	t.Helper()
	unlock, err := storage.Lock(t.Context(), key)
	must(t, err)
	return unlock
}

func TestOneHolderAtATimeAmongGoroutines(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		oneHolderAtATime(t, func(int) cache.Storage { return storage })
	})
}

// Two configurations of a provider can have a storage each in one process.
func TestOneHolderAtATimeAmongStorages(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "cache")
	oneHolderAtATime(t, func(int) cache.Storage { return openDirectory(t, path, cache.DirectoryOptions{}) })
}

func oneHolderAtATime(t *testing.T, storage func(number int) cache.Storage) {
	t.Helper()
	const goroutines, rounds = 8, 10
	var holders, total atomic.Int32
	var group sync.WaitGroup
	for number := range goroutines {
		storage := storage(number)
		group.Go(func() {
			for range rounds {
				unlock, err := storage.Lock(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				if holders.Add(1) != 1 {
					t.Error("there is another holder")
				}
				total.Add(1)
				holders.Add(-1)
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if total.Load() != goroutines*rounds {
		t.Errorf("%d locks were taken, want %d", total.Load(), goroutines*rounds)
	}
}

const contenders, contentions = 4, 25

func TestOneHolderAtATimeAmongProcesses(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "parent", "cache") // which they make at the same moment
	var group sync.WaitGroup
	for range contenders {
		command := process(t, "contend", path)
		group.Go(func() {
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, output)
			}
		})
	}
	group.Wait()
	wantPlaintext(t, openDirectory(t, path, cache.DirectoryOptions{}), key, sealer, strings.Repeat("x", contenders*contentions))
}

// contend adds to an entry again and again, and fails if another process is at it at the same time.
func contend(directory string) error {
	ctx := context.Background()
	storage, err := cache.OpenDirectory(directory, cache.DirectoryOptions{})
	if err != nil {
		return err
	}
	entries := cache.New(storage)
	for range contentions {
		unlock, err := entries.Lock(ctx, key)
		if err != nil {
			return err
		}
		inside := filepath.Join(directory, "inside")
		if err := os.Mkdir(inside, 0o700); err != nil {
			return fmt.Errorf("there is another holder: %w", err)
		}
		plaintext, err := entries.Read(ctx, key, sealer)
		if err != nil && !errors.Is(err, cache.ErrNotFound) {
			return err
		}
		if err := entries.Write(ctx, key, sealer, append(plaintext, 'x')); err != nil {
			return err
		}
		if err := errors.Join(os.Remove(inside), unlock()); err != nil {
			return err
		}
	}
	return nil
}

func TestLockEndsWithAKilledProcess(t *testing.T) {
	t.Parallel()

	log, waiting := listener()
	directory, path := newDirectory(t, cache.DirectoryOptions{Log: log})
	holder := started(t, "hold", path)
	obtained := make(chan error)
	go func() {
		_, err := directory.Lock(t.Context(), key)
		obtained <- err
	}()
	select {
	case <-waiting:
	case err := <-obtained:
		t.Fatalf("obtained while another process holds it: %v", err)
	}
	must(t, holder.Process.Kill())
	must(t, <-obtained)
	_ = holder.Wait() // it was killed
}

func TestDifferentKeysDoNotWait(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		unlock, unlockOther := lock(t, storage, key), lock(t, storage, otherKey)
		must(t, errors.Join(unlock(), unlockOther()))
	})
}

func TestUnlockingTwiceReleasesOnce(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		unlock := lock(t, storage, key)
		must(t, unlock())
		next := lock(t, storage, key)
		must(t, unlock())
		expired, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := storage.Lock(expired, key); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second unlock released the next holder's lock: %v", err)
		}
		must(t, next())
	})
}

func TestWaitingHasALimit(t *testing.T) {
	t.Parallel()

	const limit = 30 * time.Millisecond
	holder, path := newDirectory(t, cache.DirectoryOptions{LockTimeout: limit})
	unlock := lock(t, holder, key)
	for name, waiter := range map[string]*cache.Directory{
		"within the storage": holder,
		"beside the storage": openDirectory(t, path, cache.DirectoryOptions{LockTimeout: limit}),
	} {
		_, err := waiter.Lock(t.Context(), key)
		if _, ok := errors.AsType[*cache.LockTimeoutError](err); !ok {
			t.Fatalf("%s: %v, want a LockTimeoutError", name, err)
		}
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v passes for an error of the context", name, err)
		}
		wantParts(t, err.Error(), onlyFile(t, path, "*.lock"), limit.String(), "another run", "try again")
	}
	must(t, unlock())
	must(t, lock(t, holder, key)())
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	t.Parallel()

	log, waiting := listener()
	holder, path := newDirectory(t, cache.DirectoryOptions{Log: log})
	unlock := lock(t, holder, key)
	var waiters []*cache.Directory
	for name, waiter := range map[string]*cache.Directory{
		"within the storage": holder,
		"beside the storage": openDirectory(t, path, cache.DirectoryOptions{Log: log}),
	} {
		ctx, cancel := context.WithCancel(t.Context())
		obtained := make(chan error)
		go func() {
			_, err := waiter.Lock(ctx, key)
			obtained <- err
		}()
		<-waiting
		cancel()
		err := <-obtained
		var timeout *cache.LockTimeoutError
		if !errors.Is(err, context.Canceled) || errors.As(err, &timeout) {
			t.Errorf("%s: %v, want the context's error only", name, err)
		}
		waiters = append(waiters, waiter)
	}
	must(t, unlock())
	for _, waiter := range waiters {
		must(t, lock(t, waiter, key)()) // a cancelled waiter leaves nothing locked
		if count := waiter.LocksInUse(); count != 0 {
			t.Errorf("%d locks are kept in memory without a user", count)
		}
	}
}

// Pruning can remove a lock file between the moment another process opens it and the moment it locks it.
func TestLockFileThatWasRemovedIsNoLock(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "lock")
	file := flock.New(path)
	locked, err := file.TryLock()
	if err != nil || !locked {
		t.Fatalf("locking: %t, %v", locked, err)
	}
	defer func() { must(t, file.Unlock()) }()

	wantStillAt := func(want bool) {
		t.Helper()
		if got, err := cache.IsStillAt(file, path); err != nil || got != want {
			t.Errorf("%t, %v; want %t", got, err, want)
		}
	}
	wantStillAt(true)
	if err := os.Rename(path, path+".gone"); err != nil {
		t.Skipf("this system keeps files that are open: %v", err)
	}
	wantStillAt(false)
	must(t, os.WriteFile(path, nil, 0o600)) // as the next process makes it
	wantStillAt(false)
}

func TestCancelledContextTakesNoLock(t *testing.T) {
	t.Parallel()

	everyStorage(t, func(t *testing.T, storage cache.Storage) {
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := storage.Lock(cancelled, key); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want context.Canceled", err)
		}
		must(t, lock(t, storage, key)())
	})
}

func TestWaitingIsLoggedOnceEach(t *testing.T) {
	t.Parallel()

	type line struct {
		Message string
		Fields  []map[string]any
	}
	var lines []line
	var unlock func() error
	clock := time.Now()
	directory, path := newDirectory(t, cache.DirectoryOptions{
		Now: func() time.Time { clock = clock.Add(3 * time.Second); return clock },
		Log: func(_ context.Context, message string, fields ...map[string]any) {
			lines = append(lines, line{message, fields})
			if len(lines) == 1 {
				must(t, unlock())
			}
		},
	})
	unlock = lock(t, openDirectory(t, path, cache.DirectoryOptions{}), key)
	must(t, lock(t, directory, otherKey)()) // without waiting, so without a word
	must(t, lock(t, directory, key)())

	file := onlyFile(t, path, key.String()+".lock")
	want := []line{
		{"waiting for the lock of a cache entry", []map[string]any{{"lock_file": file}}},
		{"obtained the lock of a cache entry", []map[string]any{{"lock_file": file, "waited": "3s"}}},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Error(diff)
	}
}
