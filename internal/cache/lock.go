package cache

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/semaphore"
)

const (
	defaultLockTimeout = 5 * time.Minute
	// lockPoll is how often a lock held by another process is tried: no system call waits for a file lock and
	// for a context. It is short against any work that is worth a lock.
	lockPoll = 5 * time.Millisecond
)

// LockTimeoutError says that a lock was not to be had within the limit. It is no context error.
type LockTimeoutError struct {
	Path  string // the lock file
	Limit time.Duration
}

// Error implements the error interface.
func (e *LockTimeoutError) Error() string {
	return fmt.Sprintf("the lock %s was not released within %s: another run is working with the same cache entry, "+
		"or hangs; wait for it or end it, and try again (the lock ends with the process that holds it, "+
		"so the file itself need not be removed)", e.Path, e.Limit)
}

// Lock implements [Storage]. The lock is one of the operating system's on a file beside the entry, so it ends
// with its process, however that ends.
func (d *Directory) Lock(ctx context.Context, key Key) (func() error, error) {
	if err := d.prepare(); err != nil {
		return nil, err
	}
	path := d.lockPath(key)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("taking the lock %s: %w", path, err)
	}
	unlock, err := d.tryLock(key)
	if unlock == nil && err == nil {
		unlock, err = d.waitLock(ctx, key)
	}
	return unlock, err
}

// waitLock takes a lock that somebody else holds.
func (d *Directory) waitLock(ctx context.Context, key Key) (func() error, error) {
	path, since := d.lockPath(key), d.now()
	d.log(ctx, "waiting for the lock of a cache entry", map[string]any{"lock_file": path})

	errLimit := &LockTimeoutError{path, d.lockTimeout}
	limited, cancel := context.WithTimeoutCause(ctx, d.lockTimeout, errLimit)
	defer cancel()
	unlock, err := d.pollLock(limited, key)
	if err != nil && limited.Err() != nil {
		if errors.Is(context.Cause(limited), errLimit) {
			return nil, errLimit
		}
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
	}
	if err != nil {
		return nil, err
	}
	d.log(ctx, "obtained the lock of a cache entry",
		map[string]any{"lock_file": path, "waited": d.now().Sub(since).String()})
	return unlock, nil
}

// pollLock waits for the lock until ctx is done. Goroutines of this process queue, and only the first of them polls.
func (d *Directory) pollLock(ctx context.Context, key Key) (func() error, error) {
	leave, err := d.locks.lock(ctx, key)
	if err != nil {
		return nil, err
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		file, err := d.tryLockFile(key)
		if err != nil {
			leave()
			return nil, err
		}
		if file != nil {
			return unlocker(file, leave), nil
		}
		select {
		case <-ctx.Done():
			leave()
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

// tryLock takes the lock if nobody holds it, and returns nil if somebody does.
func (d *Directory) tryLock(key Key) (func() error, error) {
	leave := d.locks.tryLock(key)
	if leave == nil {
		return nil, nil
	}
	file, err := d.tryLockFile(key)
	if err != nil || file == nil {
		leave()
		return nil, err
	}
	return unlocker(file, leave), nil
}

// tryLockFile locks the lock file if no other process has locked it, and returns nil if one has.
func (d *Directory) tryLockFile(key Key) (*flock.Flock, error) {
	file := flock.New(d.lockPath(key)) // created 0600
	locked, err := file.TryLock()
	if err != nil {
		return nil, d.unfit(err, "a lock file in it cannot be locked",
			"make the directory writable, or let token_cache name one that does not exist yet")
	}
	if !locked {
		return nil, nil
	}
	// Pruning removes lock files. One that was removed after it was opened here and before it was locked is
	// worthless: whoever comes next makes another and locks that. The next try does so too.
	same, err := isStillAt(file, file.Path())
	if err != nil || !same {
		return nil, errors.Join(err, file.Unlock())
	}
	return file, nil
}

func isStillAt(file *flock.Flock, path string) (bool, error) {
	held, err := file.Stat()
	if err != nil {
		return false, fmt.Errorf("examining a lock file: %w", err)
	}
	found, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("examining a lock file: %w", err)
	}
	return os.SameFile(held, found), nil
}

func unlocker(file *flock.Flock, leave func()) func() error {
	return sync.OnceValue(func() error {
		defer leave()
		if err := file.Unlock(); err != nil {
			return fmt.Errorf("releasing the lock %s: %w", file.Path(), err)
		}
		return nil
	})
}

func (d *Directory) lockPath(key Key) string { return filepath.Join(d.path, key.String()+".lock") }

// keyedLocks are locks inside this process, one per key. The zero value is ready.
type keyedLocks struct {
	mutex sync.Mutex
	locks map[Key]*keyedLock // those that somebody holds or waits for, so it does not grow with the keys ever seen
}

type keyedLock struct {
	semaphore *semaphore.Weighted // and no mutex, because it must respect a context
	users     int                 // holders and waiters, guarded by keyedLocks.mutex
}

func (l *keyedLocks) lock(ctx context.Context, key Key) (unlock func(), err error) {
	lock := l.enter(key)
	if err := lock.semaphore.Acquire(ctx, 1); err != nil {
		l.leave(key, lock)
		return nil, err
	}
	return func() { lock.semaphore.Release(1); l.leave(key, lock) }, nil
}

// tryLock returns nil if the lock is held.
func (l *keyedLocks) tryLock(key Key) (unlock func()) {
	lock := l.enter(key)
	if !lock.semaphore.TryAcquire(1) {
		l.leave(key, lock)
		return nil
	}
	return func() { lock.semaphore.Release(1); l.leave(key, lock) }
}

func (l *keyedLocks) enter(key Key) *keyedLock {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	lock := l.locks[key]
	if lock == nil {
		if l.locks == nil {
			l.locks = map[Key]*keyedLock{}
		}
		lock = &keyedLock{semaphore: semaphore.NewWeighted(1)}
		l.locks[key] = lock
	}
	lock.users++
	return lock
}

func (l *keyedLocks) leave(key Key, lock *keyedLock) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if lock.users--; lock.users == 0 {
		delete(l.locks, key)
	}
}
