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
)

// Claim implements [Storage]. It takes an operating system lock on a file next to the entry. The lock ends with the
// process, even if it is killed. If a process ended in the middle of a write, Claim first completes that write.
func (d *Directory) Claim(ctx context.Context, key Key, wait Wait) (StorageClaim, error) {
	if err := d.prepare(); err != nil {
		return nil, err
	}
	path := d.lockPath(key)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("taking the lock %s: %w", path, err)
	}
	file, err := d.tryLockFile(key)
	if file == nil && err == nil && wait == NotAtAll {
		return nil, ErrHeld
	}
	if file == nil && err == nil {
		file, err = d.waitLock(ctx, key, wait)
	}
	if err != nil {
		return nil, err
	}
	unlock := unlocker(file)
	if err := d.completeWrite(key); err != nil {
		return nil, errors.Join(d.unusable(err, "an interrupted write of an entry in it cannot be completed", makeWritable(err)), unlock())
	}
	return directoryClaim{d, entryName(key), unlock}, nil
}

// waitLock takes a lock that another process holds.
func (d *Directory) waitLock(ctx context.Context, key Key, wait Wait) (*flock.Flock, error) {
	path, since := d.lockPath(key), d.now()
	before := d.examine(key)
	isWritten := func() bool { return wait == UntilWritten && !isSameFile(before, d.examine(key)) }
	d.log(ctx, "waiting for the lock of a cache entry", map[string]any{"lock_file": path})

	errLimit := &ClaimTimeoutError{path, d.claimTimeout}
	limited, cancel := context.WithTimeoutCause(ctx, d.claimTimeout, errLimit)
	defer cancel()
	file, err := d.awaitLock(limited, key, wait, isWritten)
	if err != nil && limited.Err() != nil {
		if errors.Is(context.Cause(limited), errLimit) {
			return nil, errLimit
		}
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, ctx.Err())
	}
	if errors.Is(err, ErrOvertaken) {
		d.log(ctx, "another run has written the cache entry; stopped waiting for its lock", map[string]any{"lock_file": path})
	}
	if err != nil {
		return nil, err
	}
	d.log(ctx, "obtained the lock of a cache entry",
		map[string]any{"lock_file": path, "waited": d.now().Sub(since).String()})
	return file, nil
}

// awaitLock waits for the lock until ctx is done. If the entry is written in the meantime, it returns [ErrOvertaken] as soon
// as the lock is released.
func (d *Directory) awaitLock(ctx context.Context, key Key, wait Wait, isWritten func() bool) (*flock.Flock, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lock := (*flock.Flock).Lock
	if wait == UntilWritten { // the kernel wakes all of these at once, the others one at a time
		lock = (*flock.Flock).RLock
	}
	next := d.lockWhenFree(ctx, key, lock)
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for {
		var file *flock.Flock
		var err error
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case locked := <-next:
			if isWritten() {
				return nil, errors.Join(ErrOvertaken, locked.Unlock())
			}
			if locked.RLocked() {
				err = locked.Unlock()
			} else {
				file, err = ifCurrent(locked)
			}
			if file == nil && err == nil {
				next = d.lockWhenFree(ctx, key, (*flock.Flock).Lock)
			}
		case <-ticker.C:
			file, err = d.tryLockFile(key)
		}
		if file != nil || err != nil {
			return file, err
		}
	}
}

// lockWhenFree calls lock, which waits in the kernel. The channel receives the locked file. After ctx has ended, the file
// is unlocked again as soon as it is locked. Until then a thread waits, because nothing interrupts the system call. If the
// call fails, nothing is received, and the next attempt of [Directory.awaitLock] reports why.
func (d *Directory) lockWhenFree(ctx context.Context, key Key, lock func(*flock.Flock) error) <-chan *flock.Flock {
	next := make(chan *flock.Flock)
	go func() {
		file := flock.New(d.lockPath(key))
		if lock(file) != nil {
			return
		}
		select {
		case next <- file:
		case <-ctx.Done():
			_ = file.Unlock() // closing it, which this does as well, is enough
		}
	}()
	return next
}

const (
	defaultClaimTimeout = 5 * time.Minute
	// lockPoll is the pause between additional attempts, because some network file systems do not wake a waiting process
	// for seconds.
	lockPoll = 100 * time.Millisecond
)

// tryLockFile locks the lock file if no other process has locked it, and returns nil if one has.
func (d *Directory) tryLockFile(key Key) (*flock.Flock, error) {
	file := flock.New(d.lockPath(key)) // created 0600
	locked, err := file.TryLock()
	if err != nil {
		return nil, d.unusable(err, "a lock file in it cannot be locked",
			"make the directory writable, or set token_cache to one that does not exist yet")
	}
	if !locked {
		return nil, nil
	}
	return ifCurrent(file)
}

// ifCurrent returns a locked file, or releases it and returns nil if pruning has removed it between opening and locking.
// Then the lock is worthless, because the next process creates a new file and locks that. The next try here does so too.
func ifCurrent(file *flock.Flock) (*flock.Flock, error) {
	same, err := isStillAt(file, file.Path())
	if err != nil || !same {
		return nil, errors.Join(err, file.Unlock())
	}
	return file, nil
}

// examine returns the file information of key's entry, or nil if there is none.
func (d *Directory) examine(key Key) fs.FileInfo {
	info, err := os.Lstat(d.Locate(entryName(key)))
	if err != nil {
		return nil
	}
	return info
}

// isSameFile reports whether before and now describe the same file. Each write creates a new one.
func isSameFile(before, now fs.FileInfo) bool {
	if before == nil || now == nil {
		return before == nil && now == nil
	}
	return os.SameFile(before, now) && before.ModTime().Equal(now.ModTime())
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

func unlocker(file *flock.Flock) func() error {
	return sync.OnceValue(func() error {
		if err := file.Unlock(); err != nil {
			return fmt.Errorf("releasing the lock %s: %w", file.Path(), err)
		}
		return nil
	})
}

func (d *Directory) lockPath(key Key) string { return filepath.Join(d.path, key.String()+lockSuffix) }

const lockSuffix = ".lock"

// ClaimTimeoutError says that another process held a claim for longer than the limit. It is not a context error.
type ClaimTimeoutError struct {
	Path  string // the lock file, or the object
	Limit time.Duration
}

// Error implements the error interface.
func (e *ClaimTimeoutError) Error() string {
	return fmt.Sprintf("another run held the claim %s for longer than %s", e.Path, e.Limit)
}

// directoryClaim is an entry whose lock this process holds.
type directoryClaim struct {
	directory *Directory
	name      string
	unlock    func() error
}

func (h directoryClaim) Read(ctx context.Context) ([]byte, error) {
	return h.directory.Read(ctx, h.name)
}

func (h directoryClaim) Write(_ context.Context, contents []byte, durable bool) error {
	return h.directory.write(h.name, contents, durable)
}

func (h directoryClaim) WriteIntent(_ context.Context, contents []byte) error {
	return h.directory.writeIntent(h.name, contents)
}

func (h directoryClaim) End() error { return h.unlock() }

func (h directoryClaim) IsExclusive() bool { return true }

func (h directoryClaim) Expired() bool { return false }
