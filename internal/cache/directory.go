package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Directory keeps each entry in its own file, in a directory that only this user can enter.
//
// Each use first checks that the directory is private. Other users cannot put files or links into it, so a file that
// was examined by name is still the same when it is opened by name.
type Directory struct {
	path         string
	pathError    error // why path is not known; reported on first use
	claimTimeout time.Duration
	now          func() time.Time
	sync         func(*os.File) error
	log          func(ctx context.Context, message string, fields ...map[string]any)
}

// Options change how a storage works. The zero value is ready to use.
type Options struct {
	ClaimTimeout time.Duration    // how long to wait for a claim; 5 minutes if zero
	ClaimLife    time.Duration    // how long a claim lasts in object storage; half of ClaimTimeout if zero
	Now          func() time.Time // the clock of a [Directory]; time.Now if nil
	// Sync makes what a [Directory] has written survive a power cut; (*os.File).Sync if nil.
	Sync func(*os.File) error
	// Log receives waits and harmless failures. Nothing is logged if it is nil. It has the type of tflog.Info.
	Log func(ctx context.Context, message string, fields ...map[string]any)
}

// NewDirectory returns the storage in the directory path. It does not access the disk. The first claim creates the
// directory, readable only by this user, if there is none.
func NewDirectory(path string, options Options) *Directory {
	directory := &Directory{path: path, claimTimeout: options.ClaimTimeout, now: options.Now, sync: options.Sync, log: options.Log}
	if directory.claimTimeout == 0 {
		directory.claimTimeout = defaultClaimTimeout
	}
	if directory.now == nil {
		directory.now = time.Now
	}
	if directory.sync == nil {
		directory.sync = (*os.File).Sync
	}
	if directory.log == nil {
		directory.log = func(context.Context, string, ...map[string]any) {}
	}
	return directory
}

// Persistent implements [Storage].
func (d *Directory) Persistent() bool { return true }

// Locate implements [Storage]. It returns the path of the entry's file.
func (d *Directory) Locate(name string) string { return filepath.Join(d.path, name) }

// Read implements [Storage].
func (d *Directory) Read(ctx context.Context, name string) ([]byte, error) {
	if err := d.check(); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	} else if err != nil {
		return nil, err
	}
	path := d.Locate(name)
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, d.unusable(err, "it cannot be searched for an entry", makeUsable)
	}
	if !info.Mode().IsRegular() {
		return nil, &UnreadableError{path, "it is not a regular file, so it is neither followed nor overwritten; remove it"}
	}
	contents, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) { // pruned in the meantime
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, d.unusable(err, "an entry in it cannot be read", makeUsable)
	}
	if len(contents) > maxEntrySize {
		return nil, &UnreadableError{path, "it is too large for an entry"}
	}
	if d.now().Sub(info.ModTime()) > markAfter {
		if err := d.stamp(path); err != nil {
			d.log(ctx, "cannot mark a cache entry as used; it may be pruned too early", map[string]any{"error": err.Error()})
		}
	}
	return contents, nil
}

// readFile returns the contents of a file, up to one byte more than the size limit of an entry.
func readFile(path string) (contents []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, maxEntrySize+1))
}

// markAfter is how old a file's time of last use may be before reading the file renews it.
const markAfter = 24 * time.Hour

// write recreates the directory if it was removed after the claim was made, because the new contents must not be lost.
func (d *Directory) write(name string, contents []byte, durable bool) error {
	path, err := d.writablePath(name)
	if err != nil {
		return err
	}
	if err := d.replace(path, path+pendingSuffix, contents, durable); err != nil {
		return fmt.Errorf("writing the cache entry %s: %w", path, err)
	}
	return nil
}

// writablePath returns the path of an entry, in a directory that exists and is private, provided that nothing but a
// regular file is there.
func (d *Directory) writablePath(name string) (string, error) {
	path := d.Locate(name)
	if err := d.prepare(); err != nil {
		return "", err
	}
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("the cache entry %s cannot be written: its path is not a regular file (%s); "+
			"remove it", path, info.Mode())
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", d.unusable(err, "it cannot be searched for an entry", makeUsable)
	}
	return path, nil
}

// makeWritable returns what to do after writing has failed with err.
func makeWritable(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return makeUsable
	}
	return "free some space, and " + makeUsable
}

// makeUsable is what to do if this user lacks permission to read or write.
const makeUsable = "make the directory and everything in it readable and writable for you, or set token_cache to a directory that does not exist yet"

func (d *Directory) remove(name string) error {
	if err := removeIfThere(d.Locate(name)); err != nil {
		return fmt.Errorf("removing a cache entry: %w", err)
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
