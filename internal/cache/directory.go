package cache

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Directory keeps each entry in a file of its own, in a directory that only this user can enter.
//
// That the directory is private is checked before every use. Nobody else can put files or links into it, so what
// is examined by name stays what it is until it is opened by name.
type Directory struct {
	path        string
	pathError   error // why there is no path; reported at the first use
	lockTimeout time.Duration
	now         func() time.Time
	log         func(ctx context.Context, message string, fields ...map[string]any)
	locks       keyedLocks
}

// DirectoryOptions change how a [Directory] works. The zero value is fine.
type DirectoryOptions struct {
	LockTimeout time.Duration    // how long to wait for a lock; 5 minutes if zero
	Now         func() time.Time // the clock; time.Now if nil
	// Log hears of waiting and of what went wrong without harm; nobody does if nil. It has the type of tflog.Info.
	Log func(ctx context.Context, message string, fields ...map[string]any)
}

// OpenDirectory returns the storage in the directory path, which is created, readable for this user only, if
// there is none. The error is a [*LocationError] if the directory cannot be made, or is not this user's alone.
func OpenDirectory(path string, options DirectoryOptions) (*Directory, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the directory %s: %w", path, err)
	}
	directory := newDirectory(absolute, options)
	if err := directory.prepare(); err != nil {
		return nil, err
	}
	return directory, nil
}

func newDirectory(path string, options DirectoryOptions) *Directory {
	directory := &Directory{path: path, lockTimeout: options.LockTimeout, now: options.Now, log: options.Log}
	if directory.lockTimeout == 0 {
		directory.lockTimeout = defaultLockTimeout
	}
	if directory.now == nil {
		directory.now = time.Now
	}
	if directory.log == nil {
		directory.log = func(context.Context, string, ...map[string]any) {}
	}
	return directory
}

// Persistent implements [Storage].
func (d *Directory) Persistent() bool { return true }

// Locate implements [Storage]. It returns the path of the entry's file.
func (d *Directory) Locate(name Name) string { return filepath.Join(d.path, name.String()) }

// Read implements [Storage].
func (d *Directory) Read(ctx context.Context, name Name, whole func(sealed []byte) bool) ([]byte, error) {
	if err := d.check(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	path := d.Locate(name)
	if err := d.completeWrite(path, whole); err != nil {
		return nil, d.unfit(err, "an entry in it whose writing was cut off cannot be completed", makeWritable)
	}
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, d.whyMissing(name)
	}
	if err != nil {
		return nil, d.unfit(err, "it cannot be searched for an entry", makeWritable)
	}
	if !info.Mode().IsRegular() {
		return nil, &UnreadableError{path, "it is not a regular file, and is neither followed nor overwritten; remove it"}
	}
	sealed, err := readFile(path)
	if err != nil {
		return nil, d.unfit(err, "an entry in it cannot be read", makeWritable)
	}
	if len(sealed) > maxEntrySize {
		return nil, &UnreadableError{path, "it is far too large for an entry"}
	}
	d.markUsed(ctx, path, info.ModTime())
	return sealed, nil
}

// readFile returns the contents of a file, up to one byte more than an entry may have.
func readFile(path string) (contents []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, maxEntrySize+1))
}

// whyMissing returns the error for a name under which there is no entry.
func (d *Directory) whyMissing(name Name) error {
	others, err := d.filesOf(name.Key)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other != d.Locate(name)+pendingSuffix { // which is no whole entry, or it would have been completed
			return &UnreadableError{other, sealedWithAnother}
		}
	}
	return ErrNotFound
}

// filesOf returns the paths of key's entries under all seals, and of those that are not in their place yet.
func (d *Directory) filesOf(key Key) ([]string, error) {
	files, err := os.ReadDir(d.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for cache entries: %w", err)
	}
	var paths []string
	for _, file := range files {
		entry := strings.TrimSuffix(file.Name(), pendingSuffix)
		if strings.HasPrefix(entry, key.String()+"-") && strings.HasSuffix(entry, suffix) {
			paths = append(paths, filepath.Join(d.path, file.Name()))
		}
	}
	return paths, nil
}

// markUsed makes the file look new to [Directory.Prune], unless it was written or marked within a day.
func (d *Directory) markUsed(ctx context.Context, path string, modified time.Time) {
	now := d.now()
	if now.Sub(modified) <= 24*time.Hour {
		return
	}
	if err := os.Chtimes(path, now, now); err != nil {
		d.log(ctx, "cannot mark a cache entry as used, it may be pruned too early", map[string]any{"error": err.Error()})
	}
}

// Write implements [Storage]. It does not look at ctx, and creates the directory anew if somebody has removed it
// since the lock was taken: what was just obtained must not be lost.
func (d *Directory) Write(_ context.Context, name Name, sealed []byte) error {
	if err := d.prepare(); err != nil {
		return err
	}
	path := d.Locate(name)
	if err := refuseObstacle(path); err != nil {
		return err
	}
	if err := d.writeFile(path, sealed); err != nil {
		return fmt.Errorf("writing the cache entry %s: %w", path, err)
	}
	return nil
}

// makeWritable is what helps where the files in a directory cannot be used.
const makeWritable = "make room, and make the directory and all in it readable and writable for you, or let token_cache name " +
	"another directory that does not exist yet"

// probeSize is the size of a large entry.
const probeSize = 16 << 10

// ProveWritable implements [Storage]. It writes and removes a file beside the entry. That an entry cannot be
// overwritten because something else is in its place is found out as well.
func (d *Directory) ProveWritable(_ context.Context, key Key) error {
	if err := d.prepare(); err != nil {
		return err
	}
	paths, err := d.filesOf(key)
	if err != nil {
		return err
	}
	for _, path := range paths { // of every seal: which one will be written is not known here
		if err := refuseObstacle(path); err != nil {
			return err
		}
	}
	probe := filepath.Join(d.path, key.String()+".probe")
	contents := make([]byte, probeSize)
	_, _ = rand.Read(contents) // zeros might take no room on the disk
	if err := d.writeFile(probe, contents); err != nil {
		return d.unfit(err, "a test file in it cannot be written", makeWritable)
	}
	if err := os.Remove(probe); err != nil {
		return d.unfit(err, "a test file in it cannot be removed", makeWritable)
	}
	return nil
}

// refuseObstacle returns an error if there is something at path that is no regular file and so is not overwritten.
func refuseObstacle(path string) error {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("the cache entry %s cannot be written: something that is not a regular file is in its "+
			"place (%s); remove it", path, info.Mode())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at what a cache entry replaces: %w", err)
	}
	return nil
}
